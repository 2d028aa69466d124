"""Dynamic batches: jobs of all requests that wait are computed together, in one thread of an engine."""

import asyncio
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from headstart.server.served import Engine, Job, Outcome

Waiting = tuple[Job, "asyncio.Future[Outcome]"]


class Batches:
    """The queue of one engine.

    While a batch is computed the next one gathers. A batch that could begin waits for items that are being
    prepared, so long as `wait` says; where none are, as of one request at a time, it begins at once.

    Args:
        engine: that computes; it is called in a thread of its own.
        most: jobs of a batch, >= 1.
        wait: seconds, >= 0.
        note: is told the size of each batch.
    """

    def __init__(self, engine: Engine, most: int, wait: float, note: Callable[[int], None]) -> None:
        self._engine, self._most, self._wait, self._note = engine, most, wait, note
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue()
        self._expected = 0
        self._thread = ThreadPoolExecutor(1, "engine")

    @contextmanager
    def expecting(self, count: int) -> Iterator[Callable[[], None]]:
        """Context in which `count` jobs are being prepared; call what it gives when one has been."""
        left = count
        self._expected += count

        def one_is_ready() -> None:
            nonlocal left
            if left:
                left -= 1
                self._expected -= 1

        try:
            yield one_is_ready
        finally:
            self._expected -= left

    async def answer(self, job: Job) -> Outcome:
        """The outcome of a job, computed together with those of others."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((job, future))
        return await future

    async def run(self) -> None:
        """Compute batch after batch, until cancelled."""
        try:
            while True:
                batch = [pair for pair in await self._gather() if not pair[1].done()]
                if batch:
                    self._note(len(batch))
                    await self._compute(batch)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _gather(self) -> list[Waiting]:
        """The next batch."""
        batch = [await self._queue.get()]
        until = asyncio.get_running_loop().time() + self._wait
        while len(batch) < self._most and (self._expected or not self._queue.empty()):
            try:
                async with asyncio.timeout_at(until):
                    batch.append(self._queue.get_nowait() if self._queue.qsize() else await self._queue.get())
            except TimeoutError:
                break
        return batch

    async def _compute(self, batch: Sequence[Waiting]) -> None:
        """Give each job its outcome; where the batch fails, each job alone has its own error."""
        try:
            outcomes = await self._call([job for job, _ in batch])
        except Exception as error:
            if len(batch) > 1:
                for pair in batch:
                    await self._compute([pair])
                return
            traceback.print_exc(file=sys.stderr)
            if not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():  # its request may have been given up meanwhile
                future.set_result(outcome)

    async def _call(self, jobs: list[Job]) -> list[Outcome]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.answer, jobs)
