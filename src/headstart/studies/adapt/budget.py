"""The budget while it is spent: what still fits is decided by the clock, once, and kept in the run folder."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import numpy as np

from headstart.core import Method
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.run.state import Run, Tick
from headstart.run.step_cache import release_memory
from headstart.session.recipes import PARTS, recipe_for
from headstart.session.session import Session
from headstart.studies._step_times import Stopwatch
from headstart.studies._store import OutOfTime, StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.costs import SAFE
from headstart.studies.adapt.fixed_costs import ALWAYS

HALF = 0.5  # share of the budget that solutions, and more than enough epochs and folds, may take
TIMED = 5  # steps that the speed is measured over; the first warms up
STEP = (
    0.0075  # share of the budget that such a step is made for; after one of twice that no other is measured
)
TRAINING = 4.0  # times the time of reading features that training a whole model is thought to take
FEWEST = 4  # rows of such a step
MANY = 4000  # rows from which on a solution is timed on fewer, before it is computed
TENTH = 10  # rows for each of those
WARM = 20  # rows of a fit that imports what a method needs
LATE = 1.1  # times the budget, after which the record says that it was not kept


@dataclass
class Budget:
    """Seconds from the start of the command to the written page.

    What a step will take is estimated anew before it, from the measured time of those before; see `Progress`.
    """

    seconds: float  # inf: nothing is cut
    folder: StudyFolder
    notes: list[str] = field(default_factory=list)  # what was left out, as sentences
    _keep: frozenset[str] | None = None  # steps that the training of now has to leave time for; None: none

    def elapsed(self) -> float:
        """Seconds since the start; those of an interrupted run count by its finished steps."""
        return self.folder.progress.elapsed() + self.folder.steps.carried

    def left(self, keep: Iterable[str] = ()) -> float:
        """Seconds that may be spent if the steps `keep` and those that always come are to follow."""
        return self.seconds - self.elapsed() - self.folder.progress.estimate({*ALWAYS, *keep})

    def short(self, reading: float = 0.0) -> float:
        """Seconds that the least takes in all, if they are more than the budget; else 0.

        Args:
            reading: seconds that reading the training part takes.
        """
        least = self.elapsed() + reading + self.folder.progress.estimate(ALWAYS)
        return least if least > self.seconds else 0.0

    def decide(self, what: str, compute: Any) -> Any:
        """A decision that depends on time: made once and kept, so that a resumed run takes the same."""
        return self.folder.steps.once(f"decide {what}", lambda: {"value": compute()})["value"]

    def fits(self, what: str, steps: Iterable[str], keep: Iterable[str] = (), said: str = "") -> bool:
        """Whether there is time for planned steps; the plan loses them otherwise, and `said` is noted."""
        if math.isinf(self.seconds):
            return True
        planned, progress = list(steps), self.folder.progress
        found: bool = self.decide(what, lambda: bool(progress.estimate(planned) <= self.left(keep)))
        if not found:
            for name in planned:
                progress.forget(name)
            self.note(said)
        return found

    def fits_beside(self, step: str, seconds: float) -> bool:
        """Whether a step that is not planned, and what follows from it, ends beside all that is planned.

        Args:
            step: its name.
            seconds: that they take.
        """
        planned = self.folder.progress.estimate()

        def compute() -> bool:
            return bool(seconds <= SAFE * (self.seconds - self.elapsed()) - planned)  # numpy has its own

        fits: bool = math.isinf(self.seconds) or self.decide(f"beside {step}", compute)
        return fits

    def fits_solution(
        self, step: str, refit: float, first: Callable[[], float], times: int = 1, ahead: Sequence[str] = ()
    ) -> bool:
        """Whether a fold of a solution in one pass ends within half of the budget, and leaves time to fit.

        Args:
            step: its name; siblings that are done tell how long it takes.
            refit: how many times as long fitting all rows takes after it.
            first: seconds that it takes if it has no siblings.
            times: how many folds as long as this one have to end within that half.
            ahead: steps of other methods that have to end within it, too.
        """
        if math.isinf(self.seconds):
            return True
        progress, most = self.folder.progress, HALF * self.seconds

        def compute() -> bool:
            if self.elapsed() > most:
                return False
            likely = progress.by_siblings([step]) or first()
            together = progress.by_siblings(ahead) + times * likely
            return self.elapsed() + together <= most and (1 + refit) * likely <= self.left()

        fits: bool = self.decide(step, compute)
        return fits

    def epochs(self, step: str, most: int, least: int = 2) -> int:
        """The most epochs of a planned training of `most` that there is time for; 0: not even the least."""
        if math.isinf(self.seconds):
            return most
        each = self.folder.progress.estimate([step]) / most
        fitting: int = self.decide(
            step, lambda: max((n for n in range(least, most + 1) if n * each <= self.left()), default=0)
        )
        if not fitting:
            self.folder.progress.forget(step)
        return fitting

    def note(self, said: str) -> None:
        """Put a sentence into the record, once."""
        if said and said not in self.notes:
            self.notes.append(said)

    @contextmanager
    def bounded(self, keep: Iterable[str] = ()) -> Iterator[None]:
        """Inside, a training is stopped when the time for what always comes, and for `keep`, is reached.

        How much that is, is estimated anew as it goes on: a machine that has become slow needs more.
        """
        self._keep = frozenset(keep)
        try:
            yield
        finally:
            self._keep = None

    def watch(self, ticks: Iterable[Tick], run: Run[Any]) -> Iterator[Tick]:
        """Show the progress of a run.

        Raises:
            OutOfTime: inside of `bounded`, its time is over.
        """
        for tick in self.folder.progress.watch(ticks, run):
            yield tick
            if self._keep is not None and self.left(self._keep) < 0:
                raise OutOfTime

    def note_overrun(self) -> None:
        """Say in the record if even what always comes took longer than the budget."""
        late = math.isfinite(self.seconds) and self.decide(
            "late", lambda: self.elapsed() > LATE * self.seconds and self.elapsed()
        )
        if late:
            self.note(
                f"The budget of {self.seconds:g} seconds was too small: checking and reading the data, "
                f"probes, the test and the page, which always come, took {late:.0f} seconds with what was "
                f"begun before."
            )


def training_rate(
    session: Session,
    settings: AdaptSettings,
    method: FineTune,
    read: float,
    show: Callable[[float], None] = lambda _share: None,
) -> float:
    """Samples a second in fine-tuning, by a few steps; inf if the settings say how long to train.

    Steps of a whole model are of a part of a batch, as those of a batch are computed. Where a row takes long
    (`read` seconds in the frozen backbone), they are of fewer rows. `show` is told the share of the steps.
    """
    if settings.epochs is not None:
        return float("inf")
    time_for = STEP * settings.seconds
    order = session.quickest(np.arange(len(session.data)))
    batch = settings.batch if method.trainable_blocks() else -(-settings.batch // PARTS)
    few = min(len(order), batch, max(FEWEST, int(time_for / (TRAINING * read))))
    data = session.data.subset(order[np.linspace(0, len(order) - 1, few).astype(np.int64)])
    rows = np.arange(len(data))
    recipe = recipe_for(method, settings, 1, len(rows), settings.seed)
    recipe = replace(recipe, steps=TIMED, accumulate=recipe.accumulate if batch == settings.batch else 1)
    timed = Stopwatch(lambda times: times[-1] > 2 * time_for, lambda count: show(count / TIMED))
    replace(session, data=data, logbook=None, watch=timed.watch).fit(method, rows, recipe)
    release_memory()
    times = [seconds for _, stage in timed.stages for seconds in stage]
    return len(rows) / median(times)  # on a busy machine most steps are slower than the quickest


def solution_seconds(session: Session, settings: AdaptSettings, method: Method[Any], rows: int) -> float:
    """Seconds that a solution in closed form takes on so many rows, by one on a tenth of them.

    Few rows are thought to take no time, as the timing would take as long. What a method imports is imported
    before the clock starts.
    """
    if rows < MANY and not method.about.package:
        return 0.0

    def timed(few: int) -> float:
        some = np.linspace(0, len(session.data) - 1, few).astype(np.int64)
        begun = time.perf_counter()
        replace(session, logbook=None).fit(method, some, recipe_for(method, settings, 1, few, settings.seed))
        return time.perf_counter() - begun

    if method.about.package:
        timed(min(WARM, len(session.data)))
    return timed(rows // TENTH) * TENTH**method.about.growth if rows >= MANY else 0.0
