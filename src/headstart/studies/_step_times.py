"""How long the steps of a training take, by its first few."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from headstart.run.state import Run, Tick

TIMED = 3  # steps of a training that its speed is measured over; the first warms up
SHARE = 0.1  # of the seconds left, after which no further step is measured


@dataclass
class Stopwatch:
    """What `Session.watch` may be while a short training is carried out for the time of its steps alone."""

    enough: Callable[[list[float]], bool]  # whether the seconds of a stage's steps are known; ends the stage
    show: Callable[[int], None] = lambda _count: None  # told the number of steps of the stage
    stages: list[tuple[Run[Any], list[float]]] = field(default_factory=list)  # seconds of each step

    @classmethod
    def with_left(cls, left: float) -> "Stopwatch":
        """One that ends a stage when its steps have taken a share of the seconds that are left."""
        return cls(lambda times: len(times) > 1 and sum(times[1:]) > SHARE * max(left, 0.0))

    def usual(self) -> Iterator[tuple[Run[Any], float]]:
        """Each stage that descends, with the seconds of a usual step of it."""
        return ((run, usual_step(times)) for run, times in self.stages if run.optimisers and times)

    def watch(self, ticks: Iterable[Tick], run: Run[Any]) -> Iterator[Tick]:
        """The ticks until enough are timed."""
        times: list[float] = []
        self.stages.append((run, times))
        begun = time.perf_counter()
        for tick in ticks:
            now = time.perf_counter()
            times.append(now - begun)
            begun = now
            self.show(len(times))
            yield tick
            if self.enough(times):
                return


def usual_step(times: list[float]) -> float:
    """Seconds of a usual step: the median without the first, which warms up, if it is not the only one."""
    return median(times[1:] or times)
