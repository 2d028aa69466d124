"""Engine on Lightning Fabric, which launches, places and casts; gradients are averaged here."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class _Gather(torch.autograd.Function):
    """Tensors of one shape from all processes, stacked in rank order; backward sums over them."""

    @staticmethod
    def forward(_ctx: Any, mine: Tensor) -> Tensor:
        shares = [torch.empty_like(mine) for _ in range(dist.get_world_size())]
        dist.all_gather(shares, mine.contiguous())
        return torch.stack(shares)

    @staticmethod
    def backward(_ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total[dist.get_rank()]


class OnFabric:
    """One process of a launched `lightning_fabric.Fabric`.

    Gradients are averaged after backward, with the weight of each process's rows, so that k
    processes with a k-th of a batch each take the same step as one process with all of it.
    """

    def __init__(self, fabric: "Fabric") -> None:
        self.fabric = fabric
        self.rank, self.world = int(fabric.global_rank), int(fabric.world_size)
        self.device: torch.device = fabric.device

    def autocast(self, bf16: bool) -> AbstractContextManager[object]:
        """Compute in bf16 inside, if asked to; Fabric's own precision otherwise."""
        if bf16:
            return torch.autocast(self.device.type, torch.bfloat16)
        context: AbstractContextManager[object] = self.fabric.autocast()
        return context

    def backward(self, loss: Tensor) -> None:
        """Fabric's backward, which may scale for its precision."""
        self.fabric.backward(loss)

    def average(self, parameters: Sequence[nn.Parameter]) -> None:
        """Average all gradients in one reduction of their concatenation."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        if self.world == 1 or not gradients:
            return
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.world
        pieces = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, piece in zip(gradients, pieces, strict=True):
            gradient.copy_(piece.view_as(gradient))

    def gather(self, rows: Tensor) -> Tensor:
        """Gather rows; backward sums over processes, so with `average` a global loss is exact on each."""
        if self.world == 1:
            return rows
        counts = self._counts(len(rows))
        padded = torch.cat([rows, rows.new_zeros(max(counts) - len(rows), *rows.shape[1:])])
        shares: Tensor = _Gather.apply(padded)
        return torch.cat([share[:count] for share, count in zip(shares, counts, strict=True)])

    def share(self, rows: int) -> float:
        """This process's rows over the mean of all processes' rows."""
        return 1.0 if self.world == 1 else rows * self.world / sum(self._counts(rows))

    def _counts(self, rows: int) -> list[int]:
        mine = torch.tensor([rows], device=self.device)
        counts = [torch.zeros_like(mine) for _ in range(self.world)]
        dist.all_gather(counts, mine)
        return [int(count) for count in counts]
