"""The fields of the record: data, candidates, notes, figures on the test part, and the mistakes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import Method
from headstart.data.check import Checked
from headstart.data.dataset import Dataset
from headstart.face import spell
from headstart.metrics.intervals import average_precisions, score_all, share
from headstart.metrics.tags import THRESHOLD, score_outputs
from headstart.metrics.thresholds import Threshold
from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.report.text import quoted, significant
from headstart.session.scoring import as_predictions, bins, confusions, decided, positive_of, scores
from headstart.session.session import Session
from headstart.session.table_backbone import about_columns
from headstart.studies.adapt import (
    Candidate,
    ColumnFigures,
    Curve,
    DataCheck,
    Finding,
    Mistake,
    SizePoint,
    TagFigures,
    Tested,
)
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.choice import CandidateResult, transfers
from headstart.studies.adapt.fitted_model import FittedModel
from headstart.studies.adapt.opening import SAMPLES
from headstart.studies.adapt.plan import kept_decisions
from headstart.studies.adapt.shown_sample import save_sample
from headstart.studies.adapt.summary import headline, warnings

POINTS = 500  # rows of a column that are drawn
BARS = 31  # of errors; odd, so that the middle one is around 0
MISTAKES = 12
DIGITS = 4  # of a number
CURVE = "the size curve"  # in notes on it
NOTHING = "{} learned from the rows of the training part alone."

Wrong = tuple[int, str, str, float, float | None]  # row, truth, answer, its confidence, error


def about_data(session: Session, test: Dataset, checked: Checked) -> dict[str, Any]:
    """The fields that describe the data and the backbone."""
    train, backbone = session.data, session.backbone
    reading = backbone.preprocess or backbone.tokens
    findings = [Finding(**vars(each) | {"items": list(each.items)}) for each in checked.findings]
    return {
        "task": train.name,
        "classes": list(train.classes),
        "train_rows": len(train),
        "test_rows": len(test),
        "test_groups": test.group_count,
        "backbone": backbone.name,
        "backbone_parameters": sum(p.numel() for p in backbone.parameters()),
        "preprocess": reading.settings() if reading else {},
        "check": DataCheck(len(checked.dataset), checked.class_counts, findings),
        "kind": train.kind,
        "label_kind": train.label_kind,
    }


def about_candidate(result: CandidateResult, validation: CrossValidation) -> Candidate:
    """The record of a method that was tried by cross-validation."""
    method, settings, data = result.method, validation.settings, validation.session.data
    truth = data.labels[result.rows], data.groups_of(result.rows), settings.seed
    return Candidate(
        name=method.label,
        title=method.title,
        settings=dict(vars(method)),
        transfers=method.about.transfers,
        adapts=method.about.adapts,
        paper=method.about.paper,
        folds=result.folds,
        of_folds=settings.folds,
        dropped=result.dropped,
        trained_parameters=result.trained,
        added_bytes=result.added,
        scores=scores(result.logits, *truth, validation.session.metric) if result.folds else None,
    )


def curves_of(results: Sequence[CandidateResult], finals: Sequence[FittedModel]) -> Iterator[Curve]:
    """The learning curve of every training by descent; fold -1 is the training on all rows."""
    trainings = [(result.method, *curve) for result in results for curve in enumerate(result.curves)]
    trainings += [(final.method, -1, final.curve) for final in finals if final.curve]
    for method, fold, losses in trainings:
        yield Curve(method.label, method.title, fold, list(range(1, len(losses) + 1)), losses)


def notes_of(
    validation: CrossValidation,
    test: Dataset,
    results: Sequence[CandidateResult],
    finals: Sequence[FittedModel],
    sizes: Sequence[SizePoint],
) -> Iterator[str]:
    """What the budget or the race cut, in order."""
    plan, session = validation.plan, validation.session
    drawn = any(many > 1 for many in Counter(point.method for point in sizes if point.score).values())
    for note in (*kept_decisions(plan.decisions, validation.budget.notes), *validation.budget.notes):
        if drawn or CURVE not in note.lower():
            yield note
    yield from _about_metric(session, validation.settings.metric)
    yield from about_columns(session.backbone, test)
    for result in results:
        yield from result.notes
    for final in finals:
        yield from final.notes
    of = "labels a class" if session.data.label_kind == "classes" else "labelled rows"
    for point in sizes:
        if drawn and not point.score:
            what = f"{point.title} with {point.labels_per_class} {of}"
            yield f"{what} is not in the size curve: its loss stopped being a number."


def _about_metric(session: Session, wanted: str | None) -> Iterator[str]:
    title, place = get_metric(session.metric).title, positive_of(session.metric)
    if place is not None and session.metric != "auc":
        title += f" of {quoted(session.data.classes[place])}"
    if wanted is not None:
        yield f"Methods were selected by {title}, as {spell('metric')} says."
    elif session.metric == "balanced_accuracy":
        yield (
            "The largest class has more than three times the rows of the smallest, so methods were selected "
            "by balanced accuracy, in which all classes count alike. "
            f"{spell('metric', 'accuracy')} weighs rows."
        )


def about_test(
    train: Dataset,
    test: Dataset,
    tested: list[Tested],
    logits: Tensor,
    method: Method[Any],
    threshold: Threshold | None = None,
) -> dict[str, Any]:
    """The fields that describe the test part; `logits` (test rows, outputs) of the selected method."""
    transferred = transfers(method)
    sample = SAMPLES.get(train.kind, "row")
    opening = headline(tested, test.group_count, train.name, len(train.classes), sample)
    return {
        "tested": tested,
        "headline": opening if transferred else f"{opening} No transfer: {NOTHING.format(tested[0].title)}",
        "warnings": warnings(tested, transferred),
        "metric": tested[0].scores.main,
        "confusion": confusions(decided(logits, threshold), test.labels),
        "bins": bins(logits, test.labels),
        "tags": tags_of(test, logits),
        "columns": columns_of(train, test, logits),
    }


# --- each tag, or each column of numbers


def tags_of(test: Dataset, outputs: Tensor) -> list[TagFigures]:
    """Figures of each tag by itself, of outputs (n, tags) on the test part; [] for other kinds of label.

    Average precision has an interval from the jackknife, precision and recall are shares of rows and have
    Wilson's; rows of a group depend on each other.
    """
    if test.label_kind != "tags":
        return []
    scored = score_outputs(as_predictions(outputs, "tags"), test.labels)
    precisions = average_precisions(scored, test.groups)
    correct = scored.known & scored.given
    rows, predicted = scored.known.sum(0), scored.given.sum(0)
    return [
        TagFigures(
            name=name,
            rows=int(rows[tag]),
            said=int(predicted[tag]),
            average_precision=Interval(*precisions[tag]) if rows[tag] else None,
            precision=_share(correct[:, tag], scored.given[:, tag], test),
            recall=_share(correct[:, tag], scored.known[:, tag], test),
        )
        for tag, name in enumerate(test.classes)
    ]


def _share(correct: NDArray[np.bool_], of: NDArray[np.bool_], test: Dataset) -> Interval | None:
    return Interval(*share(correct[of], test.groups_of(of.nonzero()[0]))) if of.any() else None


def columns_of(train: Dataset, test: Dataset, outputs: Tensor) -> list[ColumnFigures]:
    """Figures of each column by itself, of outputs (n, columns) on the test part; [] for other labels."""
    if test.label_kind != "numbers":
        return []
    predicted, mean = as_predictions(outputs, "numbers"), train.labels.mean(0)
    return [
        _column(name, predicted[:, [k]], test.labels[:, [k]], float(mean[k]), test.groups)
        for k, name in enumerate(test.classes)
    ]


def _column(
    name: str, predicted: NDArray[np.float64], truth: NDArray[Any], mean: float, groups: NDArray[Any] | None
) -> ColumnFigures:
    intervals = score_all(predicted, truth, 0, groups)  # nothing is drawn
    figures = {key: Interval(*value) for key, value in intervals.items()}
    order = np.argsort(truth[:, 0], kind="stable")
    shown = order[np.linspace(0, len(order) - 1, min(POINTS, len(order))).round().astype(np.int64)]
    errors = (predicted - truth)[:, 0]
    end = float(np.abs(errors).max()) or 1.0
    counts, _ = np.histogram(errors, BARS, (-end, end))
    return ColumnFigures(
        name=name,
        **{key: figures[key] for key in ("r2", "rmse", "mae")},
        mean_mae=float(np.abs(truth - mean).mean()),
        truth=truth[shown, 0].tolist(),
        answers=predicted[shown, 0].tolist(),
        low=-end,
        high=end,
        errors=counts.tolist(),
    )


# --- the mistakes


def save_mistakes(
    folder: Path, test: Dataset, outputs: Tensor, threshold: Threshold | None = None
) -> list[Mistake]:
    """The worst mistakes on the test part, with the text or a small picture in `folder`.

    Of classes and tags, the most confident ones, for tags the worst of each row; of numbers, the largest
    errors, those of several columns in units of the column's deviation.
    """
    worst = {"tags": _tags, "numbers": _numbers}.get(test.label_kind, partial(_classes, threshold=threshold))
    mistakes: list[Mistake] = []
    for row, truth, answer, confidence, error in islice(worst(test, outputs), MISTAKES):
        name, text = save_sample(test, row, folder, f"mistake-{len(mistakes):02d}.webp")
        mistakes.append(Mistake(test.items[row], name, truth, answer, confidence, text, error))
    return mistakes


def _classes(test: Dataset, outputs: Tensor, threshold: Threshold | None) -> Iterator[Wrong]:
    shares, answers = outputs.double().softmax(1), decided(outputs, threshold).argmax(1)
    confidences, predicted = shares.gather(1, answers[:, None])[:, 0].tolist(), answers.tolist()
    wrong = [row for row in range(len(test)) if predicted[row] != int(test.labels[row])]
    for row in sorted(wrong, key=lambda row: -confidences[row]):
        truth, answer = test.classes[int(test.labels[row])], test.classes[predicted[row]]
        yield row, truth, answer, confidences[row], None


def _tags(test: Dataset, outputs: Tensor) -> Iterator[Wrong]:
    probabilities, labels = as_predictions(outputs, "tags"), test.labels
    against = np.where(labels, 1 - probabilities, probabilities)  # of what is not so
    worst = against.argmax(1)
    for row in np.argsort(-against.max(1), kind="stable").tolist():
        tag, confidence = int(worst[row]), float(against[row].max())
        if (probabilities[row, tag] >= THRESHOLD) == labels[row, tag]:
            return
        name = test.classes[tag]
        truth, answer = (name, f"not {name}") if labels[row, tag] else (f"not {name}", name)
        yield row, truth, answer, confidence, None


def _numbers(test: Dataset, outputs: Tensor) -> Iterator[Wrong]:
    errors = as_predictions(outputs, "numbers") - test.labels
    deviation = test.labels.std(0)
    size = np.abs(errors) / np.where(deviation > 0, deviation, 1.0)
    worst = size.argmax(1)
    for row in np.argsort(-size.max(1), kind="stable").tolist():
        column = int(worst[row])
        error, truth = float(errors[row, column]), float(test.labels[row, column])
        if error == 0:
            return
        name = f"{test.classes[column]} " if len(test.classes) > 1 else ""
        shown = [f"{name}{significant(value, DIGITS)}" for value in (truth, truth + error)]
        yield row, shown[0], shown[1], 0.0, error
