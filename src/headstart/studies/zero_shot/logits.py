"""What a template says of rows, and how that becomes logits: by a scale, and a bias for a prior."""

from dataclasses import dataclass

import torch
from torch import Tensor

from headstart.data.train_test_split import Rows
from headstart.nn.zero_shot import balancing_bias, content_free_bias
from headstart.solvers.temperature import best_scale


@dataclass(frozen=True)
class Said:
    """Cosines with the classes, or logits of their words at the mask, in front of any scale or bias."""

    rows: Tensor  # (n, classes)
    nothing: Tensor  # (m, classes) of inputs without content; m is 0 where no prior asks for them


@dataclass(frozen=True)
class Scale:
    """How what is said becomes logits: scale * said + bias."""

    scale: float
    bias: Tensor  # (classes,)

    def logits(self, said: Tensor) -> Tensor:
        """Logits (n, classes) of what is said (n, classes)."""
        return self.scale * said + self.bias

    def at(self, temperature: float) -> "Scale":
        """The same decisions with another temperature."""
        factor = 1 / temperature / self.scale
        return Scale(self.scale * factor, self.bias * factor)

    def at_best(self, logits: Tensor, y: Tensor) -> "Scale":
        """The same with another temperature: that of the lowest log loss on rows that are not tested."""
        factor = best_scale(logits, y)
        return Scale(self.scale * factor, self.bias * factor)


def with_prior(prior: str, scale: float, said: Said, rows: Rows) -> Scale:
    """The scale with the bias of a prior.

    Args:
        prior: "none", "content-free" or "balanced".
        scale: of what is said.
        said: of all rows, and of inputs without content.
        rows: (m,) those that are made balanced.
    """
    plain = Scale(scale, torch.zeros(said.rows.shape[1]))
    if prior == "none":
        return plain
    if prior == "balanced":
        return Scale(scale, balancing_bias(plain.logits(said.rows[rows])))
    return Scale(scale, content_free_bias(plain.logits(said.nothing)))
