"""Sinusoids of random amplitude and phase: the error of each learner on new ones, by rows to learn from.

    OMP_NUM_THREADS=1 python -m benchmarks.sinusoids [--learner NAME ...] [--tasks 600] [--seed 0]

Each learner is meta-trained alone; the seconds are those of the processor. All are tested on the same tasks,
on 100 points each: the mean over tasks of the mean squared error, with a 95 % interval. Fewer rows are the
first of the ten.
"""

import argparse
import math
import time
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor, nn

import headstart as hs

SHOTS = (1, 2, 5, 10)
TEN = hs.tasks.Sinusoids(shots=10, queries=10, tasks=25)
AVERAGE = hs.Recipe(steps=6000, lr=1e-3, weight_decay=0.0, schedule="constant")  # of all tasks as one
VARIED = hs.tasks.Sinusoids(shots=(1, 10), queries=10, tasks=32)


@dataclass(frozen=True)
class Contestant:
    """A learner and how it is meta-trained.

    Attributes:
        learner: its spec.
        recipe: None: the learner's own.
        tasks: that it learns from.
        encoder: as for `hs.meta_train`.
        variants: settings that the trained learner is tested with, by what they are called.
    """

    learner: str
    recipe: hs.Recipe | None = None
    tasks: hs.tasks.Sinusoids = VARIED
    encoder: nn.Module | str | None = None
    variants: dict[str, dict[str, Any]] = field(default_factory=lambda: {"": {}})


MAMLS = hs.Recipe(steps=3000, lr=1e-2, weight_decay=0.0)
STEPS = {f"{steps} steps": {"steps": steps} for steps in (0, 1, 5, 10)}

LEARNERS = {
    "maml": Contestant("maml", MAMLS, TEN, variants=STEPS),
    "fomaml": Contestant("fomaml", MAMLS, TEN, variants=STEPS),
    "anil": Contestant("anil", MAMLS, TEN, variants=STEPS),
    "reptile": Contestant("reptile", MAMLS, TEN, variants=STEPS),
    "meta-sgd": Contestant("meta-sgd", MAMLS, TEN),
    "meta-sgd:steps=5": Contestant("meta-sgd:steps=5", None, TEN),
    "neural-process": Contestant("neural-process"),
    "recurrent": Contestant("recurrent"),
    "recurrent:cell=lstm": Contestant("recurrent:cell=lstm"),
    "in-context-transformer": Contestant("in-context-transformer"),
    "snail": Contestant("snail"),
    "pretrain-fine-tune": Contestant("pretrain-fine-tune", AVERAGE, TEN, variants=STEPS),
    "pretrain-probe": Contestant("pretrain-probe", AVERAGE, TEN),
}


def errors(trained: hs.TrainedLearner, tasks: hs.tasks.Sinusoids, shots: int) -> Tensor:
    """The mean squared error (t,) on each task, learned from its first rows."""
    drawn = tasks.draw(0)
    state = trained.adapt(drawn.support.x[:, :shots], drawn.support.y[:, :shots])
    return (trained.predict(state, drawn.query.x) - drawn.query.y).square().mean((1, 2))


def shown(values: Tensor) -> str:
    """The mean with a 95 % interval over tasks."""
    return f"{values.mean():.3f} ± {1.96 * values.std() / math.sqrt(len(values)):.3f}"


def main() -> None:
    """Train and test those that are named, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--learner", action="append", choices=list(LEARNERS), help="default: all")
    parser.add_argument("--tasks", type=int, default=600, help="to test on")
    parser.add_argument("--seed", type=int, default=0, help="of the tasks and of the networks")
    options = parser.parse_args()
    test = hs.tasks.Sinusoids(shots=max(SHOTS), queries=100, tasks=options.tasks, seed=10_000 + options.seed)
    print("| learner | seconds | " + " | ".join(f"{shots} rows" for shots in SHOTS) + " |")
    print("|---|---|" + "---|" * len(SHOTS))
    zero = shown(test.draw(0).query.y.square().mean((1, 2)))
    print("| 0 everywhere | | " + " | ".join([zero] * len(SHOTS)) + " |")
    for name in options.learner or LEARNERS:
        one, begun = LEARNERS[name], time.process_time()
        recipe = replace(one.recipe or hs.learners.make_learner(one.learner).recipe(), seed=options.seed)
        trained = hs.meta_train(one.learner, replace(one.tasks, seed=options.seed), one.encoder, recipe)
        seconds = time.process_time() - begun
        for variant, settings in one.variants.items():
            tested = trained.changed(**settings)
            found = " | ".join(shown(errors(tested, test, shots)) for shots in SHOTS)
            print(f"| {' '.join(filter(None, (name, variant)))} | {seconds:.0f} | {found} |", flush=True)


if __name__ == "__main__":
    main()
