"""The weighted vote of linear classifiers."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from headstart.core import Head


class VotingHead(Head):
    """Weighted vote of linear classifiers: (n, width) -> (n, classes), the log vote shares."""

    weight: Tensor  # (learners, classes, width)
    bias: Tensor  # (learners, classes)
    votes: Tensor  # (learners,) > 0, weights of the votes

    def __init__(self, learners: int, width: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(learners, classes, width))
        self.register_buffer("bias", torch.zeros(learners, classes))
        self.register_buffer("votes", torch.ones(learners))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Learners, width and classes."""
        learners, classes, width = self.weight.shape
        return {"learners": learners, "width": width, "classes": classes}

    def forward(self, z: Tensor) -> Tensor:
        """Log vote shares (n, classes) of features (n, width); one extra vote is spread over all classes."""
        learners, classes, _ = self.weight.shape
        chosen = (torch.einsum("nw,lcw->nlc", z, self.weight) + self.bias).argmax(2)
        shares = torch.einsum("nlc,l->nc", one_hot(chosen, classes).to(z), self.votes / self.votes.sum())
        return ((shares * learners + 1 / classes) / (learners + 1)).log()

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor, votes: Tensor) -> "VotingHead":
        """Build from weight (learners, classes, width), bias (learners, classes) and votes (learners,)."""
        learners, classes, width = weight.shape
        head = cls(learners, width, classes)
        head.load_state_dict({"weight": weight.float(), "bias": bias.float(), "votes": votes.float()})
        return head.to(weight.device)
