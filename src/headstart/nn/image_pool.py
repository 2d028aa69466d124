"""A buffer of generated samples of earlier steps for training a critic (arXiv:1612.07828)."""

import torch
from torch import Tensor, nn

from headstart.core import BadInput, derive_seed


class ImagePool(nn.Module):
    """A pool of up to `size` generated samples; draws are a function of its seed and number of calls.

    All its state is in buffers: a resumed training equals an uninterrupted one, and processes with the same
    calls hold the same samples.
    """

    kept: Tensor  # (size, ...) float32
    filled: Tensor  # () int64
    asked: Tensor  # () int64
    seed: Tensor  # () int64

    def __init__(self, size: int, shape: tuple[int, ...], seed: int) -> None:
        """An empty pool.

        Args:
            size: samples that it keeps, >= 0.
            shape: of a sample.
            seed: of all random draws, derived from that of the run.

        Raises:
            BadInput: `size` is negative.
        """
        super().__init__()
        if size < 0:
            raise BadInput(f"A pool of {size} samples: give 0 for none, or more.")
        self.register_buffer("kept", torch.zeros(size, *shape))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))
        self.register_buffer("asked", torch.zeros((), dtype=torch.int64))
        self.register_buffer("seed", torch.tensor(seed))

    def exchange(self, made: Tensor) -> Tensor:
        """Exchange generated samples `made` (n, ...) for as many: each is one of them, or of an earlier step.

        Until the pool is full, samples are stored and returned. After that each is returned unchanged with
        probability 1/2; otherwise it replaces a stored one, which is returned instead.
        """
        made = made.detach().float()
        draw = torch.Generator().manual_seed(derive_seed(int(self.seed), int(self.asked)))
        self.asked += 1
        if not len(self.kept):
            return made
        given = made.clone()
        for row in range(len(made)):
            if int(self.filled) < len(self.kept):
                self.kept[int(self.filled)] = made[row]
                self.filled += 1
            elif torch.rand((), generator=draw) < 0.5:
                place = int(torch.randint(len(self.kept), (), generator=draw))
                given[row] = self.kept[place]
                self.kept[place] = made[row]
        return given
