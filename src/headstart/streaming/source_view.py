"""What protection sees: batches inside the source model, and the features that a method answers by."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import Model
from headstart.nn.adaptive_norm import AdaptiveNorm
from headstart.nn.row_summaries import FEATURES, OUTPUTS, RowSummaries
from headstart.nn.source_statistics import SourceStatistics
from headstart.streaming.adapter import Adapter
from headstart.streaming.protection import Rows

SMALL = 16  # rows of a batch, below which statistics of normalisations are running ones


class SourceView:
    """A method and its source model, as protection looks at them.

    Args:
        adapter: the method, and the source model.
        statistics: of training rows.
    """

    def __init__(self, adapter: Adapter, statistics: SourceStatistics) -> None:
        self.adapter, self.statistics = adapter, statistics
        assert isinstance(adapter.given, Model)
        self._summaries = RowSummaries(adapter.given)
        norms = (m for parts in (adapter.run.parts, adapter.start) for m in parts.modules())
        self._of_batches = [m for m in norms if isinstance(m, AdaptiveNorm) and _can_follow(m)]

    def look(self, x: Tensor) -> tuple[Rows, Tensor]:
        """A batch x (n, ...) as the source model sees it, and which rows (n,) are unusual."""
        parts = self._summaries.parts(self.adapter.outputs_of(self._summaries.eval(), x))
        return Rows(parts[OUTPUTS], parts[FEATURES]), self.statistics.unusual(parts)

    def follow_small(self, rows: int) -> None:
        """Let normalisations that take the statistics of each batch follow the stream if it has few rows."""
        for norm in self._of_batches:
            norm.statistics = "running" if rows < SMALL else "batch"

    @contextmanager
    def features(self, rows: int) -> Iterator[list[Tensor]]:
        """Inside, the first features (n, width) that the method computes for a batch of n rows are listed."""
        found: list[Tensor] = []

        def keep(_module: nn.Module, _inputs: Any, features: Tensor) -> None:
            if not found and len(features) == rows:
                found.append(features.detach().float().nan_to_num().cpu())

        model = self.adapter.method.predictor(self.adapter.run.parts)
        assert isinstance(model, Model)
        hook = model.backbone.register_forward_hook(keep)
        try:
            yield found
        finally:
            hook.remove()


def _can_follow(norm: AdaptiveNorm) -> bool:
    """Whether a normalisation takes statistics of the batch and has some of the source."""
    return norm.statistics == "batch" and norm.running_mean is not None


def measure_source(adapter: Adapter, batches: Sequence[Tensor]) -> SourceStatistics | None:
    """The statistics of samples (n, ...) of the source; None if they are too few."""
    assert isinstance(adapter.given, Model)
    summaries = RowSummaries(adapter.given).eval()
    found = [adapter.outputs_of(summaries, x) for x in batches]
    return SourceStatistics.fit(summaries.parts(torch.cat(found))) if found else None
