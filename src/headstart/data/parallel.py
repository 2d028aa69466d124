"""Parallel map in threads: Pillow and file reading release the GIL."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")


def processors() -> int:
    """Number of processors available to this process, >= 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parallel_map(
    function: Callable[[A], R],
    things: Iterable[A],
    threads: int = 0,
    done: Callable[[int], None] = lambda _more: None,
) -> list[R]:
    """[function(thing) for thing in things], in order.

    The first exception is raised and pending calls are cancelled, also at Ctrl-C.
    No thread outlives the call.

    Args:
        function: safe to call from several threads.
        things: its arguments.
        threads: 0: one per processor.
        done: is told, from the calling thread, that one more of the results is there.
    """
    things = list(things)
    workers = min(threads or processors(), len(things))
    results: list[R] = []
    with ThreadPoolExecutor(workers, "headstart-data") if workers > 1 else nullcontext() as pool:
        for result in map(function, things) if pool is None else pool.map(function, things):
            results.append(result)
            done(1)
    return results
