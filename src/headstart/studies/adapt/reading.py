"""How samples are read: at which size, cut how, and from which blocks their features are taken.

On some of the training rows the features of the frozen backbone are judged by a ridge probe that predicts
each row by the exact fit without it. Of sizes, the cheapest whose loss is within one standard error of the
least is taken. What costs the same (ways of fitting pictures, features of other or of several blocks) is
taken if it is better than the backbone's own way by more than one standard error. Sizes and fits are judged
by the features of all last blocks together.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadInput, derive_seed
from headstart.data.splits import per_class
from headstart.data.train_test_split import Rows
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.layout import Pooling
from headstart.models.readout import OUTPUT, FeatureSource, Readout
from headstart.models.tracing import quiet
from headstart.report.text import pluralise
from headstart.run.progress import Progress
from headstart.session.inputs import fit_to_data, loader_of
from headstart.session.requirements import frozen_encoder
from headstart.session.scoring import outputs_of
from headstart.session.session import Session
from headstart.solvers.held_out_losses import held_out_losses
from headstart.solvers.penalty_selection import spread
from headstart.solvers.threads import threads_for
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings, Reading
from headstart.studies.curve.run import n_strata, strata_for_subsets

STEP = "choose how samples are read"
ROWS = 300  # that readings are compared on
LEAST = 100  # of these, however short the time is
FEW = 10  # rows: with fewer, nothing is compared
TIMED = 16  # rows that the speed is measured on
OTHERS = 2  # passes after that: of other fits
SHARE = 0.3  # of the budget, for reading all rows once; half as much for comparing
SINGLE = 3  # blocks that are read by themselves
DEEPEST = 6  # blocks whose features are joined at most
POOLINGS: tuple[Pooling, ...] = ("first", "last", "max")  # of tokens, beside the mean
SAME = 1e-6  # relative difference of features that are counted as equal


@dataclass(frozen=True)
class ChosenReading:
    """How samples are read, and what that was chosen from.

    Attributes:
        backbone: reads samples as chosen; its features are its own output.
        probed: the same, with the features that probes read.
        compared: a record for each reading that was tried.
    """

    backbone: AnyBackbone
    probed: AnyBackbone
    compared: tuple[Reading, ...] = ()


def choose_reading(job: Job[AdaptSettings], session: Session) -> ChosenReading:
    """How the samples of a session's data, the training part, are read; a step of the study.

    A backbone with a trained head reads as it learned to. What the settings say is not chosen.
    """
    own, data, settings = session.backbone, session.data, job.settings
    sizes = data.modality.sizes(data, own.reader)
    if settings.reading == "own" or own.trained_head is not None or len(data) < FEW or not sizes:
        return ChosenReading(own, own)
    kept = job.folder.once(STEP, lambda: _Comparison(session, settings, job.folder.progress).choose(sizes))
    chosen = fit_to_data(own, data, kept["size"], kept["fit"])
    readout = Readout.from_settings(kept["readout"])
    probed = chosen if readout == Readout() else _with_readout(chosen, readout)
    return ChosenReading(chosen, probed, tuple(Reading(**values) for values in kept["compared"]))


def _with_readout(mapping: AnyBackbone, readout: Readout) -> AnyBackbone:
    made = backbone(mapping)
    made.readout = readout
    return made


@dataclass
class _Comparison:
    """Readings, compared on some rows of a session's data."""

    session: Session
    settings: AdaptSettings
    progress: Progress = field(default_factory=Progress)
    compared: list[Reading] = field(default_factory=list)
    known: dict[tuple[int | None, str], Tensor] = field(default_factory=dict)  # features of the rows

    def __post_init__(self) -> None:
        data, own = self.session.data, self.session.backbone
        seed = derive_seed(self.settings.seed, STEP)
        self.rows: Rows = per_class(strata_for_subsets(data), -(-ROWS // n_strata(data)), seed)
        sources = _sources(own)
        with quiet(own):
            outputs = own.features(own.example, dict.fromkeys(source.block for source in sources))
        # what has no row for each sample, such as embeddings of positions, says nothing about it
        self.sources = [each for each in sources if len(outputs[each.block]) == len(own.example)]
        self.widths = [outputs[source.block].shape[1] for source in self.sources]
        everything = _with_readout(own, Readout(tuple(self.sources)))
        self.encoder = frozen_encoder(replace(self.session, backbone=everything))
        self.done: Callable[[int], None] = lambda rows: None  # is told of rows that are read
        time_for = math.inf if self.settings.epochs is not None else SHARE * self.settings.seconds
        self.end = time.perf_counter() + time_for / 2  # after which nothing more is read

    def choose(self, sizes: Sequence[int | None]) -> dict[str, Any]:
        """What is taken, as JSON values."""
        fit: str | None = self.settings.fit
        size = self._size(sizes, fit) if self.settings.size is None else self.settings.size
        readout = Readout()
        if len(self.rows) >= FEW:
            fit = self._fit(size) if fit is None else fit
            readout = self._readout(self._read(size, fit))
        compared = [asdict(each) for each in self.compared]
        return {"size": size, "fit": fit, "readout": readout.settings(), "compared": compared}

    def _size(self, sizes: Sequence[int | None], fit: str | None) -> int | None:
        """The cheapest size within one standard error of the best, of those that there is time for."""
        affordable = self._affordable(sizes, fit)
        if len(affordable) == 1 or len(self.rows) < FEW:
            return affordable[0]
        self.done = self.progress.advance((len(affordable) + OTHERS) * len(self.rows))
        losses: dict[int | None, Tensor] = {}
        for size in reversed(affordable):  # the cheapest first
            if not losses or time.perf_counter() < self.end:
                losses = {size: self._losses(_join(self._read(size, fit)))} | losses
        if len(losses) == 1:
            return affordable[-1]
        best = min(losses, key=lambda size: float(losses[size].mean()))
        chosen = [size for size, each in losses.items() if not _is_worse(each, losses[best])][-1]
        names = {size: self.session.data.modality.size_of(self._fitted(size, fit).reader) for size in losses}
        self._note("size", {names[size]: each for size, each in losses.items()}, names[best], names[chosen])
        return chosen

    def _affordable(self, sizes: Sequence[int | None], fit: str | None) -> list[int | None]:
        """Sizes that the backbone can be run at and all rows be read at, the cheapest at least.

        Where it would take too long to compare them, fewer rows are compared.
        """
        costs: dict[int | None, float] = {}
        for size in sizes:
            with suppress(BadInput):  # the backbone can't be run at that size
                costs[size] = self._seconds(size, fit)
        cheapest, total = list(costs)[-1], len(self.session.data)
        room = math.inf if self.settings.epochs is not None else SHARE * self.settings.seconds
        kept = [size for size in costs if size == cheapest or costs[size] * total <= room]
        a_row = sum(costs[size] for size in kept) + OTHERS * costs[kept[0]]
        if a_row * len(self.rows) > room / 2:
            fewer = math.ceil(2 * a_row * len(self.rows) / room)
            self.rows = self.rows[:: min(fewer, max(1, len(self.rows) // LEAST))]
        return kept

    def _fit(self, size: int | None) -> str | None:
        """How pictures whose shape is not the backbone's are fitted; None: it makes no difference."""
        fits = self.session.data.modality.fits(self.session.data)
        if time.perf_counter() > self.end:
            return None
        losses = {fit: self._losses(_join(self._read(size, fit))) for fit in fits}
        return self._take_best("fit", losses) if losses else None

    def _readout(self, features: Mapping[FeatureSource, Tensor]) -> Readout:
        """The blocks whose features are read."""
        readouts, losses = dict(_readouts(features)), {}
        for name, readout in readouts.items():
            parts = [features[replace(each, scale=1.0)] / each.scale for each in readout.sources]
            losses[name] = self._losses(torch.cat(parts, 1))
        return readouts[self._take_best("features", losses)]

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
        return outputs_of(self.encoder, loader, rows, self.session.engine.device, done=self.done)

    def _seconds(self, size: int | None, fit: str | None) -> float:
        """How long it takes to read a row; the first rows warm up."""
        rows = self.rows[:TIMED]
        self._outputs(size, fit, rows[:2])
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


def _sources(mapping: AnyBackbone) -> list[FeatureSource]:
    """The places where features are read: the output, of texts pooled in all ways, and the last blocks."""
    outputs = [FeatureSource()]
    if mapping.tokens is not None and mapping.anatomy.output == (0, 2):
        outputs += [FeatureSource(OUTPUT, pooling) for pooling in POOLINGS]
    tapped = [block for block in mapping.anatomy.blocks if block in mapping.anatomy.taps]
    return outputs + [FeatureSource(block) for block in tapped[::-1][:DEEPEST]]


def _readouts(features: Mapping[FeatureSource, Tensor]) -> Iterator[tuple[str, Readout]]:
    """Readouts by name of sources with features (n, d): one alone, and the last ones joined.

    What is joined is scaled so that the features of each source have a mean squared distance of 1 from their
    mean. A block that gives the output is no source of its own.
    """
    own = features[FeatureSource()]
    joined = [replace(FeatureSource(), scale=_scale(own))]
    yield "output", Readout()
    for source, x in features.items():
        if source.block == OUTPUT and source.pooling != "mean":
            yield (
                f"output, {source.pooling} token" if source.pooling != "max" else "output, maximum",
                Readout((source,)),
            )
        if source.block == OUTPUT or _is_same(x, own):
            continue
        if len(joined) <= SINGLE:
            yield f"block {len(joined)} before the output ({source.block})", Readout((source,))
        joined.append(replace(source, scale=_scale(x)))
        yield f"output and {pluralise(len(joined) - 1, 'block')} before it", Readout(tuple(joined))


def _join(features: Mapping[FeatureSource, Tensor]) -> Tensor:
    """The means of the output and of all blocks that are read, scaled alike: (n, width)."""
    means = (x for source, x in features.items() if source.pooling == "mean")
    return torch.cat([x / _scale(x) for x in means], 1)


def _scale(x: Tensor) -> float:
    return math.sqrt(spread(x))


def _is_same(x: Tensor, other: Tensor) -> bool:
    return x.shape == other.shape and bool((x - other).abs().max() <= SAME * other.abs().max())
