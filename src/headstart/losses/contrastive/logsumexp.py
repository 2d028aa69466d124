"""Logarithms of sums of exponentials over a matrix of scaled cosines that is never held as a whole.

Vectors have length 1, so that no cosine leaves [-1, 1] and no maximum has to be found first: one
exponential serves the sum of its row and that of its column.
"""

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from headstart.core import BadInput

CHUNK = 512  # rows and columns of a block, which then fits a processor's cache
KEPT = 2**26  # most bytes of exponentials that are kept for the gradient; others are computed again
FLOAT, DOUBLE = 70.0, 650.0  # scales up to which float32 and float64 hold the sums

Block = tuple[slice, slice]
Which = Literal["rows", "both", "self"]


def row_logsumexp(
    q: Tensor, k: Tensor, scale: Tensor | float, without: Tensor | None = None, chunk: int = CHUNK
) -> Tensor:
    """Log sum_j exp(scale q_i k_j), float32 (n,), with exact gradients.

    Args:
        q: vectors (n, d) of length 1 at most.
        k: the same, (m, d).
        scale: () in (0, 650], the inverse of a temperature.
        without: int64 (n,), the j that row i does not count; None: it counts all.
        chunk: rows and columns of a block, >= 1; it changes time and memory alone.

    Raises:
        BadInput: the scale is not in (0, 650].
    """
    rows, _ = _LogSumExp.apply(q, k, _checked(scale, q), without, chunk, "rows")
    found: Tensor = rows
    return found


def both_logsumexp(a: Tensor, b: Tensor, scale: Tensor | float, chunk: int = CHUNK) -> tuple[Tensor, Tensor]:
    """Log sum_j exp(scale a_i b_j), float32 (n,), and log sum_i of the same (m,); see `row_logsumexp`.

    No exponential is kept for the gradient, so that memory grows with n + m alone.
    """
    rows, columns = _LogSumExp.apply(a, b, _checked(scale, a), None, chunk, "both")
    return rows, columns


def self_logsumexp(z: Tensor, scale: Tensor | float, chunk: int = CHUNK) -> Tensor:
    """Log sum_{j != i} exp(scale z_i z_j), float32 (n,): each product is computed once for both its rows."""
    rows, _ = _LogSumExp.apply(z, z, _checked(scale, z), None, chunk, "self")
    found: Tensor = rows
    return found


def _checked(scale: Tensor | float, like: Tensor) -> Tensor:
    found = torch.as_tensor(scale, dtype=torch.float32, device=like.device)
    if not 0 < found.item() <= DOUBLE:
        raise BadInput(
            f"Embeddings can't be compared at 1/temperature = {found.item():.4g}: it must be above 0 and "
            f"at most {DOUBLE:.0f}."
        )
    return found


class _LogSumExp(torch.autograd.Function):
    """Sums over rows and columns of blocks of exponentials; the way back weights the same exponentials."""

    @staticmethod
    def forward(
        ctx: Any, q: Tensor, k: Tensor, scale: Tensor, without: Tensor | None, chunk: int, which: Which
    ) -> tuple[Tensor, Tensor]:
        ctx.dtypes, ctx.chunk, ctx.which = (q.dtype, k.dtype), chunk, which
        kind = torch.float32 if scale.item() <= FLOAT else torch.float64
        q = q.detach().to(kind)
        k = q if which == "self" else k.detach().to(kind)
        rows = q.new_zeros(len(q))
        columns = rows if which == "self" else q.new_zeros(len(k))
        kept, left = [], 0 if which == "both" else KEPT  # see `both_logsumexp`
        for block in _blocks(len(q), len(k), chunk, which):
            e = _exponentials(q, k, scale, without, block, which)
            rows[block[0]] += e.sum(1)
            if which == "both" or (which == "self" and block[0] != block[1]):
                columns[block[1]] += e.sum(0)
            if (left := left - e.nbytes) >= 0:
                kept.append(e)
        ctx.save_for_backward(q, k, scale, without, rows, columns, *kept)
        return rows.log().float(), columns.log().float()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_rows: Tensor, of_columns: Tensor) -> tuple[Tensor | None, ...]:
        q, k, scale, without, rows, columns, *kept = ctx.saved_tensors
        which: Which = ctx.which
        by_row = of_rows.to(q) / rows
        by_column = by_row if which == "self" else of_columns.to(q) / columns
        dq = torch.zeros_like(q)
        dk = dq if which == "self" else torch.zeros_like(k)
        for number, block in enumerate(_blocks(len(q), len(k), ctx.chunk, which)):
            saved = number < len(kept)
            e = kept[number] if saved else _exponentials(q, k, scale, without, block, which)
            weight = by_row[block[0], None]
            if which == "both" or (which == "self" and block[0] != block[1]):
                weight = weight + by_column[block[1]]
            with torch.autocast(q.device.type, enabled=False):
                w = e * weight if saved else e.mul_(weight)
                dq[block[0]] += w @ k[block[1]]
                dk[block[1]] += w.T @ q[block[0]]
        slope = (dq * q).sum() / (2 if which == "self" else 1)
        of_q = (dq * scale).to(ctx.dtypes[0])
        of_k = None if which == "self" else (dk * scale).to(ctx.dtypes[1])
        return of_q, of_k, slope.float(), None, None, None


def _blocks(n: int, m: int, chunk: int, which: Which) -> Iterator[Block]:
    """All blocks of an (n, m) matrix, or those on and above the diagonal of a symmetric one."""
    for i in range(0, n, chunk):
        for j in range(i if which == "self" else 0, m, chunk):
            yield slice(i, min(i + chunk, n)), slice(j, min(j + chunk, m))


def _exponentials(
    q: Tensor, k: Tensor, scale: Tensor, without: Tensor | None, block: Block, which: Which
) -> Tensor:
    """exp(scale q_i k_j) of a block, 0 where j does not count."""
    rows, columns = block
    with torch.autocast(q.device.type, enabled=False):
        e = ((scale * q[rows]) @ k[columns].T).exp_()
    if which == "self" and rows == columns:
        e.fill_diagonal_(0)
    if without is not None:
        place = without[rows] - columns.start
        inside = (place >= 0) & (place < e.shape[1])
        e[inside, place[inside]] = 0
    return e
