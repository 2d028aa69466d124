"""Processes that measure claims at once, one thread each: the networks are too small for more."""

import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self

import torch

from headstart.claims import Lab, find_claim
from headstart.core import Diverged, HeadstartError, MissingPackage
from headstart.face import at_command_line, spell

MISSING, FAILED = "missing", "failed"  # keys of a message in the place of numbers


class Workers:
    """Measures claims ahead in other processes; with one job, in this one when asked."""

    def __init__(self, lab: Lab, tasks: Sequence[tuple[str, int]], jobs: int | None) -> None:
        """Begin with all tasks (claim, seed) in their order."""
        self.lab = lab
        cores = (
            (os.cpu_count() or 1) if at_command_line() else 1
        )  # a script would be run again by each process
        count = min(jobs or cores, len(tasks))
        self._futures: dict[tuple[str, int], Future[dict[str, Any]]] = {}
        self._pool: ProcessPoolExecutor | None = None
        if count > 1:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(count, context, initializer=_ready)
            self._futures = {task: self._pool.submit(measure, lab, *task) for task in tasks}

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes; what they are at is lost, what is done is kept by the study."""
        if self._pool is None:
            return
        running = [*getattr(self._pool, "_processes", {}).values()]
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in running if error is not None else ():
            process.terminate()

    def measured(self, name: str, seed: int) -> dict[str, Any]:
        """What was measured: {"numbers", "seconds"}, or {"missing": which package, in a sentence}.

        Raises:
            Diverged: a training has no value.
            HeadstartError: it can't be measured.
        """
        future = self._futures.get((name, seed))
        try:
            found = measure(self.lab, name, seed) if future is None else future.result()
        except BrokenProcessPool as error:
            raise HeadstartError(
                f"A process that measured claims was ended from outside, perhaps as memory was short; "
                f"{spell('resume', True)} goes on, {spell('jobs', 1)} needs the least."
            ) from error
        if FAILED in found:
            raise (Diverged if found["diverged"] else HeadstartError)(f"{name}: {found[FAILED]}")
        return found


def measure(lab: Lab, name: str, seed: int) -> dict[str, Any]:
    """Measure a claim for a seed; each computes the same whatever ran before in its process."""
    begun, threads = time.process_time(), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        numbers = find_claim(name).measure(lab, seed)
    except MissingPackage as error:
        return {MISSING: str(error)}
    except HeadstartError as error:  # most can't be sent to another process
        return {FAILED: str(error), "diverged": isinstance(error, Diverged)}
    finally:
        torch.set_num_threads(threads)
    return {"numbers": numbers, "seconds": time.process_time() - begun}


def _ready() -> None:
    """Leave Ctrl-C to the process that began this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
