"""Carry out a started run to its end: resumed, recorded, watched and saved."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from headstart.core.batches import B

from .loop import train
from .state import Run, Tick
from .watch import drain, record_losses, resume, save_checkpoints

Watch = Callable[[Iterable[Tick], Run[Any]], Iterator[Tick]]


def train_to_end(
    run: Run[B],
    stream: Callable[[int], Iterator[B]],
    checkpoint: Path | None,
    watch: Watch | None,
    every: int,
) -> None:
    """Carry out the steps that are left, with the losses in the run's notes, under "curve".

    Args:
        run: started; one that was interrupted goes on from its checkpoint.
        stream: batches from a step on.
        checkpoint: file that it is saved in; None: none.
        watch: wraps the ticks, for a progress bar.
        every: steps, after which it is saved.
    """
    if checkpoint is not None:
        resume(run, checkpoint)
    ticks = record_losses(train(run, stream), run)
    if watch is not None:
        ticks = watch(ticks, run)
    if checkpoint is None:
        drain(ticks)
        return
    with closing(save_checkpoints(ticks, run, checkpoint, every)) as saved:
        drain(saved)
