"""Batch normalisation of queries by the statistics of the support: each query is answered by itself."""

from collections.abc import Mapping

from torch import Tensor

from headstart.learners.optimisation._start import Start
from headstart.nn.task_statistics import GivenStatistics, MeasuredStatistics
from headstart.nn.task_weights import Way, forward_tasks

STATISTICS = "statistics"  # key of a state


def measure(start: Start, weights: Mapping[str, Tensor], x: Tensor, way: Way) -> Tensor:
    """The statistics (t, numbers) of supports (t, s, *shape) at all batch normalisations.

    Args:
        start: the network.
        weights: (t, ...) each, of what adapted.
        x: the supports.
        way: how tasks are computed.
    """
    return forward_tasks(MeasuredStatistics(start.network), _inside(weights), x, way)


def forward_by(
    start: Start, weights: Mapping[str, Tensor], statistics: Tensor, x: Tensor, way: Way
) -> Tensor:
    """The outputs (t, q, outputs) of queries (t, q, *shape), normalised by the statistics of `measure`."""
    given = {**_inside(weights), "statistics": statistics}
    return forward_tasks(GivenStatistics(start.network), given, x, way)


def _inside(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights by their names in a module that holds the network."""
    return {f"network.{name}": one for name, one in weights.items()}
