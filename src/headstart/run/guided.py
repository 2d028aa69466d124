"""Guided training: each weight takes a share of the optimiser's update, whatever the optimiser.

A guide scales the step that an optimiser takes, not the gradient: Adam and its relatives divide a constant
factor of the gradient away, and weight decay moves a weight without one. The step is scaled by
`torch.lerp` between the weights before and after it, which is exact at both ends: with guide 1 the training
is plain training bit for bit, and with guide 0 a weight never moves.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


class Guided:
    """Scales the steps of an optimiser by hooks on it, which any optimiser of torch calls.

    Args:
        optimiser: its parameters without a guide are left alone.
        pairs: parameters with their guides in [0, 1], of the same shape.
    """

    def __init__(self, optimiser: Optimizer, pairs: Iterable[tuple[nn.Parameter, Tensor]]) -> None:
        mine = {id(p) for group in optimiser.param_groups for p in group["params"]}
        known = [(p, one) for p, one in pairs if id(p) in mine and not bool((one == 1).all())]
        self.parameters = [parameter for parameter, _ in known]
        self.kept = [(1 - one).to(p.device, p.dtype) for p, one in known]  # share of the weight before
        self.before = [torch.empty_like(parameter) for parameter in self.parameters]
        hooks = (optimiser.register_step_pre_hook, optimiser.register_step_post_hook)
        does = (self._remember, self._scale)
        self.handles = [hook(do) for hook, do in zip(hooks, does, strict=True)] if known else []

    @torch.no_grad()
    def _remember(self, *_: Any) -> None:
        torch._foreach_copy_(self.before, [parameter.detach() for parameter in self.parameters])

    @torch.no_grad()
    def _scale(self, *_: Any) -> None:
        torch._foreach_lerp_([p.detach() for p in self.parameters], self.before, self.kept)

    def remove(self) -> None:
        """Take the hooks off the optimiser, whose steps are whole again."""
        for handle in self.handles:
            handle.remove()


def guide(optimiser: Optimizer, pairs: Iterable[tuple[nn.Parameter, Tensor]]) -> Guided:
    """Guide an optimiser of your own: each parameter takes the share of its update that its guide says.

    Works with SGD, Adam and its relatives, L-BFGS and optimisers of your own that derive from
    `torch.optim.Optimizer`. What the optimiser remembers, such as momentum, is that of the whole steps.

    Args:
        optimiser: its `step` is scaled from now on.
        pairs: parameters with guides in [0, 1] of the same shape, as `Guides.pairs(model)` gives them.

    Returns:
        What takes the hooks off again with `remove()`.
    """
    return Guided(optimiser, pairs)


def guide_all(optimisers: Iterable[Optimizer], pairs: Iterable[tuple[nn.Parameter, Tensor]]) -> int:
    """Guide several optimisers; return how many weights of theirs have guides below 1."""
    known = list(pairs)
    guided = [guide(optimiser, known) for optimiser in optimisers] if known else []
    return sum(int((kept > 0).sum()) for each in guided for kept in each.kept)
