"""What does each block of a frozen backbone know of a task? A probe of every block from one pass."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from torch import nn

import headstart
from headstart.core import BadData, BadInput
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.models.backbone import AnyBackbone
from headstart.models.places import MOST
from headstart.records.provenance import command, versions
from headstart.run.checkpoint import write_atomically
from headstart.run.engine import Engine, One
from headstart.run.progress import Progress
from headstart.session.inputs import backbone_for, suited
from headstart.session.session import Session
from headstart.session.tables import by_training_part
from headstart.studies._store import merge_options, require_empty
from headstart.studies.probe.blocks import bench, chance, group_numbers, main_metric, probed
from headstart.studies.probe.outputs import Outputs, most_places, read_blocks
from headstart.studies.probe.probes import BY_FOLDS, PROBES, check_probes
from headstart.studies.probe.record import SCHEMA, TITLES, Probed, Probing
from headstart.studies.probe.settings import ProbeSettings

FILE = "probe.json"
DEFAULT = ("ridge",)
LEAST = 4  # rows, or groups of them
GUESS = 100.0  # rows a second in the pass, for the progress bar until it knows better
COST = {"ridge": 0.2, "logistic": 3.0, "knn": 0.5, "attentive": 10.0}  # seconds a block, likewise


def probe(
    base: str | nn.Module,
    data: str | Path | Dataset | tuple[Any, Any],
    *,
    out: str | Path | None = None,
    probe: str | Sequence[str] = DEFAULT,
    settings: ProbeSettings | None = None,
    progress: Progress | None = None,
    engine: Engine | None = None,
    **options: Any,
) -> Probing:
    """Probe every block of a frozen backbone from one pass over the data, with control tasks.

    Every score is of rows that the probe has not seen: exact leave-one-out for ridge and kNN, folds for
    the logistic and the attentive probe. Rows that belong together (groups of yours, duplicates) are left
    out together. Control tasks have labels that are drawn at random, with the shares of the true ones
    (arXiv:1909.03368): what a probe scores there on unseen rows is luck, and what it scores on the rows
    that it was fitted to is its capacity to learn by heart.

    Args:
        base: a name, an `nn.Module` of yours, or what `hs.models.backbone` gave; never changed.
        data: whatever `hs.data.load` takes, or what it gave. Rows that a split of yours keeps for testing are
            not looked at.
        out: folder for the record `probe.json`; empty or new. None writes nothing.
        probe: "ridge", "logistic", "knn", "attentive", or several of them.
        settings: or the same as keyword options: `control` (how many control tasks there are;
            0: none), `folds`, `size`, `fit`, `seed`.
        progress: shows what is going on; None: silent.
        engine: where the backbone runs; None: on the CPU.
        **options: fields of `ProbeSettings` by name.

    Returns:
        The record: for every probe and block the score with its 95 % interval, the control, and the
        difference of the two.

    Raises:
        Unknown: a probe or an option that nothing goes by.
        BadData: nothing readable, one class, or too few rows.
        BadInput: a setting out of range, a backbone without blocks, an attentive probe where no block has
            places, a logistic one on numbers.
        CannotWrite: the folder is not empty or can't be written to.
    """
    settings = _settings(settings, probe, options)
    folder = None if out is None else Path(out)
    if folder is not None:
        require_empty(folder, False)
    progress = progress or Progress()
    try:
        with progress.step("look at the data"):
            dataset = data if isinstance(data, Dataset) else load(data)
            mapping = suited(backbone_for(dataset, base), dataset, settings)
            part = _part(check(dataset, tokens=mapping.tokens).dataset, settings)
        record = _Study(settings, part, mapping, progress, engine or One()).run()
    finally:
        progress.close()
    if folder is not None:
        write_atomically(folder / FILE, record.to_json().encode())
    return record


def _settings(
    settings: ProbeSettings | None, probe: str | Sequence[str], options: Mapping[str, Any]
) -> ProbeSettings:
    """All that was told, checked."""
    made = merge_options(settings, ProbeSettings(), options)
    named = (probe,) if isinstance(probe, str) else tuple(probe)
    if settings is not None and settings.probes and named == DEFAULT:
        named = settings.probes
    check_probes(named)
    if not named:
        raise BadInput(f"No probe is named. Give one or more of {', '.join(PROBES)}.")
    return replace(made, probes=tuple(dict.fromkeys(named)))


def _part(data: Dataset, settings: ProbeSettings) -> Dataset:
    """The rows that are looked at."""
    if data.split is not None:
        data = data.subset(np.flatnonzero(np.array(data.split) != "test"))
    many = len(np.unique(data.groups)) if data.groups is not None else len(data)
    least = max(LEAST, settings.folds if set(BY_FOLDS) & set(settings.probes) else 0)
    if many < least:
        groups = " groups" if many < len(data) else " rows"
        raise BadData(f"{data.name} has {many}{groups}, and these probes need {least}. Give more of them.")
    if data.label_kind == "numbers" and "logistic" in settings.probes:
        raise BadInput(
            "A logistic probe tells classes or tags, and these labels are numbers. Take ridge or knn."
        )
    return data


@dataclass(frozen=True)
class _Study:
    """The steps of `probe`."""

    settings: ProbeSettings
    data: Dataset
    backbone: AnyBackbone
    progress: Progress
    engine: Engine

    def run(self) -> Probing:
        session = Session(by_training_part(self.backbone, self.data), self.data, engine=self.engine)
        blocks = session.backbone.anatomy.blocks
        if not blocks:
            raise BadInput(f"{session.backbone.name} has no blocks with parameters that could be probed.")
        self._expect(blocks)
        with ExitStack() as stack:
            folder = None
            if "attentive" in self.settings.probes:
                folder = Path(stack.enter_context(TemporaryDirectory(prefix="headstart-")))
            with self.progress.step("look through all blocks"):
                found = read_blocks(session, np.arange(len(self.data)), folder, self.progress)
            notes = list(self._notes(found))
            table = list(self._table(found))
        return self._record(session.backbone, table, notes)

    def _record(self, backbone: AnyBackbone, table: list[Probed], notes: list[str]) -> Probing:
        data = self.data
        return Probing(
            schema=SCHEMA,
            headstart=headstart.__version__,
            command=command(),
            task=data.name,
            classes=list(data.classes),
            rows=len(data),
            groups=len(np.unique(group_numbers(data))),
            backbone=backbone.name,
            backbone_parameters=sum(p.numel() for p in backbone.parameters()),
            metric=main_metric(data),
            chance=chance(data.labels),
            probes=list(self.settings.probes),
            table=table,
            notes=notes,
            settings=self.settings.record(),
            seed=self.settings.seed,
            versions=versions(),
            label_kind=data.label_kind,
        )

    def _expect(self, blocks: Sequence[str]) -> None:
        steps = {"look through all blocks": len(self.data) / GUESS}
        for name in self.settings.probes:
            steps |= {_step(name, number): COST[name] for number in range(1, len(blocks) + 1)}
        self.progress.expect(steps)

    def _table(self, found: list[Outputs]) -> Iterator[Probed]:
        made = bench(self.data, np.arange(len(self.data)), self.settings)
        for name in self.settings.probes:
            for number, block in enumerate(found, 1):
                if name == "attentive" and block.many == 1:
                    self.progress.forget(_step(name, number))
                    continue
                with self.progress.step(_step(name, number)):
                    yield probed(name, block, made, self.settings.seed)

    def _notes(self, found: list[Outputs]) -> Iterator[str]:
        """What the attentive probe leaves out."""
        if "attentive" not in self.settings.probes:
            return
        alone = [block.block for block in found if block.many == 1]
        if len(alone) == len(found):
            raise BadInput(
                f"No block of {self.backbone.name} has several places: there is nothing to attend to. Take "
                f"the ridge, the logistic or the kNN probe."
            )
        if alone:
            yield f"Without the attentive probe: {', '.join(alone)}, whose output has a single place."
        few = [block.block for block in found if most_places(len(self.data), block.width) < MOST]
        if few:
            yield f"The attentive probe reads fewer places than usual of {', '.join(few)}, to save memory."


def _step(probe: str, number: int) -> str:
    return f"{TITLES[probe].lower()} of block {number}"
