"""What metric learners share: an encoder, and the number of classes that a task may have."""

from torch import Tensor, nn

from headstart.core import Parts
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Problem


class ClassFeatures(nn.Module):
    """Features (t, n, width) of the inputs (t, n, *shape) of t tasks.

    Args:
        encoder: of one input.
        classes: the largest number that a task has.
    """

    def __init__(self, encoder: Encoder, classes: int) -> None:
        super().__init__()
        self.encoder, self.classes = encoder, classes

    def forward(self, x: Tensor) -> Tensor:
        """The features of all tasks' inputs, encoded as one batch."""
        return self.encoder.each(x)


def metric_parts(encoder: Encoder, problem: Problem) -> Parts:
    """The encoder alone, as the network that learns."""
    return Parts({"network": ClassFeatures(encoder, problem.outputs)})


def features_of(parts: Parts) -> ClassFeatures:
    """The network of `metric_parts`."""
    network = parts["network"]
    assert isinstance(network, ClassFeatures)
    return network
