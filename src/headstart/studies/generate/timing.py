"""How long a generator takes to train, to draw and to be checked, told once its first steps are timed."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from headstart.data.dataset import Dataset
from headstart.face import spell
from headstart.generators.generative_model import GenerativeModel
from headstart.generators.spaces.space import Space
from headstart.report.text import seconds
from headstart.run.state import Run, Tick
from headstart.studies._runner import Job
from headstart.studies._step_times import TIMED, usual_step
from headstart.studies.generate import GenerateSettings
from headstart.studies.generate.checks import ARMS
from headstart.studies.generate.nets import Nets

TOLD = 60.0  # seconds, from which on it is told
FEW = 8  # rows that are drawn for the time of a row
SHORT, LONG = 2, 6  # steps of two nets, whose difference is the time of a step
OF_SAMPLES = 3  # nets that judge the samples themselves


@dataclass
class Timing:
    """Measures what the parts of the study take.

    Attributes:
        job: whose progress is told.
        model: the generative model.
        space: of its samples.
        train: the rows that it learns from.
        rows: drawn in all.
    """

    job: Job[GenerateSettings]
    model: GenerativeModel
    space: Space
    train: Dataset
    rows: int
    _trial: float = 30.0

    @property
    def trial(self) -> float:
        """Seconds of the nets of a seed, with samples of their own; a guess before it was measured."""
        return self._trial

    def watch(self, ticks: Iterable[Tick], run: Run[Any]) -> Iterator[Tick]:
        """Show the progress of the training, and tell how long all takes after its first few steps."""
        times: list[float] = []
        begun = time.perf_counter()
        for tick in self.job.progress.watch(ticks, run):
            if len(times) <= TIMED:
                times.append(time.perf_counter() - begun)
                if len(times) == TIMED + 1:
                    self._tell((run.recipe.steps - tick.step) * usual_step(times))
            yield tick
            begun = time.perf_counter()

    def _tell(self, training: float) -> None:
        settings, progress = self.job.settings, self.job.progress
        drawing = self.rows * self._row()
        net = settings.check_steps * self._net_step()
        self._trial = drawing + len(ARMS) * net
        progress.expect(
            {"try train the generator": training, "draw": drawing, "try check the samples": OF_SAMPLES * net}
        )
        draws, nets = (1 + settings.seeds) * drawing, (OF_SAMPLES + settings.seeds * len(ARMS)) * net
        if (total := training + draws + nets) >= TOLD:
            said = (
                f"about {seconds(total)}: {seconds(training)} to train, {seconds(draws)} to draw, "
                f"{seconds(nets)} for the nets of the checks"
            )
            progress.tell([("Time", said), ("", f"To shorten it: {self._ways()}")])

    def _ways(self) -> str:
        size = [f"a smaller {spell('size')}"] if len(self.space.shape) == 3 else []
        other = [] if self.model.name == "vae" else [f"{spell('generator', 'vae')}"]
        return ", ".join(
            [f"fewer {spell('steps')}", *size, f"fewer {spell('seeds')} or {spell('rows')}", *other]
        )

    def _row(self) -> float:
        """Seconds to draw a row, by a model that has learned nothing."""
        with torch.random.fork_rng(devices=[]):
            parts = self.model.parts(self.space.shape, len(self.train.classes)).eval()
        y, seed = torch.zeros(FEW, dtype=torch.int64), torch.arange(FEW)
        begun = time.perf_counter()
        with torch.inference_mode():
            self.model.draw(parts, self.space.shape, y, seed)
        return (time.perf_counter() - begun) / FEW

    def _net_step(self) -> float:
        """Seconds of a step of a net of the checks."""
        return max(0.0, self._net(LONG) - self._net(SHORT)) / (LONG - SHORT)

    def _net(self, steps: int) -> float:
        begun = time.perf_counter()
        Nets(self.space, steps, self.job.engine, self.train).fit(self.train, 0)
        return time.perf_counter() - begun
