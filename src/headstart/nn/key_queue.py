"""The last keys of a contrast, first in, first out, as a module, so that they are checkpointed."""

import torch
from torch import Tensor, nn


class KeyQueue(nn.Module):
    """A ring of the last `size` keys. A step stages its keys, and `commit` adds them after it.

    So no key is compared with itself, and a step that fails or is computed again adds nothing twice.

    Attributes:
        keys: (size, width); places that are not filled yet hold nothing that is read.
        next: () place of the next key, int64.
        filled: () number of keys, int64.
    """

    keys: Tensor
    next: Tensor
    filled: Tensor

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.register_buffer("keys", torch.zeros(size, width))
        self.register_buffer("next", torch.zeros((), dtype=torch.int64))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))
        self._staged: Tensor | None = None

    @property
    def content(self) -> Tensor:
        """The keys (filled, width), in no order."""
        return self.keys[: int(self.filled)]

    def stage(self, keys: Tensor) -> None:
        """Hold the keys (n, width) of this step, n <= size, until `commit`."""
        self._staged = keys.detach().to(self.keys)

    def commit(self) -> None:
        """Put the staged keys, in order, in the place of the oldest."""
        if self._staged is None:
            return
        size, count = len(self.keys), len(self._staged)
        places = (self.next + torch.arange(count, device=self.keys.device)) % size
        self.keys[places] = self._staged
        self.next.copy_((self.next + count) % size)
        self.filled.copy_((self.filled + count).clamp(max=size))
        self._staged = None
