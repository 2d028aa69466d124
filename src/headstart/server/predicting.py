"""From a request to predictions: items are prepared by a few threads, computed in batches, told as JSON."""

import asyncio
import math
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from headstart.core.errors import HeadstartError
from headstart.server.batches import Batches
from headstart.server.counts import Counts
from headstart.server.reading import Item
from headstart.server.refusal import Refused
from headstart.server.served import Engine, Floats, Job, Outcome, Served

RETRY = "1"  # seconds after which a refused request may be tried again


class Nearest(Protocol):
    """Training examples of a model; see `neighbours.Neighbours`."""

    def nearest(self, features: Floats, count: int) -> list[dict[str, Any]]:
        """The nearest ones, as JSON values."""
        ...


@dataclass(frozen=True, kw_only=True)
class Queueing:
    """How much is computed at once, and how much waits.

    Attributes:
        batch: items that are computed together, >= 1.
        wait: seconds that a batch waits for items that are being prepared, >= 0.
        queue: items that wait or are computed, of all requests; more are refused with 503, >= 1.
        threads: that prepare items, >= 1.
    """

    batch: int = 32
    wait: float = 0.005
    queue: int = 512
    threads: int = 2


class Predicting:
    """Answers items by models, in the event loop that runs `running`.

    Attributes:
        waiting: items that wait or are computed.
    """

    def __init__(
        self,
        models: Sequence[Served],
        queueing: Queueing,
        counts: Counts,
        neighbours: Mapping[str, Nearest] | None = None,
    ) -> None:
        """Of models, by engine."""
        self._models = {model.name: model for model in models}
        self._queueing, self._counts, self._neighbours = queueing, counts, neighbours or {}
        self._batches: dict[Engine, Batches] = {}
        self._pool: ThreadPoolExecutor | None = None
        self.waiting = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Context in which items are answered."""
        self._pool = ThreadPoolExecutor(self._queueing.threads, "prepare")
        engines = dict.fromkeys(model.engine for model in self._models.values())
        self._batches = {
            engine: Batches(engine, self._queueing.batch, self._queueing.wait, self._counts.batches.add)
            for engine in engines
        }
        tasks = [asyncio.create_task(batches.run()) for batches in self._batches.values()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def predict(
        self, items: Sequence[Item], names: Sequence[str], neighbours: int = 0
    ) -> dict[str, list[dict[str, Any]]]:
        """The predictions of each model for each item; what can't be read has an "error" in its place.

        Models that prepare items alike on one backbone share the preparation and the forward of each item.

        Args:
            items: of a kind that the models take.
            names: of the models.
            neighbours: nearest training examples of each item.

        Raises:
            Refused: 503 if too many items wait already.
        """
        groups = self._groups(names)
        count = len(items) * len(groups)
        if self.waiting + count > self._queueing.queue:
            raise Refused(
                503,
                f"{self.waiting} items wait and {count} more are over the limit of {self._queueing.queue}. "
                "Try again later, or with fewer items.",
                {"Retry-After": RETRY},
            )
        self.waiting += count
        try:
            found = await asyncio.gather(*(self._by_group(items, group, neighbours) for group in groups))
        finally:
            self.waiting -= count
        return {name: rows for one in found for name, rows in one.items()}

    def _groups(self, names: Sequence[str]) -> list[list[Served]]:
        """Models that share an engine and prepare items alike."""
        groups: list[list[Served]] = []
        for name in names:
            model = self._models[name]
            alike = (one for one in groups if one[0].engine is model.engine and one[0].reads == model.reads)
            group = next(alike, None)
            if group is None:
                groups.append([model])
            else:
                group.append(model)
        return groups

    async def _by_group(
        self, items: Sequence[Item], group: Sequence[Served], neighbours: int
    ) -> dict[str, list[dict[str, Any]]]:
        with self._batches[group[0].engine].expecting(len(items)) as ready:
            rows = await asyncio.gather(*(self._one(item, group, neighbours, ready) for item in items))
        return {model.name: [row[model.name] for row in rows] for model in group}

    async def _one(
        self, item: Item, group: Sequence[Served], neighbours: int, ready: Callable[[], None]
    ) -> dict[str, dict[str, Any]]:
        """The prediction of one item by each model of a group."""
        loop, first = asyncio.get_running_loop(), group[0]
        try:
            x, said = await loop.run_in_executor(self._pool, first.prepare, item.value)
        except Exception as error:
            for model in group:
                self._counts.item(model.name, answered=False)
            return {model.name: {"item": item.name, "error": _why(error)} for model in group}
        finally:
            ready()
        wanted = bool(neighbours) and any(model.name in self._neighbours for model in group)
        job = Job(x, tuple(model.name for model in group), wanted)
        outcome = await self._batches[first.engine].answer(job)
        told = partial(self._told, outcome, item, said, neighbours)
        return {model.name: told(model) for model in group}

    def _told(
        self, outcome: Outcome, item: Item, said: Sequence[str], neighbours: int, model: Served
    ) -> dict[str, Any]:
        outputs = outcome.outputs[model.name]
        if not all(map(math.isfinite, outputs.tolist())):
            self._counts.item(model.name, answered=False)
            return {
                "item": item.name,
                "error": "The model's answer is not a number. Look at the item's values.",
            }
        self._counts.item(model.name, answered=True)
        told = {"item": item.name, **model.predicted(outputs)}
        if said:
            told["notes"] = list(said)
        if model.name in self._neighbours and model.name in outcome.features:
            told["neighbours"] = self._neighbours[model.name].nearest(
                outcome.features[model.name], neighbours
            )
        return told


def _why(error: Exception) -> str:
    """Why an item was not read; of a mistake of ours no details."""
    if isinstance(error, HeadstartError):
        return str(error)
    traceback.print_exception(error, file=sys.stderr)
    return "The item can't be read."
