"""The target's labels, as far as there are any: only the report reads them, and only through here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from headstart.records.record import Interval
from headstart.session.scoring import difference, main_score


@dataclass(frozen=True)
class Sealed:
    """Labels of test rows that figures are made of, and nothing else.

    Attributes:
        rows: how many there are; 0: no labels.
    """

    _labels: Any = field(repr=False)
    seed: int = 0

    @property
    def rows(self) -> int:
        """How many rows are judged."""
        return 0 if self._labels is None else len(self._labels)

    def score(self, outputs: Tensor) -> Interval | None:
        """The main figure of outputs (rows, outputs)."""
        return main_score(outputs, self._labels, self.seed) if self.rows else None

    def gain(self, ours: Tensor, theirs: Tensor) -> Interval | None:
        """How much better the first outputs are than the second, on the same rows."""
        return difference(ours, theirs, self._labels, self.seed) if self.rows else None


def mean(intervals: Sequence[Interval | None]) -> Interval | None:
    """The means of figures and of the ends of their intervals: as wide as that of one seed."""
    known = [one for one in intervals if one is not None]
    if not known:
        return None
    return Interval(
        *(float(np.mean([getattr(one, end) for one in known])) for end in ("value", "low", "high"))
    )
