"""Losses of paired embeddings: that of CLIP, and that of SigLIP."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import logsigmoid

from headstart.losses.contrastive.logsumexp import CHUNK, both_logsumexp

Gather = Callable[[Tensor], Tensor]


def clip_loss(
    a: Tensor, b: Tensor, scale: Tensor | float, chunk: int = CHUNK, gather: Gather | None = None
) -> Tensor:
    """Cross-entropy () of telling partners from others, over both directions (arXiv:2103.00020).

    The matrix of logits is never held as a whole. Computed in float32, with exact gradients. Where processes
    share the rows, each computes the block of its own rows, and sums over columns are put together.

    Args:
        a: embeddings (n, d) of unit length.
        b: those of their partners, (n, d) of unit length.
        scale: () in (0, 650], that cosines are multiplied by: 1 / temperature.
        chunk: rows and columns that are compared at once, >= 1; it changes time and memory alone.
        gather: of the rows of all processes, in one order, whose gradients are summed over the processes;
            the mean of the gradients over the processes is then that of the whole. None: all rows are here.

    Returns:
        The mean over the rows, of all processes, and both directions; log n where all embeddings are equal.
    """
    cosines = (a.float() * b.float()).sum(1)
    if gather is None:
        rows, columns = both_logsumexp(a, b, scale, chunk=chunk)
        return ((rows + columns) / 2 - scale * cosines).mean()
    rows, columns = both_logsumexp(a, gather(b), scale, chunk=chunk)
    own, whole = gather(rows / 2 - scale * cosines), gather(columns[None]).logsumexp(0)
    return (own + whole / 2).mean()


def siglip_loss(a: Tensor, b: Tensor, scale: Tensor, bias: Tensor, chunk: int = CHUNK) -> Tensor:
    """Sum over all pairs of the log loss of whether they belong together, over the rows (arXiv:2303.15343).

    Args:
        a: embeddings (n, d) of unit length.
        b: those of their partners, (n, d) of unit length.
        scale: () > 0, that cosines are multiplied by.
        bias: () that is added to them then.
        chunk: rows that are compared with all others at once, >= 1; it changes time and memory alone.

    Returns:
        The sum over the partners of a row, (), averaged over the rows.
    """
    found: Tensor = _Sigmoid.apply(a, b, scale, bias, chunk)
    return found


class _Sigmoid(torch.autograd.Function):
    """The loss of blocks of rows; its gradient is computed along with it, block by block."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, scale: Tensor, bias: Tensor, chunk: int) -> Tensor:
        x, y, s, t = (one.detach().float() for one in (a, b, scale, bias))
        dx, dy = torch.zeros_like(x), torch.zeros_like(y)
        total, d_bias = x.new_zeros(()), x.new_zeros(())
        for rows in _blocks(len(x), chunk):
            with torch.autocast(x.device.type, enabled=False):
                logits = s * (x[rows] @ y.T) + t
                own = logits.diagonal(rows.start)
                total += own.sum().neg() - logsigmoid(-logits).sum()
                slope = logits.sigmoid()
                slope.diagonal(rows.start).sub_(1)
                dx[rows] = slope @ y
                dy += slope.T @ x[rows]
                d_bias += slope.sum()
        ctx.kinds = a.dtype, b.dtype, scale.dtype, bias.dtype
        n = len(x)
        ctx.save_for_backward(s * dx / n, s * dy / n, (dx * x).sum() / n, d_bias / n)
        return total / n

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_loss: Tensor) -> tuple[Tensor | None, ...]:
        found = zip(ctx.saved_tensors, ctx.kinds, strict=True)
        return (*((of_loss * one).to(kind) for one, kind in found), None)


def _blocks(n: int, chunk: int) -> Iterator[slice]:
    for start in range(0, n, chunk):
        yield slice(start, min(start + chunk, n))
