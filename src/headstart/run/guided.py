"""Guided training: each weight takes a share of the optimiser's update, whatever the optimiser.

A guide scales the step that an optimiser takes, not the gradient: Adam and its relatives divide a constant
factor of the gradient away, and weight decay moves a weight without one. The step is scaled by
`torch.lerp` between the weights before and after it, which is exact at both ends: with guide 1 the training
is plain training bit for bit, and with guide 0 a weight never moves.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from headstart.core import BadInput
from headstart.core.guides import USES, Use

Pairs = Iterable[tuple[nn.Parameter, Tensor]]


class Guided:
    """Parameters of an optimiser that have guides, and the hooks on it.

    Args:
        optimiser: its parameters without a guide below 1 are left alone.
        pairs: parameters with their guides in [0, 1], of the same shape.
    """

    def __init__(self, optimiser: Optimizer, pairs: Pairs) -> None:
        mine = {id(p) for group in optimiser.param_groups for p in group["params"]}
        known = [(p, one) for p, one in pairs if id(p) in mine and not bool((one == 1).all())]
        self.parameters = [parameter for parameter, _ in known]
        self.kept = [(1 - one).to(p.device, p.dtype) for p, one in known]  # what a weight does not take
        hooks = (optimiser.register_step_pre_hook, optimiser.register_step_post_hook)
        does = (self.before, self.after)
        self.handles = [hook(do) for hook, do in zip(hooks, does, strict=True)] if known else []

    @property
    def weights(self) -> int:
        """How many have guides below 1."""
        return sum(int((kept > 0).sum()) for kept in self.kept)

    def remove(self) -> None:
        """Take the hooks off the optimiser, whose steps are whole again."""
        for handle in self.handles:
            handle.remove()

    def before(self, *_: Any) -> None:
        """Is called before each step."""

    def after(self, *_: Any) -> None:
        """Is called after each step."""


class GuidedUpdates(Guided):
    """A weight takes the share of its update that its guide says: w <- lerp(before, after, guide)."""

    def __init__(self, optimiser: Optimizer, pairs: Pairs) -> None:
        super().__init__(optimiser, pairs)
        self.old = [torch.empty_like(parameter) for parameter in self.parameters]

    @torch.no_grad()
    def before(self, *_: Any) -> None:
        """Remember the weights."""
        torch._foreach_copy_(self.old, [parameter.detach() for parameter in self.parameters])

    @torch.no_grad()
    def after(self, *_: Any) -> None:
        """Go back by what a weight does not take."""
        torch._foreach_lerp_([p.detach() for p in self.parameters], self.old, self.kept)


class GuidedGradients(Guided):
    """The gradient is scaled, as in the authors' code: nothing changes under Adam but for guides of 0."""

    def __init__(self, optimiser: Optimizer, pairs: Pairs) -> None:
        if isinstance(optimiser, torch.optim.LBFGS):
            raise BadInput("L-BFGS computes gradients in its step, where none can be scaled: guide updates.")
        super().__init__(optimiser, pairs)

    @torch.no_grad()
    def before(self, *_: Any) -> None:
        """Scale the gradients."""
        for parameter, kept in zip(self.parameters, self.kept, strict=True):
            if parameter.grad is not None:
                parameter.grad.mul_(1 - kept)


class Anchored(Guided):
    """A weight is drawn back to where it began, the more the smaller its guide.

    After each step w <- w - rate * strength * (1 - guide) * (w - w_begin): weight decay towards the start,
    decoupled from the optimiser as AdamW's is towards 0; an elastic weight as in arXiv:1612.00796.

    Args:
        optimiser: whose rates count.
        pairs: parameters with their guides.
        strength: >= 0.
    """

    def __init__(self, optimiser: Optimizer, pairs: Pairs, strength: float) -> None:
        super().__init__(optimiser, pairs)
        self.begin = [parameter.detach().clone() for parameter in self.parameters]
        groups = {id(p): group for group in optimiser.param_groups for p in group["params"]}
        self.groups = [groups[id(parameter)] for parameter in self.parameters]
        self.strength = strength

    @torch.no_grad()
    def after(self, *_: Any) -> None:
        """Draw the weights back, at most to where they began."""
        for parameter, begin, kept, group in self._each():
            parameter.lerp_(begin, (group["lr"] * self.strength * kept).clamp_max(1))

    def _each(self) -> Iterator[tuple[nn.Parameter, Tensor, Tensor, Any]]:
        return zip(self.parameters, self.begin, self.kept, self.groups, strict=True)


def guide(optimiser: Optimizer, pairs: Pairs, use: Use = "update", strength: float = 1.0) -> Guided:
    """Guide an optimiser of your own: each parameter takes the share of its update that its guide says.

    Works with SGD, Adam and its relatives, L-BFGS and optimisers of your own that derive from
    `torch.optim.Optimizer`. What the optimiser remembers, such as momentum, is that of the whole steps.

    Args:
        optimiser: its `step` is changed from now on.
        pairs: parameters with guides in [0, 1] of the same shape, as `Guides.pairs(model)` gives them.
        use: what guides scale: the "update"; the "gradient", as in the authors' code, which does nothing
            under Adam; or, inverted, how strongly an "anchor" draws weights back to where they are now.
        strength: of the anchor, >= 0.

    Returns:
        What takes the hooks off again with `remove()`.

    Raises:
        BadInput: there is no such use, guides are of another shape than their parameter or not in [0, 1],
            or the gradients of L-BFGS are to be scaled.
    """
    if use not in USES:
        raise BadInput(f"use is {use!r}; it must be {', '.join(USES[:-1])} or {USES[-1]}.")
    known = list(pairs)
    for place, (parameter, one) in enumerate(known):
        if one.shape != parameter.shape or not bool(((one >= 0) & (one <= 1)).all()):
            raise BadInput(
                f"Guides {place} have the shape {tuple(one.shape)} or values beyond [0, 1]; their parameter "
                f"has the shape {tuple(parameter.shape)}, and guides are in [0, 1]."
            )
    if use == "update":
        return GuidedUpdates(optimiser, known)
    return Anchored(optimiser, known, strength) if use == "anchor" else GuidedGradients(optimiser, known)
