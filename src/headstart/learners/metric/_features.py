"""What metric learners share: an encoder, sums of the features of classes, and cosines with a scale."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, one_hot

from headstart.core import Parts
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Problem, State


class ClassFeatures(nn.Module):
    """Features (t, n, width) of the inputs (t, n, *shape) of t tasks.

    Args:
        encoder: of one input.
        classes: the largest number that a task has.
        scale: that similarities are multiplied with; None: there is none.
        learned: whether the scale is learned, as its logarithm, so that it stays positive.
    """

    def __init__(
        self, encoder: Encoder, classes: int, scale: float | None = None, learned: bool = True
    ) -> None:
        super().__init__()
        self.encoder, self.classes = encoder, classes
        log = torch.tensor(1.0 if scale is None else scale).log()
        self.log_scale = None if scale is None else nn.Parameter(log, requires_grad=learned)

    def forward(self, x: Tensor) -> Tensor:
        """The features of all tasks' inputs, encoded as one batch."""
        return self.encoder.each(x)

    @property
    def scale(self) -> Tensor | float:
        """What similarities are multiplied with, > 0."""
        return 1.0 if self.log_scale is None else self.log_scale.exp()


def metric_parts(encoder: Encoder, problem: Problem, scale: float | None = None) -> Parts:
    """The encoder, and a learned scale where one is given, as the network that learns."""
    return Parts({"network": ClassFeatures(encoder, problem.outputs, scale)})


def features_of(parts: Parts) -> ClassFeatures:
    """The network of `metric_parts`."""
    network = parts["network"]
    assert isinstance(network, ClassFeatures)
    return network


def class_sums(features: Tensor, y: Tensor, classes: int, state: State | None) -> State:
    """Sums (t, classes, width) of the features (t, s, width) of each class, and its rows (t, classes).

    Args:
        features: of supports.
        y: classes (t, s).
        classes: the largest number.
        state: sums and rows that these are added to.
    """
    of_class = one_hot(y, classes).to(features)  # (t, s, classes)
    sums, rows = of_class.mT @ features, of_class.sum(1)
    if state is not None:
        sums, rows = sums + state["sums"], rows + state["rows"]
    return {"sums": sums, "rows": rows}


def class_means(state: State) -> Tensor:
    """The means (t, classes, width) of the features of each class; 0 of a class without a row."""
    return state["sums"] / state["rows"].clamp_min(1)[..., None]


def only_known(logits: Tensor, state: State) -> Tensor:
    """Logits (t, q, classes), with -inf for classes without a row in the support."""
    return torch.where(state["rows"][:, None] > 0, logits, -torch.inf)


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Squared Euclidean distances (t, q, k) of x (t, q, width) and y (t, k, width)."""
    return (x[:, :, None] - y[:, None]).square().sum(-1)


def cosines(x: Tensor, y: Tensor) -> Tensor:
    """Cosines (t, q, k) of the angles between x (t, q, width) and y (t, k, width)."""
    return normalize(x, dim=-1) @ normalize(y, dim=-1).mT
