"""The gradient of a loss that compares all rows of a batch, which a network is run on in parts."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from headstart.core import Ctx, Descend, Embedded, Loss
from headstart.core.batches import Batch
from headstart.run.modes import seeded
from headstart.run.state import Run


def compare_rows(
    run: Run[Any],
    move: Descend[Any],
    batch: Batch,
    ctx: Ctx,
    weight: float,
    pieces: int,
    restore: Callable[[], None],
) -> Loss:
    """Compute the gradients of a loss of what `move.embed` gives for all rows, in `pieces` parts.

    In several parts, each is embedded without a graph first. The loss of all embeddings gives the gradient
    of each, and every part is embedded anew, with the same random numbers, to hand it on (arXiv:2101.06983).
    What is computed by `ctx.once` is kept from the first time.

    Args:
        run: whose parts are in the modes of this step.
        move: with `embed`.
        batch: this process's rows.
        ctx: of the step.
        weight: of this process.
        pieces: number of parts, >= 1.
        restore: sets back running statistics, which the first forward of each part moves.
    """
    assert move.embed is not None
    if pieces == 1:
        with run.engine.autocast(run.recipe.precision == "bf16"):
            loss = move.loss(run.parts, Embedded(batch, move.embed(run.parts, batch, ctx)), ctx)
        _backward(run, loss.total * weight)
        return loss
    parts = [batch.part(index, pieces) for index in range(pieces)]
    seeds = torch.randint(2**62, (pieces,)).tolist()
    kept: list[deque[Tensor]] = [deque() for _ in parts]
    with torch.no_grad():
        found = [
            _embed(run, move, part, replace(ctx, once=partial(_keep, values)), seed)
            for part, seed, values in zip(parts, seeds, kept, strict=True)
        ]
    restore()
    z = tuple(torch.cat(each).requires_grad_() for each in zip(*found, strict=True))
    with run.engine.autocast(run.recipe.precision == "bf16"):
        loss = move.loss(run.parts, Embedded(batch, z), ctx)
    _backward(run, loss.total * weight)
    gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in z]
    shares = zip(*(torch.split(one, [len(part) for part in parts]) for one in gradients), strict=True)
    for part, seed, share, values in zip(parts, seeds, shares, kept, strict=True):
        again = _embed(run, move, part, replace(ctx, once=partial(_kept, values)), seed)
        products = [(one * gradient).sum() for one, gradient in zip(again, share, strict=True)]
        _backward(run, torch.stack(products).sum())
    return loss


def _embed(run: Run[Any], move: Descend[Any], part: Batch, ctx: Ctx, seed: int) -> tuple[Tensor, ...]:
    assert move.embed is not None
    with seeded(seed), run.engine.autocast(run.recipe.precision == "bf16"):
        return move.embed(run.parts, part, ctx)


def _keep(values: deque[Tensor], compute: Callable[[], Tensor]) -> Tensor:
    values.append(compute())
    return values[-1]


def _kept(values: deque[Tensor], _compute: Callable[[], Tensor]) -> Tensor:
    return values.popleft()


def _backward(run: Run[Any], total: Tensor) -> None:
    if total.requires_grad:  # nothing may learn yet
        run.engine.backward(total)
