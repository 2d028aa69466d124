"""Entropic transport with a class-separating penalty (Courty et al. 2017, arXiv:1507.00504)."""

import math

import torch
from torch import Tensor

from headstart.core import BadData, BadInput

from .transport import Plan, sinkhorn

POWER = 0.5  # concave penalty of the mass that a class sends to a row, so that few classes share a row
ROUNDS = 10


def class_transport(
    cost: Tensor,
    labels: Tensor,
    epsilon: float,
    strength: float,
    floor: float = 1e-3,
    tolerance: float = 1e-9,
) -> Plan:
    """The entropic plan with a penalty on target rows that receive mass from several classes.

    Added to what `sinkhorn` minimises is `strength` / m * sum over classes k and target rows j of
    (s_kj + floor) ^ 1/2, where s_kj is the share of row j's mass that comes from class k. The penalty is
    concave, and minimised by linearising it ten times.

    Args:
        cost: (n, m), finite.
        labels: int64 (n,) of the source rows.
        epsilon: > 0, in the units of the cost.
        strength: >= 0, in the units of the cost; 0 gives the plan of `sinkhorn`.
        floor: > 0, keeps the tangent finite.
        tolerance: the marginal error, as a share of the mass, at which each plan has converged.

    Raises:
        BadData: the labels are not one integer for each row of the cost.
        BadInput: settings out of range, or the tolerance is not reached.
    """
    if labels.shape != (len(cost),) or labels.is_floating_point():
        raise BadData(f"Labels must be ints ({len(cost)},), not {labels.dtype} {tuple(labels.shape)}.")
    if not (0 <= strength < math.inf and 0 < floor < math.inf):
        raise BadInput(f"strength is {strength!r} and floor {floor!r}; they must be >= 0 and > 0.")
    plan = sinkhorn(cost, epsilon, tolerance=tolerance)
    classes, member = torch.unique(labels, return_inverse=True)
    for _ in range(ROUNDS - 1 if strength else 0):
        sent = plan.plan.new_zeros(len(classes), cost.shape[1]).index_add(0, member, plan.plan)
        price = strength * POWER * (sent * cost.shape[1] + floor) ** (POWER - 1)
        plan = sinkhorn(cost + price[member], epsilon, tolerance=tolerance)
    return plan._replace(cost=float((plan.plan * cost).sum()))
