"""Two classes on the test part: ROC, precision and recall, and the threshold that the model decides by."""

from typing import Any

from headstart.face import spell
from headstart.records.record import Interval
from headstart.records.two_classes import OperatingPoint, TwoClasses
from headstart.report.axis import Axis, linear
from headstart.report.figures import Plot
from headstart.report.metric import get_metric
from headstart.report.text import SPACE, Shown, fixed, percent, pluralise, quoted, round_percent
from headstart.studies.adapt.summary import RunRecords

SHARE, AUC = get_metric("accuracy"), get_metric("auc")
TOLD = (  # AUC, in words; Hosmer and Lemeshow 2000, section 5.2.4
    (0.9, "the two classes are told apart very well"),
    (0.8, "the two classes are told apart well"),
    (0.7, "the two classes are told apart fairly well"),
    (0.0, "the two classes are hardly told apart"),
)
HEADINGS = (
    *("threshold", "predicted positive", "recall", "specificity", "precision", "F1", "accuracy"),
    "balanced accuracy",
)


def two_classes(run: RunRecords) -> dict[str, Any] | None:
    """Both curves, the operating point on them, and its figures beside those at 0.5; None of other labels."""
    found: TwoClasses | None = run.result.two_classes
    if found is None:
        return None
    drawn = {"roc": _roc(found), "recall": _precision_recall(found)} if found.curve else {}
    return {
        "say": [_about(found), *areas(found), operating(found)],
        "headings": HEADINGS,
        "rows": _rows(found),
        "circle": ", the circle 0.5" if len(found.points) > 1 else "",
        **drawn,
    }


def _about(found: TwoClasses) -> str:
    rest = found.rows - found.positives
    return (
        f"The positive class is {quoted(found.positive)} ({found.positive_why}): {found.positives:,} of "
        f"{pluralise(found.rows, 'test row')}, {rest:,} are of the other."
    )


def areas(found: TwoClasses) -> list[str]:
    """The areas under both curves in a sentence each; none where one class has no rows."""
    if found.auc is None or found.average_precision is None:
        return ["One of the classes has no row here, so there is neither a ROC nor a precision-recall curve."]
    area, precision = AUC.shown(found.auc), SHARE.shown(found.average_precision)
    told = next(words for least, words in TOLD if found.auc.value >= least)
    if found.auc.low <= 0.5:
        told = "that may be chance, which gives 0.5"
    separated = (
        f"The area under the ROC curve (AUC) is {area.value} (95{SPACE}% interval {area.interval}): {told}. "
        f"A positive row has a higher probability than a negative one in {percent(found.auc.value)} of all "
        f"pairs of the two."
    )
    found_first = (
        f"Average precision is {precision.value} (95{SPACE}% interval {precision.interval}); at random it "
        f"would be {percent(found.positives / found.rows)}, the share of positive rows."
    )
    return [separated, found_first]


def operating(found: TwoClasses) -> str:
    """The threshold, how it was chosen, and what it gives."""
    chosen = found.points[0]
    if not found.rule:
        return (
            f"{found.threshold_why} That is a threshold of 0.5; {spell('threshold')} of adapt takes "
            "another, or "
            f"chooses one on out-of-fold rows: max:f1, recall=0.9."
        )
    return (
        f"{quoted(found.positive)} is predicted where its probability is {at(found.threshold)} or more. "
        f"{found.threshold_why} On the test rows, which took no part in that, it has a recall of "
        f"{_value(chosen.recall)} and a precision of {_value(chosen.precision)}."
    )


def at(threshold: float) -> str:
    """A threshold in three digits."""
    return fixed(threshold, 3)


def _value(figure: Interval | None) -> str:
    return "no rows" if figure is None else str(SHARE.shown(figure))


def _rows(found: TwoClasses) -> list[dict[str, Any]]:
    rows = [_row(point, "test rows") for point in found.points]
    if found.out_of_fold is not None:
        rows.append(_row(found.out_of_fold, "out-of-fold rows, by which it was chosen"))
    return [row | {"chosen": place == 0 and bool(found.rule)} for place, row in enumerate(rows)]


def _row(point: OperatingPoint, on: str) -> dict[str, Any]:
    figures = (
        *(point.recall, point.specificity, point.precision),
        *(point.f1, point.accuracy, point.balanced_accuracy),
    )
    shown: list[Shown | None] = [SHARE.shown(figure) if figure else None for figure in figures]
    return {"name": at(point.threshold), "on": on, "predicted": f"{point.predicted:,}", "figures": shown}


def _axes(x: str, y: str) -> tuple[Axis, Axis]:
    return linear(0, 1, round_percent, x), linear(0, 1, round_percent, y)


def _roc(found: TwoClasses) -> str:
    plot = Plot(*_axes("false positive rate", "recall"), 300)
    plot.line([(0, 0), (1, 1)], "ideal")
    plot.line([(each.false_positive_rate, each.recall) for each in found.curve], "s1")
    for point, style in _marked(found):
        if point.recall is not None and point.specificity is not None:
            spot = 1 - point.specificity.value, point.recall.value
            plot.dot(spot, style, _hover(point), 6)
    assert found.auc is not None
    return plot.figure(f"ROC curve of {found.positive}, AUC {AUC.shown(found.auc)}; {_words(found)}")


def _precision_recall(found: TwoClasses) -> str:
    """Steps, as average precision counts them: the precision of a recall is that of the rows down to it."""
    plot = Plot(*_axes("recall", "precision"), 300)
    random = found.positives / found.rows
    plot.line([(0, random), (1, random)], "ideal")
    steps: list[tuple[float, float]] = []
    for each in found.curve[1:]:
        steps += [(steps[-1][0] if steps else 0.0, each.precision), (each.recall, each.precision)]
    plot.line(steps, "s1")
    for point, style in _marked(found):
        if point.recall is not None and point.precision is not None:
            plot.dot((point.recall.value, point.precision.value), style, _hover(point), 6)
    assert found.average_precision is not None
    area = SHARE.shown(found.average_precision)
    return plot.figure(
        f"Precision-recall curve of {found.positive}, average precision {area}; {_words(found)}"
    )


def _marked(found: TwoClasses) -> list[tuple[OperatingPoint, str]]:
    """The points that are drawn, that of the model last and filled."""
    return list(zip(found.points, ("s1 best", "s1 open"), strict=False))[::-1]


def _hover(point: OperatingPoint) -> str:
    return (
        f"threshold {at(point.threshold)}: recall {_value(point.recall)}, precision {_value(point.precision)}"
    )


def _words(found: TwoClasses) -> str:
    return "; ".join(_hover(point) for point in found.points)


def told_apart(found: TwoClasses | None) -> list[str]:
    """The threshold of two classes, if one was asked for, and the areas under their curves."""
    if found is None:
        return []
    return [*([operating(found)] if found.rule else []), *areas(found)]
