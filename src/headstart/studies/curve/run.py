"""How many labels are needed? Accuracy against labels a class, for any methods, over several seeds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

import headstart
from headstart.core import BadData, LabelKind, Method, make, require_label_kind
from headstart.data.augment import Augment
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.train_test_split import Rows, train_and_test
from headstart.methods.outputs.probing._standard import linear_probe
from headstart.models.backbone import AnyBackbone
from headstart.records.provenance import versions
from headstart.run.engine import Engine, One
from headstart.run.progress import Progress
from headstart.session.few import Few
from headstart.session.inputs import backbone_for, suited
from headstart.session.precision import settle_precision, settled_precision
from headstart.session.scoring import least_of, selection_of
from headstart.session.session import Session
from headstart.session.source import refuse_sourced
from headstart.session.subsets import kinds, kinds_in, usual
from headstart.session.tables import by_training_part
from headstart.session.target import refuse_targeted
from headstart.studies._experiment import SIZES, CurveSettings
from headstart.studies._folder import backbone_digest, data_digest, refuse_full
from headstart.studies._repeats import gain, interval, mean
from headstart.studies._study_folder import Place, merge_options, opened
from headstart.studies.curve.record import SCHEMA, CurvePoint, SizeCurve

DEFAULT = ("logistic-probe", "nearest-centroid", "fine-tune", "from-scratch")
FILE = "curve.json"
GUESS = 100.0  # samples a second in training, for the progress bar until it knows better


def curve(
    base: str | nn.Module,
    data: str | Path | Dataset | tuple[Any, Any],
    *,
    out: str | Path | None = None,
    settings: CurveSettings | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    engine: Engine | None = None,
    **options: Any,
) -> SizeCurve:
    """Draw accuracy against labels a class: every method learns from the same few rows.

    A part of the rows is held out, stratified and by whole groups, and judges everything. Of the other
    rows each seed takes subsets, so many of each class, or with tags and numbers so many in all: the one with
    fewer labels lies in the one with more, and all methods get the same. Sizes that there are not enough rows
    for are left out, and the notes say so.

    Args:
        base: a name, an `nn.Module` of yours, or what `hs.models.backbone` gave; never changed.
        data: whatever `hs.data.load` takes, or what it gave.
        out: folder for the record `curve.json` and the finished steps; empty or new, unless `resume`.
            None keeps nothing.
        settings: or the same as keyword options: `methods`, specs such as "fine-tune:last=2" or methods
            themselves, of which the first is what the others are compared with; `labels_per_class`,
            `seeds`, `epochs`, `steps`, `test`, `size`, `fit`, `batch`, `lr`, `precision`, `seed`.
        resume: go on with an interrupted curve; it ends in the same bytes as if it had not been.
        progress: shows what is going on; None: silent.
        engine: where to compute; None: one process on the CPU.
        **options: fields of `CurveSettings` by name.

    Returns:
        The record: for every method and size the score of each seed (balanced accuracy of classes, average
        precision of tags, R² of numbers), the mean with its 95 % interval over the seeds, and the paired
        difference to the first method.

    Raises:
        BadData: nothing readable, one class, or no size that every class has rows for.
        BadInput: an unknown name or a setting out of range; on resuming, another study's folder.
        CannotWrite: the folder is not empty or can't be written to.
    """
    methods, given = _methods(options)
    settings = merge_options(settings, CurveSettings(), given)
    methods = methods or [make(spec) for spec in settings.methods]
    refuse_sourced(methods, "a curve")
    refuse_targeted(methods, "a curve")
    folder = None if out is None else Path(out)
    if folder is not None:
        refuse_full(folder, resume)
    dataset = data if isinstance(data, Dataset) else load(data)
    methods = _able(methods, dataset.label_kind)
    mapping = suited(backbone_for(dataset, base), dataset, settings)
    digests = {"data": data_digest(dataset), "backbone": backbone_digest(mapping)}
    with opened(folder, settings, digests, resume, progress or Progress()) as place:
        settings, said = settle_precision(settings, mapping, engine or One(), place.journal)
        return _Curve(place, settings, dataset, mapping, engine or One(), said).run(methods)


def _methods(options: Mapping[str, Any]) -> tuple[list[Method[Any]], dict[str, Any]]:
    """The methods that were given, if any, and the options with their specs instead."""
    if "methods" not in options or isinstance(options["methods"], str):
        return [], dict(options)
    made = [one if isinstance(one, Method) else make(one) for one in options["methods"]]
    named = {method.label: method for method in made}
    return list(named.values()), {**options, "methods": tuple(named)}


def _able(methods: list[Method[Any]], kind: LabelKind) -> list[Method[Any]]:
    """The methods, if they can learn the kind of target; none: those of `DEFAULT`, as they suit it."""
    for method in methods:
        require_label_kind(method, kind)
    made = [linear_probe(kind), *map(make, DEFAULT[1:])]
    return methods or [method for method in made if kind in method.about.label_kinds]


@dataclass(frozen=True)
class _Curve:
    """The steps of `curve`; each is written down when it is finished."""

    place: Place
    settings: CurveSettings
    data: Dataset
    backbone: AnyBackbone
    engine: Engine
    said: list[str]  # of the precision

    def run(self, methods: list[Method[Any]]) -> SizeCurve:
        with self.place.progress.step("look at the data"):
            data = check(self.data, tokens=self.backbone.tokens).dataset
            rest, held = train_and_test(data, self.settings.test, self.settings.seed)
        sizes, notes = _sizes(data, rest, self.settings.labels_per_class or usual(SIZES, data))
        session = Session(
            by_training_part(self.backbone, data.subset(rest)),
            data,
            cache=self.place.folder / "cache",
            precision=settled_precision(self.settings),
            augment=Augment() if data.is_images else None,
            engine=self.engine,
            watch=self.place.progress.watch,
        )
        few = Few(session, self.settings, rest, held, self.settings.steps)
        self.place.progress.expect(self._expected(methods, sizes, kinds_in(data)))
        found = {(method.label, k): self._seeds(few, method, k, notes) for k in sizes for method in methods}
        record = SizeCurve(
            schema=SCHEMA,
            headstart=headstart.__version__,
            command=self.place.command,
            task=data.name,
            classes=list(data.classes),
            train_rows=len(rest),
            test_rows=len(held),
            backbone=session.backbone.name,
            backbone_parameters=sum(p.numel() for p in session.backbone.parameters()),
            labels_per_class=sizes,
            methods=[method.label for method in methods],
            points=list(_points(methods, sizes, found, least_of(data.labels))),
            notes=[*self.said, *notes],
            settings=self.settings.record(),
            seed=self.settings.seed,
            versions=versions(),
            selection=selection_of(data.labels),
        )
        self.place.write(record, FILE)
        return record

    def _expected(self, methods: list[Method[Any]], sizes: list[int], classes: int) -> dict[str, float]:
        """The names of all steps with a guess of the seconds of each."""
        settings = self.settings
        return {
            _name(method, k, seed): 0.1
            if method.about.closed_form
            else max(settings.epochs * k * classes, settings.steps * min(settings.batch, k * classes)) / GUESS
            for k in sizes
            for method in methods
            for seed in range(settings.seeds)
        }

    def _seeds(self, few: Few, method: Method[Any], k: int, notes: list[str]) -> dict[int, float]:
        """The metric of selection of each seed that did not diverge."""
        found = {}
        for seed in range(self.settings.seeds):
            name = _name(method, k, seed)
            answer = self.place.once(
                name, lambda name=name, seed=seed: self._once(few, method, k, seed, name)
            )
            if "diverged" in answer:
                what = f"{method.title} with {_labels(k, self.data)}, seed {seed}"
                notes.append(f"{what}, is left out: {answer['diverged']}")
            else:
                found[seed] = answer["score"]
        return found

    def _once(self, few: Few, method: Method[Any], k: int, seed: int, name: str) -> dict[str, float]:
        checkpoint = self.place.journal.checkpoint(name)
        return {"score": few.score(method, self.settings.epochs, k, seed, name, checkpoint)}


def _name(method: Method[Any], k: int, seed: int) -> str:
    return f"try {method.label} with {k} labels a class, seed {seed}"


def _sizes(data: Dataset, rest: Rows, wanted: tuple[int, ...]) -> tuple[list[int], list[str]]:
    """The sizes that there are rows for, and what is to be said of the others."""
    counts = np.bincount(kinds(data)[rest], minlength=kinds_in(data))
    least, classes = int(counts.min()), data.label_kind == "classes"
    whose = f"the class {data.classes[int(counts.argmin())]!r}" if classes else "the training part"
    sizes = [k for k in wanted if k <= least]
    few = f"{whose} has {least} {'row' if least == 1 else 'rows'} to learn from"
    of = " of each class" if classes else ""
    if not sizes:
        raise BadData(
            f"{data.name}: {few}, and the smallest subset takes {wanted[0]}{of}. Give more rows, or "
            f"smaller subsets with --labels."
        )
    return sizes, [f"{_labels(k, data)} are left out: {few}." for k in wanted if k > least]


def _labels(k: int, data: Dataset) -> str:
    return f"{k} labels a class" if data.label_kind == "classes" else f"{k} labels"


def _points(
    methods: list[Method[Any]],
    sizes: list[int],
    found: Mapping[tuple[str, int], Mapping[int, float]],
    least: float,
) -> Iterator[CurvePoint]:
    first = methods[0].label
    for method in methods:
        for k in sizes:
            mine = found[method.label, k]
            if not mine:
                continue
            values = list(mine.values())
            yield CurvePoint(
                method=method.label,
                title=method.title,
                labels_per_class=k,
                seeds=list(mine),
                score=values,
                mean=mean(values),
                interval=interval(values, least),
                gain=None if method.label == first else gain(mine, found[first, k], least),
            )
