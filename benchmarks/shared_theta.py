"""What a shared theta is worth, and how much of it learners get: linear tasks whose best answers are known.

    OMP_NUM_THREADS=1 python -m benchmarks.shared_theta [--tasks 1000] [--seed 0]

Four weights of each task are from N(theta, 0.5^2 I). All rows of the table are the mean squared error on the
same new tasks, noise of variance 0.25 included, by rows to learn from. The first three do not learn from
other tasks, or know theta; the learners are meta-trained with 1 to 10 rows a task, with one recipe.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

import headstart as hs
from headstart.core import Episodes, Labelled

SHOTS = (1, 2, 4, 10)
FAMILY = hs.tasks.HierarchicalGaussians(theta=(3.0, -3.0, 1.0, 0.0), shots=(1, 10), tasks=32)
RECIPE = hs.Recipe(steps=1000, lr=1e-2, weight_decay=0.0, schedule="cosine")
LEARNERS: dict[str, tuple[str, nn.Module | None]] = {
    "MAML of a linear model": ("maml:steps=5,inner_lr=0.05", nn.Flatten()),
    "MAML of a perceptron": ("maml:steps=5", None),
    "neural process": ("neural-process", None),
    "in-context transformer": ("in-context-transformer", None),
}


def first(drawn: Episodes, shots: int) -> Episodes:
    """The same tasks with the first rows of their support."""
    return Episodes(Labelled(drawn.support.x[:, :shots], drawn.support.y[:, :shots]), drawn.query)


def row(name: str, seconds: float | None, predict: Callable[[Episodes], Tensor], drawn: Episodes) -> None:
    """Print the errors of one way to predict."""
    some = [first(drawn, shots) for shots in SHOTS]
    errors = [f"{(predict(one) - one.query.y).square().mean():.2f}" for one in some]
    said = "" if seconds is None else f"{seconds:.0f}"
    print(f"| {name} | {said} | {' | '.join(errors)} |", flush=True)


def least_squares(tasks: Episodes) -> Tensor:
    """The smallest weights that fit a task's support best, from no other task."""
    fitted = torch.linalg.lstsq(tasks.support.x.double(), tasks.support.y.double(), driver="gelsd").solution
    answers: Tensor = tasks.query.x.double() @ fitted
    return answers.float()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=1000, help="to test on")
    parser.add_argument("--seed", type=int, default=0, help="of the tasks and of the networks")
    options = parser.parse_args()
    family = replace(FAMILY, seed=options.seed)
    test = replace(FAMILY, shots=max(SHOTS), queries=100, tasks=options.tasks, seed=10_000 + options.seed)
    drawn = test.draw(0)
    print("| predicted by | seconds | " + " | ".join(f"{shots} shots" for shots in SHOTS) + " |")
    print("|---|---|" + "---|" * len(SHOTS))
    row("least squares of each task", None, least_squares, drawn)
    row("the best without theta", None, lambda tasks: test.best_answers(tasks, test.theta_prior), drawn)
    for name, (spec, encoder) in LEARNERS.items():
        begun = time.process_time()
        trained = hs.meta_train(spec, family, encoder, replace(RECIPE, seed=options.seed))

        def predict(tasks: Episodes, trained: hs.TrainedLearner = trained) -> Tensor:
            return trained.predict(trained.adapt(tasks.support.x, tasks.support.y), tasks.query.x)

        row(name, time.process_time() - begun, predict, drawn)
    row("the best with theta", None, test.best_answers, drawn)
    values = [f"{test.value_of_theta(shots=shots).known:.2f}" for shots in SHOTS]
    print(f"| expected of the best with theta | | {' | '.join(values)} |")


if __name__ == "__main__":
    main()
