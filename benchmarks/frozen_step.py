"""A step of adaptation methods where all but the last block is frozen, on what it gives, computed once.

The built-in network for pictures at 64 px, 32 rows of each domain a step; forward, backward and the
optimiser, all moves of the method. What is frozen is recorded before, as the cache does.
`python -m benchmarks.frozen_step`
"""

from collections.abc import Callable

import torch

from benchmarks.paired import interleaved, print_table
from headstart.core import Domains, Labelled, Task, make
from headstart.models import backbone
from headstart.run.frozen import find
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe

ROWS, SIZE, CLASSES, STEPS, ROUNDS = 32, 64, 10, 5, 5
METHODS = ("mcc", "deep-coral", "dann", "self-training")


def stepping(name: str) -> Callable[[], object]:
    """Some steps of one method."""
    g = torch.Generator().manual_seed(0)
    source, target = torch.randn(2, ROWS, 3, SIZE, SIZE, generator=g)
    batch = Domains(Labelled(source, torch.arange(ROWS) % CLASSES), target)
    task = Task(CLASSES, (3, SIZE, SIZE), ROWS)
    run = start(make(f"{name}:last=1"), backbone("efficientnet_lite0"), task, Recipe(steps=10**6))
    replay = find(run, batch).replay
    if replay is not None:
        batch = batch.changed(lambda x: replay.record(run.parts, x))

    def steps() -> None:
        ticks = train(run, lambda _step: iter([batch] * STEPS))
        if replay is None:
            list(ticks)
            return
        with replay.on(run.parts):
            list(ticks)

    return steps


def main() -> None:
    """Print the table."""
    found = interleaved({name: stepping(name) for name in METHODS}, ROUNDS)
    print_table(f"{STEPS} steps, {ROWS} + {ROWS} rows of {SIZE} px", found)


if __name__ == "__main__":
    main()
