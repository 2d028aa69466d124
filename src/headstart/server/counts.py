"""Counts of what a server does, in the text format of Prometheus."""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0
SIZES = 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0
TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[tuple[str, str], ...]


class Histogram:
    """Numbers counted in buckets.

    Args:
        name: of the metric.
        meaning: as a sentence.
        bounds: upper ends of the buckets, rising.
    """

    def __init__(self, name: str, meaning: str, bounds: Sequence[float]) -> None:
        self.name, self.meaning, self.bounds = name, meaning, bounds
        self._buckets: dict[Labels, list[int]] = {}
        self._sums: Counter[Labels] = Counter()

    def add(self, value: float, labels: Labels = ()) -> None:
        """Count a number."""
        buckets = self._buckets.setdefault(labels, [0] * (len(self.bounds) + 1))
        buckets[bisect_left(self.bounds, value)] += 1
        self._sums[labels] += value  # type: ignore[assignment]

    def lines(self) -> Iterator[str]:
        """In the text format."""
        yield from _head(self.name, self.meaning, "histogram")
        for labels, buckets in self._buckets.items():
            total = 0
            for bound, count in zip((*(f"{one:g}" for one in self.bounds), "+Inf"), buckets, strict=True):
                total += count
                yield f"{self.name}_bucket{_written((*labels, ('le', bound)))} {total}"
            yield f"{self.name}_sum{_written(labels)} {self._sums[labels]:.6f}"
            yield f"{self.name}_count{_written(labels)} {total}"


class Counts:
    """What a server counts.

    Attributes:
        batches: sizes of batches.
        items: items by model and by whether they were answered.
    """

    def __init__(self, gauges: Mapping[str, tuple[str, Callable[[], float]]] | None = None) -> None:
        """Count from 0.

        Args:
            gauges: what is measured when it is asked for: its meaning and a function, by name.
        """
        self._requests: Counter[Labels] = Counter()
        self._seconds = Histogram("headstart_request_seconds", "Time from request to answer.", SECONDS)
        self.batches = Histogram("headstart_batch_items", "Items that were computed together.", SIZES)
        self.items: Counter[Labels] = Counter()
        self.gauges = dict(gauges or {})

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests[("route", route), ("status", str(status))] += 1
        self._seconds.add(seconds, (("route", route),))

    def item(self, model: str, *, answered: bool) -> None:
        """Count an item."""
        self.items[("model", model), ("answered", str(answered).lower())] += 1

    def text(self) -> str:
        """All counts in the text format."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield from _counter("headstart_requests_total", "Requests.", self._requests)
        yield from self._seconds.lines()
        yield from _counter("headstart_items_total", "Items, answered or not read.", self.items)
        yield from self.batches.lines()
        for name, (meaning, value) in self.gauges.items():
            yield from _head(name, meaning, "gauge")
            yield f"{name} {value():g}"


class Counting:
    """Middleware that counts requests by route and status; unknown addresses count as one route."""

    def __init__(self, app: ASGIApp, counts: Counts, routes: frozenset[str]) -> None:
        self.app, self.counts, self.routes = app, counts, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on and count."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:  # of a client that went away nothing was sent: 499, as other servers count it
            self.counts.request(self._route(scope["path"]), status or 499, time.perf_counter() - start)

    def _route(self, path: str) -> str:
        if path in self.routes:
            return path
        start = path.rpartition("/")[0]
        return f"{start}/{{name}}" if f"{start}/{{name}}" in self.routes else "other"


def _counter(name: str, meaning: str, counts: Mapping[Labels, int]) -> Iterator[str]:
    yield from _head(name, meaning, "counter")
    for labels, count in counts.items():
        yield f"{name}{_written(labels)} {count}"


def _head(name: str, meaning: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"


def _written(labels: Labels) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
