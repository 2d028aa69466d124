"""All that a study evidence, and the record made of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from headstart.data.check import Checked
from headstart.data.dataset import Dataset
from headstart.models.backbone import AnyBackbone
from headstart.session.inputs import about_columns
from headstart.session.scoring import bins, confusions, scores, selection_metric
from headstart.studies.adapt import (
    AdaptSettings,
    Candidate,
    Curve,
    DataCheck,
    Finding,
    Layer,
    Mistake,
    SizePoint,
    Tested,
)
from headstart.studies.adapt.candidates import CandidateResult
from headstart.studies.adapt.figures import columns_of, tags_of
from headstart.studies.adapt.final_models import FittedModel
from headstart.studies.adapt.mistakes import save_pictures as save_pictures
from headstart.studies.adapt.plan import Plan
from headstart.studies.adapt.words import headline, warnings


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a study evidence, in its own types."""

    settings: AdaptSettings
    plan: Plan
    backbone: AnyBackbone
    train: Dataset
    test: Dataset
    checked: Checked
    results: Sequence[CandidateResult]
    chosen: CandidateResult
    why: str
    finals: Sequence[FittedModel]
    tested: list[Tested]
    logits: Tensor  # (test rows, classes) of the selected model
    mistakes: list[Mistake]
    layers: list[Layer]
    sizes: list[SizePoint]


def fields_of(evidence: Evidence) -> dict[str, Any]:
    """The record's own fields; a function of the evidence alone."""
    train, test, logits, tested = evidence.train, evidence.test, evidence.logits, evidence.tested
    seed = evidence.settings.seed
    return {
        "task": train.name,
        "classes": list(train.classes),
        "train_rows": len(train),
        "test_rows": len(test),
        "backbone": evidence.backbone.name,
        "backbone_parameters": sum(p.numel() for p in evidence.backbone.parameters()),
        "preprocess": _preprocess(evidence.backbone),
        "check": _data_check(evidence.checked),
        "candidates": [_candidate(result, evidence) for result in evidence.results],
        "selected": evidence.chosen.name,
        "why": evidence.why,
        "tested": tested,
        "headline": headline(tested, len(test), train.name, len(train.classes)),
        "warnings": warnings(tested),
        "confusion": confusions(logits, test.labels),
        "bins": bins(logits, test.labels),
        "mistakes": evidence.mistakes,
        "layers": evidence.layers,
        "size_curve": [point for point in evidence.sizes if point.score],
        "curves": list(_curves(evidence)),
        "kind": train.kind,
        "label_kind": train.label_kind,
        "metric": tested[0].scores.main,
        "selection": selection_metric(train.labels),
        "tags": tags_of(test, logits, seed),
        "columns": columns_of(train, test, logits, seed),
    }


def _preprocess(mapping: AnyBackbone) -> dict[str, Any]:
    reading = mapping.preprocess or mapping.tokens
    return reading.settings() if reading else {}


def _candidate(one: CandidateResult, evidence: Evidence) -> Candidate:
    about = one.method.about
    labels = evidence.train.labels[one.rows]
    return Candidate(
        name=one.name,
        title=one.method.title,
        settings=dict(vars(one.method)),
        transfers=about.transfers,
        adapts=about.adapts,
        paper=about.paper,
        folds=one.folds,
        of_folds=evidence.settings.folds,
        dropped=one.dropped,
        trained_parameters=one.trained,
        scores=scores(one.logits, labels, evidence.settings.seed) if one.folds else None,
    )


def _data_check(checked: Checked) -> DataCheck:
    findings = [Finding(**{**vars(one), "items": list(one.items)}) for one in checked.findings]
    return DataCheck(len(checked.dataset), checked.class_counts, findings)


def notes_of(evidence: Evidence) -> Iterator[str]:
    """What the budget or the race cut, in order."""
    yield from evidence.plan.decisions
    yield from about_columns(evidence.backbone, evidence.test)
    for one in evidence.results:
        if one.dropped:
            yield f"{one.method.title}: {one.dropped}."
        yield from one.notes
    for final in evidence.finals:
        yield from final.notes
    if evidence.plan.scratch and len(evidence.finals) < 2:
        yield "From scratch: its loss stopped being a number, so there is nothing to compare transfer with."
    for point in evidence.sizes:
        if not point.score:
            of = "labels a class" if evidence.train.label_kind == "classes" else "labelled rows"
            what = f"{point.title} with {point.labels_per_class} {of}"
            yield f"{what} is not in the size curve: its loss stopped being a number."


def _curves(evidence: Evidence) -> Iterator[Curve]:
    for one in evidence.results:
        for number, losses in enumerate(one.curves):
            steps = list(range(1, len(losses) + 1))
            yield Curve(one.name, one.method.title, number, steps, losses)
    for final in evidence.finals:
        if curve := final.shown_curve():
            yield curve
