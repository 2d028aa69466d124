"""Made samples of former steps, for a critic that is not to forget them (arXiv:1612.07828)."""

import torch
from torch import Tensor, nn

from headstart.core import BadInput, derive_seed


class ImagePool(nn.Module):
    """Up to `size` made samples; what is drawn is a function of its seed and of how often it was asked.

    All that it knows is in its buffers: a training goes on after a stop as if there had been none, and
    processes that are told the same hold the same.
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
            seed: of all draws, from the seed of the run.

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
        """As many samples as are `made` (n, ...): each is one of them, or one of a former step.

        While there is room, what is made is kept and given back. After that each is given back as it is with
        chance 1/2; else it takes the place of one that was kept, which is given instead.
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
