"""What black-box learners share: rows of a support as pairs of features and an answer."""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from headstart.core import Labelled
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Problem, State

ROWS = "rows"  # name in a state of the rows of each class (t, classes)


class Pairs(nn.Module):
    """Features of inputs, and answers as numbers: of classes the indicators, 1 for a row's own.

    Args:
        encoder: of one input.
        problem: what the tasks are like.
    """

    def __init__(self, encoder: Encoder, problem: Problem) -> None:
        super().__init__()
        self.encoder, self.outputs, self.classes = encoder, problem.outputs, problem.kind == "classes"
        self.width = encoder.width + problem.outputs  # of a pair

    def forward(self, support: Labelled) -> Tensor:
        """Pairs (t, s, width) of supports: features, then answers."""
        features = self.encoder.each(support.x)
        return torch.cat([features, self.answers(support.y, features)], 2)

    def answers(self, y: Tensor, like: Tensor) -> Tensor:
        """Answers (t, s, outputs) as floats of the type of `like`."""
        return (one_hot(y, self.outputs) if self.classes else y).to(like)

    def counts(self, y: Tensor, like: Tensor, state: State | None) -> dict[str, Tensor]:
        """The rows of each class that were read, of which a state goes on; {} where answers are numbers."""
        if not self.classes:
            return {}
        rows = self.answers(y, like).sum(1)
        return {ROWS: rows if state is None else rows + state[ROWS]}


def known_only(outputs: Tensor, state: State) -> Tensor:
    """Outputs (t, q, outputs) with -inf for the classes of which no row was read; numbers as they are."""
    if ROWS not in state:
        return outputs
    return torch.where(state[ROWS][:, None] > 0, outputs, -torch.inf)
