"""Data of two classes: the threshold, chosen on out-of-fold rows, and how well the classes are told apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Unknown, derive_seed
from headstart.data.dataset import Dataset
from headstart.face import spell
from headstart.metrics.intervals import score_all, score_one, share
from headstart.metrics.rankings import rarer_class
from headstart.metrics.thresholds import Threshold, best_threshold, rates, threshold_for
from headstart.records.record import Interval
from headstart.records.two_classes import (
    AUTO,
    HALF,
    MAXIMISED,
    CurvePoint,
    OperatingPoint,
    ThresholdRule,
    TwoClasses,
    is_half,
    parse_threshold,
)
from headstart.report.metric import get_metric
from headstart.runtime.predictions import Decision
from headstart.session.scoring import DECIDED, RANKED, as_predictions, choose_metric, decided, main_score
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.choice import CandidateResult

UNASKED = "The more probable class is predicted."
POINTS = 200  # of the curves that are kept


@dataclass(frozen=True)
class Chosen:
    """The positive class of two, and the threshold that a model is saved with.

    Attributes:
        threshold: 0.5 if none was asked for.
        asked: whether one was.
        about: the fields of `TwoClasses` that say how it was chosen.
    """

    threshold: Threshold
    asked: bool
    about: Mapping[str, Any]

    @property
    def saved(self) -> Threshold | None:
        """What the model decides by; None: the more probable class is predicted."""
        return self.threshold if self.asked else None


def require_two_classes(settings: AdaptSettings, data: Dataset) -> None:
    """Refuse a positive class or a threshold where there are none, before anything is trained.

    Raises:
        BadInput: the labels are not two classes, or the metric of the run depends on no threshold.
        Unknown: no class has that name.
    """
    for name in ("positive", "threshold"):
        if getattr(settings, name) is not None and not is_of_two(data):
            what = f"{len(data.classes)} classes" if data.label_kind == "classes" else data.label_kind
            raise BadInput(
                f"{spell(name)} is {getattr(settings, name)}; it goes with two classes, and {data.name} has "
                f"{what}. Leave it out."
            )
    if settings.positive is not None and settings.positive not in data.classes:
        raise Unknown("class", settings.positive, data.classes)
    rule = parse_threshold(settings.threshold) if settings.threshold is not None else None
    metric = choose_metric(data.labels, settings.metric)
    if rule and rule.metric == AUTO and metric not in MAXIMISED:
        raise BadInput(
            f"{spell('threshold')} is auto, and {get_metric(metric).title} does not depend on a threshold. "
            "Name what "
            f"it is to be best for: {', '.join(f'max:{name}' for name in MAXIMISED)}."
        )


def is_of_two(data: Dataset) -> bool:
    """Whether the labels are two classes."""
    return data.label_kind == "classes" and len(data.classes) == 2


def choose_threshold(
    settings: AdaptSettings, train: Dataset, result: CandidateResult, metric: str
) -> Chosen | None:
    """The threshold by the out-of-fold predictions of the selected method; None unless there are two classes.

    Args:
        settings: with `positive` and `threshold`.
        train: the training part.
        result: of the selected method.
        metric: of the run, which `auto` stands for.
    """
    if not is_of_two(train):
        return None
    positive, positive_why = _positive(settings, train)
    rule = None if settings.threshold is None else parse_threshold(settings.threshold)
    about = {"positive": train.classes[positive], "positive_why": positive_why}
    if rule is None:
        unasked = {"rule": "", "threshold_why": UNASKED, "out_of_fold": None}
        return Chosen(Threshold(positive, HALF), asked=False, about={**about, **unasked})
    labels = train.labels[result.rows]
    value, why = _by_rule(rule, result.logits, labels, positive, metric)
    threshold = Threshold(positive, value)
    truth = labels, train.groups_of(result.rows), settings.seed
    point = operating_point(result.logits, *truth, threshold)
    asked = {"rule": str(settings.threshold), "threshold_why": why, "out_of_fold": point}
    return Chosen(threshold, asked=True, about={**about, **asked})


def decides(decision: Decision, data: Dataset, reported: TwoClasses | None) -> Chosen | None:
    """What a saved model decides by, for other rows than those of its run; None unless it has two classes.

    Args:
        decision: of the model.
        data: with the classes of the model.
        reported: what the report of its run says, if it comes from one.
    """
    if not is_of_two(data):
        return None
    place, why = _rarer(data)
    if name := decision.positive or (reported and reported.positive):
        place, why = data.classes.index(name), "as the model has it"
    asked = decision.positive is not None
    about = {
        "positive": data.classes[place],
        "positive_why": why,
        "rule": f"{decision.threshold:g}" if asked else "",
        "threshold_why": "The model was saved with that threshold." if asked else UNASKED,
        "out_of_fold": None,
    }
    return Chosen(Threshold(place, decision.threshold if asked else HALF), asked, about)


def positive_of(settings: AdaptSettings, train: Dataset) -> int | None:
    """The number of the positive one of two classes; None of other labels."""
    return _positive(settings, train)[0] if is_of_two(train) else None


def _positive(settings: AdaptSettings, train: Dataset) -> tuple[int, str]:
    if settings.positive is not None:
        return train.classes.index(settings.positive), f"{spell('positive')} names it"
    return _rarer(train)


def _rarer(train: Dataset) -> tuple[int, str]:
    counts, place = np.bincount(train.labels, minlength=2), rarer_class(train.labels)
    why = "both are as frequent, and it comes second" if counts[0] == counts[1] else "it has fewer rows"
    return place, f"{why}; {spell('positive')} names another"


def _by_rule(
    rule: ThresholdRule, outputs: Tensor, labels: NDArray[Any], positive: int, metric: str
) -> tuple[float, str]:
    """The threshold, and how it was chosen in a sentence."""
    if rule.aim == "value":
        return rule.number, "It was given."
    known = labels == positive
    rows = f"the {len(known):,} out-of-fold rows, {int(known.sum()):,} of them positive"
    if not known.any() or known.all():
        return HALF, f"It could not be chosen: {rows}."
    shares = as_predictions(outputs, "classes")[:, positive]
    if rule.aim == "max":
        name = metric if rule.metric == AUTO else rule.metric
        title = "F1 of the positive class" if name == "f1" else get_metric(name).title
        return best_threshold(shares, known, name), f"It has the highest {title} on {rows}."
    other = "precision" if rule.aim == "recall" else "recall"
    found = threshold_for(shares, known, rule.aim, rule.number)
    if found is not None:
        return found, f"It has the highest {other} with a {rule.aim} of {rule.number:g} or more on {rows}."
    most = rates(shares, known).precision[1:].max()
    found = threshold_for(shares, known, rule.aim, float(most))
    assert found is not None
    least = f"No threshold has a {rule.aim} of {rule.number:g}"
    return found, f"{least} on {rows}: it has the highest, {most:.3f}."


# --- figures on rows that nothing was chosen by


def operating_point(
    outputs: Tensor, labels: NDArray[Any], groups: NDArray[Any] | None, seed: int, threshold: Threshold
) -> OperatingPoint:
    """The figures at a threshold of outputs (n, 2) on labels (n,).

    Rows of a group (n,) depend on each other; None: they are independent.
    """
    certain = as_predictions(decided(outputs, threshold), "classes")
    positive, predicted = labels == threshold.positive, certain[:, threshold.positive] == 1
    seed = derive_seed(seed, "scores")
    figures = score_all(certain, labels, seed, groups)
    f1 = score_one(predicted[:, None].astype(np.float64), positive[:, None], seed, groups, "macro_f1")

    def part(right: NDArray[np.bool_], of: NDArray[np.bool_]) -> Interval | None:
        return Interval(*share(right[of], None if groups is None else groups[of])) if of.any() else None

    return OperatingPoint(
        threshold=threshold.value,
        predicted=int(predicted.sum()),
        recall=part(predicted, positive),
        specificity=part(~predicted, ~positive),
        precision=part(positive, predicted),
        f1=Interval(*f1),
        **{name: Interval(*figures[name]) for name in DECIDED},
    )


def measure_two_classes(outputs: Tensor, data: Dataset, chosen: Chosen, seed: int) -> TwoClasses:
    """ROC, precision-recall and the figures at the threshold, and at 0.5, of outputs (n, 2) on rows."""
    place, known = chosen.threshold.positive, data.labels == chosen.threshold.positive
    shares = as_predictions(outputs, "classes")[:, place]
    truth = data.labels, data.groups, seed
    both = len(np.unique(data.labels)) > 1
    area, precision = (
        main_score(outputs, *truth, choose_metric(data.labels, name, place)) if both else None
        for name in RANKED
    )
    halves = [] if is_half(chosen.threshold.value) else [Threshold(place, HALF)]
    return TwoClasses(
        **chosen.about,
        threshold=chosen.threshold.value,
        rows=len(data),
        positives=int(known.sum()),
        auc=area,
        average_precision=precision,
        points=[operating_point(outputs, *truth, each) for each in (chosen.threshold, *halves)],
        curve=[] if area is None else _curve(shares, known),
    )


def _curve(shares: NDArray[np.float64], known: NDArray[np.bool_]) -> list[CurvePoint]:
    """At most `POINTS` points, evenly taken, the first and the last among them."""
    found = rates(shares, known)
    kept = np.unique(np.linspace(0, len(found.thresholds) - 1, POINTS).round().astype(np.int64))
    columns = found.thresholds, found.recall, found.false_positive_rate, found.precision
    return [CurvePoint(*(float(column[place]) for column in columns)) for place in kept]
