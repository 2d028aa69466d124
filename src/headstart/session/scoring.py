"""Outputs of a model on rows, and their scores against labels, as records."""

import math
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from headstart.core import BadInput, LabelKind, SampleLoader, Unknown, derive_seed, label_kind_of
from headstart.data.stream import Sentences
from headstart.data.train_test_split import Rows
from headstart.face import spell
from headstart.metrics.calibration import reliability
from headstart.metrics.classification import confusion
from headstart.metrics.intervals import compare, paired, score_all, score_one
from headstart.metrics.kinds import measure_of
from headstart.metrics.repeats import student
from headstart.metrics.scored_outputs import once
from headstart.metrics.thresholds import Threshold
from headstart.models.lengths import by_length
from headstart.records.metric_titles import LOWER_IS_BETTER
from headstart.records.record import Bin, Interval, Scores


def outputs_of(
    model: nn.Module,
    source: SampleLoader,
    rows: Rows,
    device: torch.device,
    batch: int = 32,
    *,
    done: Callable[[int], None] = lambda rows: None,
) -> Tensor:
    """Outputs (n, outputs) on the CPU for plain views of rows (n,) of a source, `batch` at a time.

    `done` is told how many more rows are computed.
    """

    def compute(some: Tensor) -> Tensor:
        outputs: Tensor = model(some.to(device))
        done(len(some))
        return outputs

    if isinstance(source, Sentences) and len(rows):
        with torch.inference_mode():
            ids = source.fetch(rows, np.full(len(rows), -1))
            return by_length(lambda some: compute(some).float().cpu(), ids)
    with torch.inference_mode():
        shares = [
            compute(source.fetch(some, np.full(len(some), -1)))
            for some in np.array_split(rows, max(1, -(-len(rows) // batch)))
        ]
    return torch.cat(shares).float().cpu()


Labels = NDArray[Any]
RANKED = ("auc", "average_precision")  # metrics of classes by the order of the rows alone
DECIDED = ("accuracy", "balanced_accuracy", "macro_f1")  # metrics of labels alone, whatever the confidence
UNBALANCED = 3.0  # times the rows of the smallest class


class MetricOfClass(str):
    """The name of a metric of one of two classes, which goes along with it.

    Attributes:
        positive: the number of the class.
    """

    positive: int

    def __new__(cls, name: str, positive: int) -> "MetricOfClass":
        found = super().__new__(cls, name)
        found.positive = positive
        return found


def positive_of(metric: str | None) -> int | None:
    """The class that a metric is of; None: all, or whichever has fewer rows."""
    return metric.positive if isinstance(metric, MetricOfClass) else None


def activate(outputs: Tensor, kind: LabelKind) -> Tensor:
    """Outputs (n, k) after their activation: softmax for classes, sigmoid for tags, none for numbers."""
    if kind == "classes":
        return outputs.softmax(-1)
    return outputs.sigmoid() if kind == "tags" else outputs


def as_predictions(outputs: Tensor, kind: LabelKind) -> NDArray[np.float64]:
    """The same in float64, as an array."""
    return activate(outputs.double(), kind).numpy()


def decided(outputs: Tensor, threshold: Threshold | None) -> Tensor:
    """Outputs (n, 2) that are certain of the class that a threshold says; without one, as they are.

    Figures of `DECIDED` are those of the labels that the model gives; of others only without this.
    """
    if threshold is None:
        return outputs
    classes = torch.from_numpy(threshold.predict(as_predictions(outputs, "classes")))
    return torch.full_like(outputs, -math.inf).scatter(1, classes[:, None], 0.0)


def scores(
    outputs: Tensor,
    labels: Labels,
    groups: Labels | None,
    seed: int,
    metric: str | None = None,
    threshold: Threshold | None = None,
) -> Scores:
    """All figures of outputs (n, k) on labels of n rows, with 95 % intervals; `metric` is the main one.

    Rows of a group (n,) depend on each other; None: rows are independent. `threshold` says which of two
    classes is predicted; None: the more probable one.
    """
    kind, rest = label_kind_of(labels), (labels, derive_seed(seed, "scores"), groups)
    intervals = score_all(as_predictions(outputs, kind), *rest)
    if threshold is not None:
        certain = score_all(as_predictions(decided(outputs, threshold), kind), *rest)
        intervals |= {name: certain[name] for name in DECIDED}
    main = str(metric or measure_of(kind).main)
    if main not in intervals:
        intervals[main] = score_one(as_predictions(outputs, kind), *rest, metric, positive_of(metric))
    figures = {name: Interval(*intervals[name]) for name in dict.fromkeys([main, *intervals])}
    return Scores(len(labels), figures, main)


def main_score(
    outputs: Tensor, labels: Labels, groups: Labels | None, seed: int, metric: str | None = None
) -> Interval:
    """The main figure alone, as `scores` has it."""
    predictions = as_predictions(outputs, label_kind_of(labels))
    seed = derive_seed(seed, "scores")
    return Interval(*score_one(predictions, labels, seed, groups, metric, positive_of(metric)))


def difference(
    outputs: Tensor,
    others: Tensor,
    labels: Labels,
    groups: Labels | None,
    seed: int,
    metric: str | None = None,
) -> Interval:
    """How much better the first outputs are than the second on the same rows, in pairs; > 0 is better.

    `metric` is the main one if none is named; rows of a group (n,) depend on each other.
    """
    kind = label_kind_of(labels)
    pair = as_predictions(outputs, kind), as_predictions(others, kind)
    if metric in LOWER_IS_BETTER:
        pair = pair[::-1]
    seed = derive_seed(seed, "difference")
    positive = positive_of(metric)
    return Interval(*paired(*pair, labels, seed, metric=metric, groups=groups, positive=positive))


def selection_metric(labels: Labels) -> str:
    """The name of the metric that methods are selected by where none is chosen."""
    return measure_of(label_kind_of(labels)).selection


def choose_metric(labels: Labels, wanted: str | None = None, positive: int | None = None) -> str:
    """The metric that selects a method and stands first in the report: the wanted one, or the usual one.

    Usual are accuracy, or balanced accuracy where the largest class has more than three times the rows of the
    smallest; average precision of tags; R\u00b2 of numbers.

    Args:
        labels: of the training part.
        wanted: its name; None takes the usual one.
        positive: number of the class that AUC and average precision of two classes are of, which the name
            that is returned takes along (`MetricOfClass`); None: the one with fewer rows.

    Raises:
        BadInput: AUC or average precision where all rows are of one class.
        Unknown: no such metric of this kind of label, or one that a constant prediction may win.
    """
    kind = label_kind_of(labels)
    measures = measure_of(kind)
    if wanted is not None:
        names = [name for name in measures.metrics if name != "calibration_error"]
        if wanted not in names:
            raise Unknown(f"metric of {kind}", wanted, names)
        return _of_class(wanted, labels, positive) if kind == "classes" and wanted in RANKED else wanted
    if kind == "classes":
        counts = np.unique(labels, return_counts=True)[1]
        if counts.max() > UNBALANCED * counts.min():
            return "balanced_accuracy"
    return measures.main


def _of_class(metric: str, labels: Labels, positive: int | None) -> str:
    if len(np.unique(labels)) < 2:
        raise BadInput(
            f"{spell('metric')} is {metric}, which compares rows of one class with the others, and all "
            f"{len(labels):,} rows are of one. Take accuracy or log_loss."
        )
    return metric if positive is None else MetricOfClass(metric, positive)


def metric_value(outputs: Tensor, labels: Labels, metric: str | None = None) -> float:
    """A metric of outputs (n, k) on labels of n rows, without an interval; None: `selection_metric`."""
    kind = label_kind_of(labels)
    measures = measure_of(kind)
    name = metric or measures.selection
    scored = compare(as_predictions(outputs, kind), labels, positive_of(metric))
    return once(scored, measures.metrics[name], len(labels))


def selection_score(outputs: Tensor, labels: Labels, metric: str | None = None) -> float:
    """The same with its sign turned where lower values are better: the highest score is selected."""
    value = metric_value(outputs, labels, metric)
    return -value if metric in LOWER_IS_BETTER else value


def bins(outputs: Tensor, labels: Labels) -> list[Bin]:
    """Rows of similar confidence, of tags pairs of a row and a tag, empty bins left out; none of numbers."""
    kind = label_kind_of(labels)
    if kind == "numbers":
        return []
    return [Bin(*each) for each in reliability(as_predictions(outputs, kind), labels) if each[2]]


def confusions(outputs: Tensor, labels: Labels) -> list[list[int]]:
    """Counts of classes: truth x answer; none of tags and numbers."""
    if label_kind_of(labels) != "classes":
        return []
    counts: list[list[int]] = confusion(outputs.argmax(1).numpy(), labels, outputs.shape[1]).tolist()
    return counts


def mean_of_figures(figures: Sequence[Interval], low: float = 0.0, high: float = 1.0) -> Interval | None:
    """The mean over seeds of figures on the same test rows, clipped to [low, high]; None for a single seed.

    Its 95 % interval is for other seeds and other test rows: Student's half-width over the seeds and the mean
    distance to the ends of the figures' own intervals are added in squares.
    """
    if len(figures) < 2:
        return None
    spread = student([figure.value for figure in figures])
    half = spread.high - spread.value
    down = math.hypot(half, fmean(figure.value - figure.low for figure in figures))
    up = math.hypot(half, fmean(figure.high - figure.value for figure in figures))
    return Interval(spread.value, max(low, spread.value - down), min(high, spread.value + up))
