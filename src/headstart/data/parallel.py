"""Parallel map in threads: Pillow and file reading release the GIL."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")


def processors() -> int:
    """Number of processors available to this process, >= 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parallel_map(function: Callable[[A], R], things: Iterable[A], threads: int = 0) -> list[R]:
    """[function(thing) for thing in things], in order.

    The first exception is raised and pending calls are cancelled, also at Ctrl-C.
    No thread outlives the call.

    Args:
        function: safe to call from several threads.
        things: its arguments.
        threads: 0: one per processor.
    """
    things = list(things)
    workers = min(threads or processors(), len(things))
    if workers < 2:
        return [function(thing) for thing in things]
    with ThreadPoolExecutor(workers, "headstart-data") as pool:
        return list(pool.map(function, things))
