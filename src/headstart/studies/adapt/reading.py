"""How samples are read: at which size, cut how, and from which blocks their features are taken.

On some of the training rows the features of the frozen backbone are judged by a ridge probe that predicts
each row by the exact fit without it. Of sizes, the cheapest whose loss is within one standard error of the
least is taken. What costs the same (ways of fitting pictures, features of other or of several blocks) is
taken if it is better than the backbone's own way by more than one standard error. Sizes and fits are judged
by the features of all last blocks together.
"""

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadInput, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.splits import per_class
from headstart.data.train_test_split import Rows
from headstart.face import spell
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.readout import FeatureSource, Readout
from headstart.models.tracing import quiet
from headstart.run.progress import Progress
from headstart.session.inputs import fit_to_data, loader_of
from headstart.session.requirements import frozen_encoder
from headstart.session.scoring import outputs_of
from headstart.session.session import Session
from headstart.solvers.held_out_losses import held_out_losses
from headstart.solvers.threads import threads_for
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings, Reading
from headstart.studies.adapt.plan import NO_ROOM
from headstart.studies.adapt.readouts import join, readouts, sources_of
from headstart.studies.curve.subsets import n_strata, strata_for_subsets

STEP = "choose how samples are read"
ROWS = 300  # that readings are compared on
LEAST = 100  # of these, however short the time is
FEW = 10  # rows: with fewer, nothing is compared
TIMED, WARM = 16, 2  # rows that the speed of a size is measured on, and rows before them
OTHERS = 2  # passes after that: of other fits
SHARE = 0.3  # of the budget, for reading all rows once; half as much for comparing


