"""The budget of `align`: a training is measured by a few steps, and none is begun that ends too late."""

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from headstart.core import HeadstartError
from headstart.face import spell
from headstart.report.text import seconds
from headstart.run.step_cache import file_name, release_memory
from headstart.session.fitted import EvalHook, EvalState
from headstart.studies._runner import Job
from headstart.studies._step_times import TIMED, Stopwatch
from headstart.studies._unsolved import as_diverged
from headstart.studies.align import SOURCE_ONLY, AlignSettings
from headstart.studies.align.candidate import Candidate
from headstart.studies.align.trial import TrialRunner

BOTH = 2.0  # times a step on the source alone that one on both domains is thought to take
FEWEST = 2  # epochs below which methods are left out, before the trainings of all become shorter
LAST = 2.0  # seconds for what comes after the trainings, besides an evaluation: intervals, model, page
LATE = 1.1  # times the budget, after which the record says that it was not kept


@dataclass(frozen=True)
class Pace:
    """Seconds of a step, of all stages together, and of an evaluation."""

    step: float
    evaluation: float


@dataclass
class AlignBudget:
    """What fits into the seconds of the settings, by the clock; None limits nothing."""

    job: Job[AlignSettings]
    runner: TrialRunner
    candidates: Sequence[Candidate]  # source-only first
    sourceless: bool  # whether a saved model stands in the place of training on the source
    _evaluation: float = field(default=0.0, init=False)  # seconds, as it was measured

    @property
    def seconds(self) -> float | None:
        """From the start of the command to the written page."""
        return self.job.settings.budget

    @property
    def kept(self) -> float:
        """Seconds for what comes after the trainings; the kind of the target's rows is measured then."""
        return LAST + self._evaluation

    def spent(self) -> float:
        """Seconds since the start; those of an interrupted run count by its finished steps."""
        return self.job.progress.elapsed() + self.job.folder.steps.carried

    def left(self) -> float:
        """Seconds that trainings may still take."""
        return (self.seconds or 0.0) - self.spent() - self.kept

    def plan(self, lengths: Sequence[int], shorter: bool) -> list[int]:
        """Which of the lengths of training, in epochs, there is time to try; what is shortened is noted.

        A length fits if source-only with it, and with those before it, and one seed of all methods fit. If
        the first does not, and may be `shorter`, it is the longest with which they do, and below `FEWEST`
        that with which source-only does. It is decided once for each budget, before anything is trained.
        """
        if self.seconds is None:
            return list(lengths)
        found = self.job.folder.steps.once(
            f"decide epochs for {self.seconds:g} s", lambda: self._decide(lengths, shorter)
        )
        said: list[str] = []
        if found["least"] > 0:
            least = (
                f"Even the least takes about {_plain(found['least'])} here, training on the source alone and "
                f"what comes before and after it, and the budget is {_plain(self.seconds)}: nothing else is "
                "trained."
            )
            self.job.progress.tell([("Budget", f"! {least}")])
            said.append(least)
        if found["epochs"][0] < lengths[0]:
            said.append(
                f"Trainings have {found['epochs'][0]} of {lengths[0]} epochs, as a budget of "
                f"{self.seconds:g} seconds has no time for more. {spell('resume', True)} with a larger "
                f"{spell('budget')} trains longer."
            )
        self.job.notes += said
        return list(found["epochs"])

    def _decide(self, lengths: Sequence[int], shorter: bool) -> dict[str, Any]:
        trained = [each for each in self.candidates if not each.method.about.closed_form]
        if self.sourceless:
            trained = [each for each in trained if each.label != SOURCE_ONLY]
        if not trained:
            return {"epochs": list(lengths[:1]), "least": 0.0}
        pace, first = self._measure(trained[0], self.left()), lengths[0]
        left = self.left()
        all_of_them = len(trained) if self.sourceless else 1 + BOTH * (len(trained) - 1)

        def takes(epochs: int) -> float:
            return self._total(pace, epochs)

        before = [sum(map(takes, lengths[:k])) for k in range(len(lengths))]
        tried = [n for k, n in enumerate(lengths) if before[k] + takes(n) * all_of_them <= left]
        if tried:
            return {"epochs": tried, "least": 0.0}
        down = range(first, 0, -1) if shorter else [first]
        whole = (n for n in down if n >= FEWEST and takes(n) * all_of_them <= left)
        alone = (n for n in down if n <= FEWEST and takes(n) <= left)
        epochs = next(whole, None) or next(alone, None) or down[-1]
        short = not self.sourceless and takes(epochs) > left
        return {"epochs": [epochs], "least": (self.seconds or 0.0) - left + takes(epochs) if short else 0.0}

    def measure(self, candidate: Candidate, epochs: int, left: float) -> float:
        """Seconds of a training, by its first steps; at least those of source-only, if these are too many."""
        least = self.job.progress.by_siblings([f"try {SOURCE_ONLY}, seed 0"])
        if least > left and not self.sourceless:
            return least
        with self.job.step("time a few steps"):
            return self._total(self._measure(candidate, left), epochs)

    def _total(self, pace: Pace, epochs: int) -> float:
        runner = self.runner
        return pace.step * runner.training_steps(epochs) + pace.evaluation * runner.evaluations(epochs)

    def _measure(self, candidate: Candidate, left: float) -> Pace:
        """The pace of a training; one whose steps fail takes no time, as it will say why when it begins."""
        watch = Stopwatch.with_left(left)
        hook = None if self._evaluation else self._evaluate(candidate)
        with suppress(HeadstartError), as_diverged():
            self.runner.fit_briefly(candidate, TIMED, watch.watch, hook)
        release_memory()
        step = sum(usual * run.recipe.steps / TIMED for run, usual in watch.usual())
        return Pace(step, self._evaluation)

    def _evaluate(self, candidate: Candidate) -> EvalHook:
        """Times an evaluation after the first step, as later evaluations come, and leaves nothing of it."""
        name = "time an evaluation"

        def evaluate(step: int, state: EvalState) -> None:
            with suppress(HeadstartError):
                _ = self.runner.validators.weights  # once for all evaluations
            begun = time.perf_counter()
            self.runner.evaluate(candidate.label, name, step, state)
            self._evaluation = time.perf_counter() - begun
            shutil.rmtree(self.runner.folder / file_name(name), ignore_errors=True)

        return EvalHook(frozenset({1}), evaluate)

    def note_overrun(self) -> None:
        """Say in the record if the budget was not kept."""
        if self.seconds is None:
            return
        budget, took = self.seconds, self.spent()
        late = self.job.folder.steps.once(
            f"late for {budget:g} s", lambda: {"value": took if took > LATE * budget else 0.0}
        )["value"]
        if late:
            self.job.notes.append(
                f"The budget of {budget:g} seconds was too small: reading the data, training on the source "
                f"alone and the page, which always come, took {late:.0f} seconds with what was begun before."
            )


def _plain(duration: float) -> str:
    """A duration as records write it, in plain spaces."""
    return " ".join(seconds(duration).split())
