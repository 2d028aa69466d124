"""The exponential moving average of the weights."""

import torch
from torch import Tensor

from headstart.core import Parts


class Average:
    """Exponential moving average of all floating-point tensors of the parts that learn."""

    def __init__(self, decay: float, parts: Parts, learning: set[str]) -> None:
        self.decay, self.learning = decay, learning
        self.values = {name: value.clone() for name, value in self._floating(parts).items()}

    def follow(self, parts: Parts) -> None:
        """Update: average <- decay * average + (1 - decay) * parts."""
        with torch.no_grad():
            for name, value in self._floating(parts).items():
                self.values[name].lerp_(value, 1 - self.decay)

    def load(self, values: dict[str, Tensor]) -> None:
        """Restore saved values."""
        for name, value in values.items():
            self.values[name].copy_(value)

    def _floating(self, parts: Parts) -> dict[str, Tensor]:
        tensors = parts.state_dict().items()
        mine = {k: v.detach() for k, v in tensors if k.partition(".")[0] in self.learning}
        return {name: value for name, value in mine.items() if value.is_floating_point()}