@dataclass(frozen=True)
class ChosenReading:
    """How samples are read, and what that was chosen from.

    Attributes:
        backbone: reads samples as chosen; its features are its own output.
        probed: the same, with the features that probes read.
        compared: a record for each reading that was tried.
        seconds: that reading all rows takes, if it was measured; else 0.
        notes: what there was no time for, as sentences.
    """

    backbone: AnyBackbone
    probed: AnyBackbone
    compared: tuple[Reading, ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


def choose_reading(job: Job[AdaptSettings], session: Session, left: float) -> ChosenReading:
    """How the samples of a session's data, the training part, are read; a step of the study.

    A backbone with a trained head reads as it learned to. What the settings say is not chosen. Of the seconds
    that are `left` of the budget, reading all rows may take half, and no more than `SHARE` of the budget.
    """
    own, data, settings = session.backbone, session.data, job.settings
    sizes = data.modality.sizes(data, own.reader)
    if settings.reading == "own" or own.trained_head is not None or len(data) < FEW or not sizes:
        return ChosenReading(own, own)
    room = max(0.0, min(SHARE * settings.seconds, left / 2)) if math.isfinite(left) else left
    kept = job.folder.once(
        STEP, lambda: _Comparison(session, settings, room, job.folder.progress).choose(sizes)
    )
    chosen = fit_to_data(own, data, kept["size"], kept["fit"])
    readout = Readout.from_settings(kept["readout"])
    probed = chosen if readout == (own.readout or Readout()) else _with_readout(chosen, readout)
    compared = tuple(Reading(**values) for values in kept["compared"])
    said = _smaller(data, own, chosen, compared) if settings.size is None else []
    return ChosenReading(chosen, probed, compared, kept.get("seconds", 0.0), tuple(said))


def _smaller(data: Dataset, own: AnyBackbone, chosen: AnyBackbone, compared: Sequence[Reading]) -> list[str]:
    """A note on samples that are read smaller than the backbone reads them, without a comparison of both."""
    usual, taken = (data.modality.size_of(each.reader) for each in (own, chosen))
    if taken == usual or any(each.what == "size" and each.name == usual for each in compared):
        return []
    rows = data.modality.rows.capitalize()
    return [f"{rows} are read at {taken} instead of {usual}: {NO_ROOM[:-1]}; {spell('size', ...)} sets it."]


def _with_readout(mapping: AnyBackbone, readout: Readout) -> AnyBackbone:
    made = backbone(mapping)
    made.readout = readout
    return made


@dataclass
class _Comparison:
    """Readings, compared on some rows of a session's data."""

    session: Session
    settings: AdaptSettings
    room: float  # seconds for reading all rows once; half of it for comparing
    progress: Progress = field(default_factory=Progress)
    compared: list[Reading] = field(default_factory=list)
    known: dict[tuple[int | None, str], Tensor] = field(default_factory=dict)  # features of the rows
    costs: dict[int | None, float] = field(default_factory=dict)  # seconds of reading a row, by size
    read: int = 0  # rows until now
    planned: int = 0  # rows in all

    def __post_init__(self) -> None:
        data, own = self.session.data, self.session.backbone
        seed = derive_seed(self.settings.seed, STEP)
        self.rows: Rows = per_class(strata_for_subsets(data), -(-ROWS // n_strata(data)), seed)
        sources = sources_of(own)
        with quiet(own):
            outputs = own.features(own.example, dict.fromkeys(source.block for source in sources))
        # what has no row for each sample, such as embeddings of positions, says nothing about it
        self.sources = [each for each in sources if len(outputs[each.block]) == len(own.example)]
        self.widths = [outputs[source.block].shape[1] for source in self.sources]
        everything = _with_readout(own, Readout(tuple(self.sources)))
        self.encoder = frozen_encoder(replace(self.session, backbone=everything))
        self.end = time.perf_counter() + self.room / 2  # after which nothing more is read

    def choose(self, sizes: Sequence[int | None]) -> dict[str, Any]:
        """What is taken, as JSON values."""
        fit: str | None = self.settings.fit
        self.planned = (1 + OTHERS) * len(self.rows)
        size = self._size(sizes, fit) if self.settings.size is None else self.settings.size
        readout = self.session.backbone.readout or Readout()
        if len(self.rows) >= FEW:
            fit = self._fit(size) if fit is None else fit
            readout = self._readout(self._read(size, fit))
        compared = [asdict(each) for each in self.compared]
        seconds = self.costs.get(size, 0.0) * len(self.session.data)
        chosen = {"size": size, "fit": fit, "readout": readout.settings()}
        return chosen | {"compared": compared, "seconds": seconds}

    def _size(self, sizes: Sequence[int | None], fit: str | None) -> int | None:
        """The cheapest size within one standard error of the best, of those that there is time for."""
        self.planned = len(sizes) * (TIMED + WARM) + (len(sizes) + OTHERS) * len(self.rows)
        affordable = self._affordable(sizes, fit)
        self.planned = self.read + (len(affordable) + OTHERS) * len(self.rows)
        if len(affordable) == 1 or len(self.rows) < FEW:
            return affordable[0]
        losses: dict[int | None, Tensor] = {}
        for size in reversed(affordable):  # the cheapest first
            if not losses or time.perf_counter() < self.end:
                losses = {size: self._losses(join(self._read(size, fit)))} | losses
        if len(losses) == 1:
            return affordable[-1]
        best = min(losses, key=lambda size: float(losses[size].mean()))
        chosen = [size for size, each in losses.items() if not _is_worse(each, losses[best])][-1]
        names = {size: self.session.data.modality.size_of(self._fitted(size, fit).reader) for size in losses}
        self._note("size", {names[size]: each for size, each in losses.items()}, names[best], names[chosen])
        return chosen

    def _affordable(self, sizes: Sequence[int | None], fit: str | None) -> list[int | None]:
        """Sizes that all rows can be read at, the largest first, the cheapest at least.

        They are measured from the cheapest on, until one takes too long. Where it would take too long to
        compare them, fewer rows are compared; where even few would, fewer sizes, and at last nothing.
        """
        for size in reversed(sizes):
            with suppress(BadInput):  # the backbone can't be run at that size
                self.costs[size] = self._seconds(size, fit)
                late = time.perf_counter() > self.end
                if late or self.costs[size] * len(self.session.data) > self.room:
                    break
        total, cheapest = len(self.session.data), next(iter(self.costs))
        kept = [size for size, cost in self.costs.items() if size == cheapest or cost * total <= self.room]
        while len(kept) > 1 and self._comparing(kept) * LEAST > self.room / 2:
            kept.pop()
        each = self._comparing(kept)
        if each * min(LEAST, len(self.rows)) > self.room / 2:
            self.rows = self.rows[:0]
        elif each * len(self.rows) > self.room / 2:
            fewer = math.ceil(2 * each * len(self.rows) / self.room)
            self.rows = self.rows[:: min(fewer, max(1, len(self.rows) // LEAST))]
        return kept[::-1]

    def _comparing(self, sizes: Sequence[int | None]) -> float:
        """Seconds that comparing some sizes takes for a row, other fits of the dearest with it."""
        return sum(self.costs[size] for size in sizes) + OTHERS * max(self.costs[size] for size in sizes)

    def _fit(self, size: int | None) -> str | None:
        """How pictures whose shape is not the backbone's are fitted; None: it makes no difference."""
        fits = self.session.data.modality.fits(self.session.data)
        if time.perf_counter() > self.end:
            return None
        losses = {fit: self._losses(join(self._read(size, fit))) for fit in fits}
        return self._take_best("fit", losses) if losses else None

    def _readout(self, features: Mapping[FeatureSource, Tensor]) -> Readout:
        """The blocks whose features are read."""
        several, losses = dict(readouts(features, self.session.backbone.readout)), {}
        for name, readout in several.items():
            parts = [features[replace(each, scale=1.0)] / each.scale for each in readout.sources]
            losses[name] = self._losses(torch.cat(parts, 1))
        return several[self._take_best("features", losses)]

    # what they stand on

    def _fitted(self, size: int | None, fit: str | None) -> AnyBackbone:
        return fit_to_data(self.session.backbone, self.session.data, size, fit)

    def _read(self, size: int | None, fit: str | None) -> dict[FeatureSource, Tensor]:
        """Features (n, width) of the compared rows from each source."""
        if (size, fit or "squash") not in self.known:
            self.known[size, fit or "squash"] = self._outputs(size, fit, self.rows)
        found = torch.split(self.known[size, fit or "squash"], self.widths, 1)
        return dict(zip(self.sources, found, strict=True))

    def _outputs(self, size: int | None, fit: str | None, rows: Rows) -> Tensor:
        loader = loader_of(self.session.data, self._fitted(size, fit), None)
        return outputs_of(self.encoder, loader, rows, self.session.engine.device, done=self._show)

    def _show(self, rows: int) -> None:
        """That so many more rows are read."""
        self.read += rows
        self.progress.share(min(1.0, self.read / max(1, self.planned)))

    def _seconds(self, size: int | None, fit: str | None) -> float:
        """How long it takes to read a row; the first rows warm up."""
        rows = self.rows[:TIMED]
        self._outputs(size, fit, rows[:WARM])
        begun = time.perf_counter()
        self._outputs(size, fit, rows)
        return (time.perf_counter() - begun) / len(rows)

    def _take_best(self, what: str, losses: Mapping[str, Tensor]) -> str:
        """The first, unless others are better by more than one standard error: then the best of those."""
        own = next(iter(losses))
        better = [name for name in losses if _is_worse(losses[own], losses[name])]
        chosen = min(better, key=lambda name: float(losses[name].mean()), default=own)
        self._note(what, losses, own, chosen)
        return chosen

    def _note(self, what: str, losses: Mapping[str, Tensor], reference: str, chosen: str) -> None:
        for name, each in losses.items():
            mean, error = _difference(each, losses[reference])
            self.compared.append(Reading(what, name, float(each.mean()), mean, error, name == chosen))

    def _losses(self, x: Tensor) -> Tensor:
        """(n,) of the compared rows, each by a probe of features x (n, d) that has not seen it."""
        data = self.session.data
        y = torch.from_numpy(np.ascontiguousarray(data.labels[self.rows]))
        groups = data.groups_of(self.rows)
        apart = None if groups is None else torch.from_numpy(np.unique(groups, return_inverse=True)[1])
        with threads_for(x.numel()):
            return held_out_losses(x, y, len(data.classes), apart)


def _difference(losses: Tensor, other: Tensor) -> tuple[float, float]:
    """The mean of the paired differences of losses (n,), and its standard error."""
    gap = losses - other
    return float(gap.mean()), float(gap.std()) / math.sqrt(len(gap))


def _is_worse(losses: Tensor, other: Tensor) -> bool:
    """Whether losses (n,) are larger by more than one standard error."""
    mean, error = _difference(losses, other)
    return mean > error
