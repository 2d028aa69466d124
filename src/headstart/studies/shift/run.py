"""How does a target differ from a source? Measured without labels of the target."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import nn

import headstart
from headstart.data.dataset import Dataset
from headstart.data.overlap import copies
from headstart.metrics.shift.coverage import Support, support
from headstart.metrics.shift.discrepancy import Discrepancy, mmd, proxy_a_distance
from headstart.records.provenance import command, versions
from headstart.records.record import Interval
from headstart.run.checkpoint import write_atomically
from headstart.run.engine import Engine, One
from headstart.run.progress import Progress
from headstart.studies._store import merge_options, require_empty
from headstart.studies.shift import words
from headstart.studies.shift.classes import moved, shares_of, with_shares
from headstart.studies.shift.domains import Domain, called, classes_of, drawn, read_both
from headstart.studies.shift.features import Features, by_backbone, columns_of
from headstart.studies.shift.quantities import drifted
from headstart.studies.shift.record import SCHEMA, Drifted, LabelShift, Shift
from headstart.studies.shift.settings import ShiftSettings
from headstart.studies.shift.told_apart import Apart, told_apart
from headstart.studies.shift.unlike import most_unlike

FILE = "shift.json"
NEIGHBOUR, QUANTILE = 5, 0.95  # of what counts as within reach
FEWEST = 30  # source rows with the target's shares, to be told from the target


def shift(  # noqa: PLR0913  # where things go, and what for, is named
    source: Any,
    target: Any,
    base: str | nn.Module | None = None,
    *,
    out: str | Path | None = None,
    settings: ShiftSettings | None = None,
    cache: str | Path | None = None,
    progress: Progress | None = None,
    engine: Engine | None = None,
    places: tuple[str, str] | None = None,
    **options: Any,
) -> Shift:
    """Measure how a target differs from a source, without labels of the target.

    A classifier tries to tell target rows from source rows (AUC, proxy A-distance), a kernel test asks
    whether chance explains the difference (MMD), single quantities are tested one by one, the shares of the
    target's classes are estimated (BBSE), and for each target row it is asked whether the source has rows
    there. A verdict in plain words follows from these figures.

    Args:
        source: whatever `hs.data.load` takes, or what it gave, or the same without labels.
        target: the same without labels; labels that are there are dropped before anything is computed.
        base: a frozen backbone whose features are compared; never changed. None takes the built-in one for
            pictures and texts, and of tables and arrays the columns themselves.
        out: folder for the record `shift.json`; empty or new. None writes nothing.
        settings: or the same as keyword options: `rows` of each domain that are looked at at most, `folds`,
            `size`, `fit`, `seed`.
        cache: folder for the features, for the next time; None keeps nothing.
        progress: shows what is going on; None: silent.
        engine: where the backbone runs; None: on the CPU.
        places: what the two are called in the commands that are proposed.
        **options: fields of `ShiftSettings` by name.

    Returns:
        The record, with the verdict and what to do next.

    Raises:
        Unknown: an option that nothing goes by.
        BadData: nothing readable, an empty or one-row target, or other kinds of rows, columns, channels or
            sizes than the source has.
        BadInput: a setting out of range.
        CannotWrite: the folder is not empty or can't be written to.
    """
    made = merge_options(settings, ShiftSettings(), options)
    folder = None if out is None else Path(out)
    if folder is not None:
        require_empty(folder, False)
    progress = progress or Progress()
    places = places or (called(source, "source"), called(target, "target"))
    try:
        with ExitStack() as stack:
            temporary = stack.enter_context(TemporaryDirectory(prefix="headstart-"))
            with progress.step("look at the data"):
                one, other = read_both(source, target)
                mine = drawn(one, made.rows, made.seed, "source")
                theirs = drawn(other, made.rows, made.seed, "target")
            where = Path(temporary if cache is None else cache)
            study = _Study(made, one, (mine, theirs), places, progress, engine or One(), where)
            record = study.run(base)
    finally:
        progress.close()
    if folder is not None:
        write_atomically(folder / FILE, record.to_json().encode())
    return record


@dataclass
class _Study:
    """The steps of `shift`."""

    settings: ShiftSettings
    whole: Dataset  # the source with its labels
    domains: tuple[Domain, Domain]
    places: tuple[str, str]  # as a command names them
    progress: Progress
    engine: Engine
    cache: Path
    notes: list[str] = field(default_factory=list)

    def run(self, base: str | nn.Module | None) -> Shift:
        source, target = self.domains
        self.notes = [*source.notes(), *target.notes()]
        with self.progress.step("look through both domains"):
            found = self._features(base)
        self.notes += found.notes
        with self.progress.step("tell the domains apart"):
            apart = self._apart(found, np.arange(len(source)))
            reach = support(found.source, found.target, min(NEIGHBOUR, len(source) - 1), QUANTILE)
            test = mmd(found.source, found.target, seed=self.settings.seed, most=self.settings.rows)
        with self.progress.step("compare single quantities"):
            drift = drifted(source.data, target.data, self.settings.seed)
        with self.progress.step("estimate the classes"):
            labels = self._labels(found)
        twins = copies(source.data, target.data)
        figures = _figures(apart, test, reach, drift, labels, (len(source), len(target)))
        return Shift(
            **self._about(found),
            **_measured(apart, test, reach),
            drift=drift,
            labels=labels,
            unlike=most_unlike(target.data, apart.probability(), reach.inside),
            copies=len({row for _, row in twins[0]}),
            near_copies=len({row for _, row in twins[1]} - {row for _, row in twins[0]}),
            verdict=words.verdict(figures),
            headline=words.headline(figures),
            say=words.sentences(figures),
            next=words.commands(figures, *self.places),
            notes=[*words.warnings(figures), *self.notes, *_about_copies(twins)],
            settings=self.settings.record(),
            seed=self.settings.seed,
            versions=versions(),
        )

    def _about(self, found: Features) -> dict[str, Any]:
        source, target = self.domains
        return {
            "schema": SCHEMA,
            "headstart": headstart.__version__,
            "command": command(),
            "source": source.data.name,
            "target": target.data.name,
            "kind": source.data.kind,
            "source_rows": source.total,
            "target_rows": target.total,
            "source_taken": len(source),
            "target_taken": len(target),
            "features": found.origin,
            "width": found.source.shape[1],
        }

    def _features(self, base: str | nn.Module | None) -> Features:
        both = (self.domains[0].data, self.domains[1].data)
        if both[0].table is not None or (base is None and both[0].modality.by_columns):
            return columns_of(*both)
        total, done = len(both[0]) + len(both[1]), 0
        run: Any = SimpleNamespace(recipe=SimpleNamespace(steps=total))

        def counted(more: int) -> None:
            nonlocal done
            done += more
            tick: Any = SimpleNamespace(step=done)
            list(self.progress.watch([tick], run))

        return by_backbone(both, base, self.settings, self.cache, self.engine, counted)

    def _apart(self, found: Features, rows: np.ndarray) -> Apart:
        """How well these rows of the source are told from the target."""
        source, target = self.domains
        groups = source.groups[rows], target.groups
        return told_apart(
            found.source[torch.from_numpy(rows)],
            found.target,
            groups,
            self.settings.folds,
            self.settings.seed,
        )

    def _labels(self, found: Features) -> LabelShift | None:
        """The target's classes, and whether their shares explain the shift."""
        source, seed = self.domains[0], self.settings.seed
        labels = classes_of(self.whole, source)
        if labels is None:
            return None
        names = self.whole.classes
        shares = shares_of(found.source, found.target, labels, names, source.groups, seed)
        if shares.why:
            self.notes.append(shares.why)
        told_shares = shares.found
        if told_shares is None or not told_shares.known or moved(told_shares) < words.APART:
            return told_shares
        rows = with_shares(labels, [one.target.value for one in told_shares.shares], seed)
        if len(rows) < FEWEST:
            return told_shares
        return LabelShift(**{**vars(told_shares), "auc": _plain(self._apart(found, rows).auc)})


