"""Batches of two labelled data sets at once."""

from collections.abc import Iterator

from headstart.core import Labelled, TwoTasks

from .stream import Stream


def paired(target: Stream[Labelled], source: Stream[Labelled]) -> Stream[TwoTasks]:
    """The batches of both streams side by side, from the same step on; it ends with the shorter one."""

    def stream(step: int) -> Iterator[TwoTasks]:
        for mine, theirs in zip(target(step), source(step), strict=False):
            yield TwoTasks(mine, theirs)

    return stream
