"""The metrics of each label kind, with the main one and the one for model selection."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headstart.core import LabelKind
from headstart.metrics import numbers, rankings, scored_outputs, tags
from headstart.metrics.scored_outputs import Floats


@dataclass(frozen=True)
class Measures:
    """Metrics of one label kind.

    Attributes:
        main: the name of the primary metric; higher is better, and 1 is the best.
        selection: the name of the metric for selecting methods; likewise.
        metrics: by name, from the result of `score` and weights (b, n) to (b,).
        score: compares answers with labels; raises `BadData` if they are not comparable.
        on_request: the names of those that are computed only where they are asked for, as they take longer.
    """

    main: str
    selection: str
    metrics: Mapping[str, Callable[[Any, Floats], Floats]]
    score: Callable[[Any, Any], Any]
    on_request: frozenset[str] = frozenset()


OF: Mapping[LabelKind, Measures] = {
    "classes": Measures(
        "accuracy",
        "balanced_accuracy",
        {**scored_outputs.METRICS, **rankings.METRICS},
        scored_outputs.score_outputs,
        frozenset(rankings.METRICS),
    ),
    "tags": Measures("average_precision", "average_precision", tags.METRICS, tags.score_outputs),
    "numbers": Measures("r2", "r2", numbers.METRICS, numbers.score_outputs),
}


def measure_of(kind: LabelKind) -> Measures:
    """The metrics of a label kind."""
    return OF[kind]
