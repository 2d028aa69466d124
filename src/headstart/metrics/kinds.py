"""Which metrics go with which kind of target, and which of them count."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headstart.core import LabelKind
from headstart.metrics import numbers, scored_outputs, tags
from headstart.metrics.scored_outputs import Floats


@dataclass(frozen=True)
class Measures:
    """How answers to one kind of target are scored.

    Attributes:
        main: the name of the metric that is told first; higher is better, and 1 is the best.
        selection: that of the one which methods are chosen by; likewise.
        metrics: by name, from what `score` gives and weights (b, n) to (b,).
        score: compares answers against labels; raises `BadData` if they can't be.
    """

    main: str
    selection: str
    metrics: Mapping[str, Callable[[Any, Floats], Floats]]
    score: Callable[[Any, Any], Any]


OF: Mapping[LabelKind, Measures] = {
    "classes": Measures(
        "accuracy", "balanced_accuracy", scored_outputs.METRICS, scored_outputs.score_outputs
    ),
    "tags": Measures("average_precision", "average_precision", tags.METRICS, tags.score_outputs),
    "numbers": Measures("r2", "r2", numbers.METRICS, numbers.score_outputs),
}


def measure_of(kind: LabelKind) -> Measures:
    """How answers to that kind of target are scored."""
    return OF[kind]
