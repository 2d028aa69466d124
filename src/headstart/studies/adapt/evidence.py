"""All that a study found, and the record made of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

import headstart
from headstart.data.check import Checked
from headstart.data.dataset import Dataset
from headstart.models.backbone import AnyBackbone
from headstart.records.provenance import versions
from headstart.records.record import (
    SCHEMA,
    Candidate,
    Curve,
    DataCheck,
    Finding,
    Layer,
    Mistake,
    Result,
    SizePoint,
    Tested,
)
from headstart.records.settings import AdaptSettings
from headstart.session.scoring import bins, confusions, scores, selection_of
from headstart.session.tables import about_columns
from headstart.studies.adapt.candidates import Tried
from headstart.studies.adapt.figures import columns_of, tags_of
from headstart.studies.adapt.finals import Final
from headstart.studies.adapt.mistakes import save_pictures as save_pictures
from headstart.studies.adapt.plan import Plan
from headstart.studies.adapt.words import headline, warnings


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a study found, in its own types."""

    settings: AdaptSettings
    said: list[str]  # of the precision
    command: str
    plan: Plan
    backbone: AnyBackbone
    train: Dataset
    test: Dataset
    checked: Checked
    tried: Sequence[Tried]
    chosen: Tried
    why: str
    finals: Sequence[Final]
    tested: list[Tested]
    logits: Tensor  # (test rows, classes) of the selected model
    mistakes: list[Mistake]
    layers: list[Layer]
    sizes: list[SizePoint]


def result_of(found: Evidence) -> Result:
    """The record; a function of the evidence alone."""
    task = found.train.name
    return Result(
        schema=SCHEMA,
        headstart=headstart.__version__,
        command=found.command,
        task=task,
        classes=list(found.train.classes),
        train_rows=len(found.train),
        test_rows=len(found.test),
        backbone=found.backbone.name,
        backbone_parameters=sum(p.numel() for p in found.backbone.parameters()),
        preprocess=_preprocess(found.backbone),
        check=_data_check(found.checked),
        candidates=[_candidate(one, found) for one in found.tried],
        selected=found.chosen.name,
        why=found.why,
        tested=found.tested,
        headline=headline(found.tested, len(found.test), task, len(found.train.classes)),
        warnings=warnings(found.tested),
        decisions=list(dict.fromkeys(_decisions(found))),
        confusion=confusions(found.logits, found.test.labels),
        bins=bins(found.logits, found.test.labels),
        mistakes=found.mistakes,
        layers=found.layers,
        size_curve=[point for point in found.sizes if point.score],
        curves=list(_curves(found)),
        settings=found.settings.record(),
        seed=found.settings.seed,
        versions=versions(),
        kind=found.train.kind,
        label_kind=found.train.label_kind,
        metric=found.tested[0].scores.main,
        selection=selection_of(found.train.labels),
        tags=tags_of(found.test, found.logits, found.settings.seed),
        columns=columns_of(found.train, found.test, found.logits, found.settings.seed),
    )


def _preprocess(mapping: AnyBackbone) -> dict[str, Any]:
    reading = mapping.preprocess or mapping.tokens
    return reading.settings() if reading else {}


def _candidate(one: Tried, found: Evidence) -> Candidate:
    about = one.method.about
    labels = found.train.labels[one.rows]
    return Candidate(
        name=one.name,
        title=one.method.title,
        settings=dict(vars(one.method)),
        transfers=about.transfers,
        adapts=about.adapts,
        paper=about.paper,
        folds=one.folds,
        of_folds=found.settings.folds,
        dropped=one.dropped,
        trained_parameters=one.trained,
        scores=scores(one.logits, labels, found.settings.seed) if one.folds else None,
    )


def _data_check(checked: Checked) -> DataCheck:
    findings = [Finding(**{**vars(one), "items": list(one.items)}) for one in checked.findings]
    return DataCheck(len(checked.dataset), checked.class_counts, findings)


def _decisions(found: Evidence) -> Iterator[str]:
    yield from found.said
    yield from found.plan.decisions
    yield from about_columns(found.backbone, found.test)
    for one in found.tried:
        if one.dropped:
            yield f"{one.method.title}: {one.dropped}."
        yield from one.notes
    for final in found.finals:
        yield from final.notes
    if found.plan.scratch and len(found.finals) < 2:
        yield "From scratch: its loss stopped being a number, so there is nothing to compare transfer with."
    for point in found.sizes:
        if not point.score:
            of = "labels a class" if found.train.label_kind == "classes" else "labelled rows"
            what = f"{point.title} with {point.labels_per_class} {of}"
            yield f"{what} is not in the size curve: its loss stopped being a number."


def _curves(found: Evidence) -> Iterator[Curve]:
    for one in found.tried:
        for number, losses in enumerate(one.curves):
            steps = list(range(1, len(losses) + 1))
            yield Curve(one.name, one.method.title, number, steps, losses)
    for final in found.finals:
        if curve := final.shown_curve():
            yield curve
