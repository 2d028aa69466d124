"""Watchers: generators that take ticks and yield them unchanged, so that they can be chained."""

import copy
import json
import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from headstart.core import CannotWrite, Diverged, HeadstartError
from headstart.core.atomic_file import write_atomically
from headstart.run.checkpoint_check import require_same_run

from .checkpoint import load_state, save_state
from .state import Run, Tick

MOST_SAVING = 0.05  # of the time, which checkpoints may take


def log(ticks: Iterable[Tick], path: Path, name: str, run: Run[Any]) -> Iterator[Tick]:
    """Append the loss terms of each tick to a file as a line of JSON; runs of other names may share it.

    On a resumed run, lines of steps that will be repeated are dropped first.

    Raises:
        CannotWrite: no space or no right.
    """
    try:
        yield from _log(ticks, path, name, run)
    except OSError as error:
        if isinstance(error, HeadstartError):
            raise
        raise CannotWrite(f"Can't write {path}: {error.strerror or error}. Free some space.") from error


def _log(ticks: Iterable[Tick], path: Path, name: str, run: Run[Any]) -> Iterator[Tick]:
    _forget_after(path, name, run.step)
    with path.open("a", encoding="utf-8") as file:
        for tick in ticks:
            terms = {key: value.item() for key, value in tick.terms.items()}
            file.write(json.dumps({"run": name, "step": tick.step} | terms) + "\n")
            file.flush()
            yield tick


def record_losses(ticks: Iterable[Tick], run: Run[Any]) -> Iterator[Tick]:
    """Keep the sum of each tick's terms in the run's notes, under "curve": [loss of step 1, ...]."""
    curve: list[float] = run.notes.setdefault("curve", [])
    del curve[run.step :]
    for tick in ticks:
        curve.append(sum(value.item() for value in tick.terms.values()))
        yield tick


def save_checkpoints(
    ticks: Iterable[Tick],
    run: Run[Any],
    path: Path,
    every: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Generator[Tick, None, None]:
    """Save the run after each `every`-th step and when the loop is left between steps, for `resume`.

    Saves are left out while they would take more than a twentieth of the time: a large model on a slow disk.

    Close the generator when leaving it early (`contextlib.closing`), or the run is saved only later.

    Raises:
        CannotWrite: the run can't be saved. If another error closed the generator, that one is raised,
            with a note.
    """
    saved, took = clock(), 0.0
    for tick in ticks:
        if tick.step % every == 0 and (begun := clock()) - saved >= took / MOST_SAVING:
            save_state(run.state_dict(), path)
            saved = clock()
            took = saved - begun
        try:
            yield tick
        except GeneratorExit as left:  # between steps; in the middle of one, nothing is saved
            try:
                save_state(run.state_dict(), path)
            except CannotWrite as failure:
                if left.__context__ is None:
                    raise
                left.__context__.add_note(str(failure))
            raise


def save_last(run: Run[Any], path: Path, error: Diverged) -> None:
    """Save the last good weights; where that fails, say so without hiding the error."""
    try:
        save_state(run.state_dict(), path)
    except CannotWrite as failure:
        raise Diverged(f"{error} {failure}") from error


def resume(run: Run[Any], path: Path) -> bool:
    """Load a saved state if there is one; return whether there was.

    Raises:
        Mismatch: the file is damaged, or was saved from another method or other settings; the run is
            as it was.
    """
    if not path.exists():
        return False
    state = load_state(path)
    require_same_run(state, run, path)
    run.load_state_dict(state)
    return True


def stop_early(
    ticks: Iterable[Tick],
    run: Run[Any],
    score: Callable[[], float],
    every: int,
    patience: int,
) -> Iterator[Tick]:
    """Stop when `score` (higher is better) has not risen for `patience` evaluations; keep the best weights.

    A running average of the weights (`Recipe.ema`) is restored to the same step.

    It evaluates after each `every`-th step. Its state is in the run's notes, so a run that is
    interrupted and resumed stops at the same step. `score` must not see test data.
    """
    new = {"score": -math.inf, "step": 0, "looks": 0, "looked": 0, "parts": {}, "average": {}}
    best = run.notes.setdefault("best", new)

    def look() -> None:
        if run.step % every or run.step <= best["looked"]:
            return
        value = score()
        best.update(looks=best["looks"] + 1, looked=run.step)
        if value > best["score"]:
            best.update(score=value, step=run.step, looks=0, parts=_copied(run.parts.state_dict()))
            best["average"] = _copied(run.average.values) if run.average else {}

    look()  # a run that was saved right before an evaluation has yet to do it
    for tick in ticks if best["looks"] < patience else ():
        look()
        yield tick
        if best["looks"] >= patience:
            break
    if best["parts"]:
        run.parts.load_state_dict(copy.copy(best["parts"]))
        if run.average:
            run.average.load(best["average"])


def drain(ticks: Iterable[Tick]) -> Tick | None:
    """Exhaust the ticks and return the last one."""
    last = deque(ticks, maxlen=1)
    return last[0] if last else None


def _copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in tensors.items()}


def _forget_after(path: Path, name: str, step: int) -> None:
    if not path.exists():
        return
    lines = path.read_text("utf-8").splitlines(keepends=True)
    kept = []
    for line in lines:
        if line.endswith("\n"):  # an incomplete line was being written when the process was killed
            tick = json.loads(line)
            if tick["run"] != name or tick["step"] <= step:
                kept.append(line)
    if kept != lines:
        write_atomically(path, "".join(kept).encode())
