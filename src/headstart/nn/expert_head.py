"""Linear heads of which each answers for the rows that are like those it has learned from."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from headstart.core import Head, LabelKind
from headstart.core.linear_head import LinearHead

from .stacked_head import mean_prediction


class ExpertHead(Head):
    """Mean of the predictions of linear heads, weighted row by row: (n, width) -> (n, outputs).

    The weights are the probabilities that a linear classifier gives to each head. Numbers are averaged as
    they are, of classes and tags the probabilities.

    Args:
        experts: number of heads.
        width: of the features.
        outputs: of each head.
        kind: of the labels.
    """

    weight: Tensor  # (experts, outputs, width)
    bias: Tensor  # (experts, outputs)
    gate_weight: Tensor  # (experts, width) of the classifier
    gate_bias: Tensor  # (experts,)

    def __init__(self, experts: int, width: int, outputs: int, kind: LabelKind) -> None:
        super().__init__()
        self.kind = kind
        self.register_buffer("weight", torch.zeros(experts, outputs, width))
        self.register_buffer("bias", torch.zeros(experts, outputs))
        self.register_buffer("gate_weight", torch.zeros(experts, width))
        self.register_buffer("gate_bias", torch.zeros(experts))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Number of heads, width, outputs and the kind of label."""
        experts, outputs, width = self.weight.shape
        return {"experts": experts, "width": width, "outputs": outputs, "kind": self.kind}

    def forward(self, z: Tensor) -> Tensor:
        """Outputs (n, outputs) of features (n, width)."""
        each = torch.einsum("nw,eow->eno", z, self.weight) + self.bias[:, None]
        gates = (z @ self.gate_weight.T + self.gate_bias).softmax(1)
        return mean_prediction(list(each), gates.T[:, :, None], self.kind)

    def rescaled(self, mean: Tensor, deviation: Tensor) -> "ExpertHead":
        """All heads rescaled, for regression."""
        twin = ExpertHead(**self.settings).to(self.weight.device)
        scaled = {"weight": self.weight * deviation[:, None], "bias": self.bias * deviation + mean}
        twin.load_state_dict(self.state_dict() | scaled)
        return twin

    @classmethod
    def of(cls, heads: Sequence[LinearHead], gate: LinearHead, kind: LabelKind) -> "ExpertHead":
        """Of heads for the same features and outputs, and a classifier (width,) -> (heads,) of rows."""
        outputs, width = heads[0].weight.shape
        made = cls(len(heads), width, outputs, kind).to(heads[0].weight.device)
        stacked = {name: torch.stack([getattr(head, name) for head in heads]) for name in ("weight", "bias")}
        made.load_state_dict(stacked | {"gate_weight": gate.weight, "gate_bias": gate.bias})
        return made