def _measured(apart: Apart, test: Discrepancy, reach: Support) -> dict[str, Any]:
    return {
        "auc": _plain(apart.auc),
        "error": apart.error,
        "distance": proxy_a_distance(error=apart.error),
        "mmd": test.value,
        "mmd_p": test.p_value,
        "inside": reach.share,
        "expected": QUANTILE,
        "effective": apart.effective,
        **dict(zip(("edges", "source_scores", "target_scores"), apart.binned(), strict=True)),
    }


def _figures(
    apart: Apart,
    test: Discrepancy,
    reach: Support,
    drift: list[Drifted],
    labels: LabelShift | None,
    rows: tuple[int, int],
) -> words.Figures:
    return words.Figures(
        auc=_plain(apart.auc),
        mmd_p=test.p_value,
        drifted=sum(one.drifted for one in drift),
        quantities=len(drift),
        inside=reach.share,
        effective=apart.effective,
        source_rows=rows[0],
        target_rows=rows[1],
        moved=moved(labels) if labels is not None and labels.known else 0.0,
        at_shares=None if labels is None else labels.auc,
    )


def _plain(found: Any) -> Interval:
    return Interval(found.value, found.low, found.high)


def _about_copies(twins: tuple[list[Any], list[Any]]) -> Iterator[str]:
    """Rows that stand on both sides make them look more alike than they are."""
    exact, near = (len({row for _, row in pairs}) for pairs in twins)
    if exact + near:
        which = " and ".join(f"{n:,} {how}" for n, how in ((exact, "exactly"), (near, "nearly")) if n)
        yield (
            f"Rows of the target that stand in the source too: {which}. They make the two look more alike, "
            f"and a model that learned from them is no test on them."
        )
