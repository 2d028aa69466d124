"""Characters of fonts that no learner has seen: accuracy of each on tasks of five of them.

    OMP_NUM_THREADS=1 python -m benchmarks.glyph_episodes FOLDER [--learner NAME ...] [--tasks 600] [--seed 0]

FOLDER holds TrueType fonts, at any depth, such as those of Debian's package fonts-aenigma. Of 62 characters,
34 are learned from and 20 tested with, drawn in the same fonts; 8 are left to choose settings by
(`--validate` tests with these). A picture has 28 x 28 pixels, and the encoder of all is the built-in conv4.
All are tested on the same tasks, of 5 characters with 5 queries each; differences are paired, to the best of
the transfer baselines. Seconds are those of the processor.
"""

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import headstart as hs
from headstart.learners import LearnerComparison, TrainedLearner
from headstart.tasks import FewShot, split_classes

SHOTS = (1, 5)


@dataclass(frozen=True)
class Contestant:
    """A learner and how it is trained.

    Attributes:
        learner: its spec.
        steps: of training.
        lr: of training.
        ways: of training tasks.
        tasks: of a step.
    """

    learner: str
    steps: int
    lr: float = 2e-3
    ways: int = 5
    tasks: int = 4


LEARNERS = {
    "nearest centroid, untrained": Contestant("nearest-centroid:normalise=none", 0),
    "pre-training and a probe": Contestant("pretrain-probe", 500),
    "pre-training and fine-tuning": Contestant("pretrain-fine-tune", 500),
    "matching network": Contestant("matching-net:scale=10", 500),
    "relation network": Contestant("relation-net", 500),
    "ProtoNet": Contestant("protonet", 700, ways=20, tasks=1),
    "MAML": Contestant("maml", 400, lr=3e-3),
}
TRANSFER = ("pre-training and a probe", "pre-training and fine-tuning")


def train(one: Contestant, tasks: FewShot, known: Iterable[TrainedLearner]) -> TrainedLearner:
    """Train one, or take over the network that another transfer baseline has learned in the same way."""
    recipe = hs.Recipe(steps=max(1, one.steps), lr=one.lr, weight_decay=0.0, seed=tasks.seed)
    for other in known:
        if one.learner.startswith("pretrain-") and other.learner.pooled:
            return replace(other, learner=hs.learners.make_learner(one.learner))
    return hs.meta_train(one.learner, replace(tasks, ways=one.ways, tasks=one.tasks), recipe=recipe)


def table(found: dict[int, LearnerComparison], seconds: dict[str, float]) -> None:
    """Print accuracies with intervals, and differences."""
    print(f"| learner | seconds | {' | '.join(f'{shots}-shot' for shots in found)} |")
    print("|---|---|" + "---|" * len(found))
    for place, name in enumerate(seconds):
        each = [one.scores[place] for one in found.values()]
        cells = " | ".join(f"{one.mean:.3f} ({one.low:.3f} to {one.high:.3f})" for one in each)
        print(f"| {name} | {seconds[name]:.0f} | {cells} |")
    for shots, one in found.items():
        print(f"{shots}-shot")
        for difference in one.differences:
            print(f"  {difference}")


def main() -> None:
    """Train and test those that are named, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--learner", action="append", choices=list(LEARNERS), help="default: all")
    parser.add_argument("--tasks", type=int, default=600, help="to test on")
    parser.add_argument("--seed", type=int, default=0, help="of the characters, tasks and networks")
    parser.add_argument("--validate", action="store_true", help="test with the characters to choose by")
    options = parser.parse_args()
    split = split_classes(hs.data.glyphs(options.folder), train=34, validation=8, test=20, seed=options.seed)
    tasks = FewShot(split.train, ways=5, shots=1, queries=5, seed=options.seed)
    trained: dict[str, TrainedLearner] = {}
    seconds: dict[str, float] = {}
    for name in options.learner or LEARNERS:
        begun = time.process_time()
        trained[name] = train(LEARNERS[name], tasks, tuple(trained.values()))
        seconds[name] = time.process_time() - begun
        print(f"trained: {name}, {seconds[name]:.0f} s", flush=True)
    found = {}
    for shots in SHOTS:
        new = FewShot(split.validation if options.validate else split.test, shots=shots, queries=5)
        new = replace(new, seed=options.seed)
        first = hs.compare_learners(trained, new, options.tasks)
        transfer = [one for one in first.scores if one.learner in TRANSFER]
        best = max(transfer or first.scores, key=lambda one: one.mean).learner
        found[shots] = first.against(best)
    table(found, seconds)


if __name__ == "__main__":
    main()
