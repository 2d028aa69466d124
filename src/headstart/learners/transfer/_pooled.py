"""What transfer baselines share: a network that learns the rows of all tasks as one problem."""

from torch import Tensor, nn

from headstart.core import Batch, Labelled, Loss, Parts
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Problem
from headstart.losses.label import label_loss
from headstart.run.recipe import Recipe


class PooledNetwork(nn.Module):
    """An encoder with a head for the classes of all tasks, or for numbers.

    Args:
        encoder: of one input.
        problem: what tasks are like; `pooled_outputs` > 0.
    """

    def __init__(self, encoder: Encoder, problem: Problem) -> None:
        super().__init__()
        self.encoder, self.kind, self.outputs = encoder, problem.kind, problem.outputs
        self.head = nn.Linear(encoder.width, problem.pooled_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (n, pooled outputs) of inputs (n, *shape)."""
        outputs: Tensor = self.head(self.encoder(x))
        return outputs


def pooled_parts(encoder: Encoder, problem: Problem) -> Parts:
    """The network of all tasks."""
    return Parts({"network": PooledNetwork(encoder, problem)})


def pooled_of(parts: Parts) -> PooledNetwork:
    """The network of `pooled_parts`."""
    network = parts["network"]
    assert isinstance(network, PooledNetwork)
    return network


def pooled_loss(parts: Parts, batch: Batch) -> Loss:
    """The supervised loss of rows of all tasks: no task is told from another."""
    assert isinstance(batch, Labelled)
    return Loss.sum(pooled=label_loss(pooled_of(parts)(batch.x), batch.y))


def pooled_recipe() -> Recipe:
    """How all tasks are learned as one problem."""
    return Recipe(steps=1000, lr=1e-3, weight_decay=0.0, schedule="cosine")
