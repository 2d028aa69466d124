"""Structural causal models: random networks whose nodes are the columns and the label (arXiv:2207.01848)."""

from collections.abc import Callable

import torch
from torch import Tensor

from .causes import causes
from .draws import Draws, standard

_HIDDEN = (8, 12, 20, 32)


def graph(draws: Draws, tasks: int, rows: int, columns: int, scores: int) -> tuple[Tensor, Tensor]:
    """Columns (tasks, rows, columns) and scores (tasks, rows, scores) of one random graph for each task.

    Layers of nodes follow each other: a node is an activation of a random sum of nodes of the layer before,
    and noise. Columns are any nodes. The scores are nodes of the last layer, or of any layer: then the label
    may cause columns.
    """
    layers = 1 + int(draws.pick(1, shares=(0.3, 0.3, 0.2, 0.2)))
    hidden = max(_HIDDEN[int(draws.whole(1, below=4))], scores + 2, columns // layers + 1)
    first = 1 + int(draws.whole(1, below=min(columns + 2, 8)))
    value = standard(causes(draws, tasks, rows, first))
    level = draws.log_uniform(tasks, 1, 1, low=0.01, high=0.4)
    nodes = [value]
    for _ in range(layers):
        value = _layer(draws, value, hidden)
        spread = level * draws.log_uniform(tasks, 1, hidden, low=0.3, high=3)
        value = value + spread * draws.normal(*value.shape)
        nodes.append(value)
    return _seen(draws, nodes, columns, scores)


def _layer(draws: Draws, value: Tensor, hidden: int) -> Tensor:
    """The next layer's nodes (tasks, rows, hidden), of variance about 1, without noise."""
    tasks, _, width = value.shape
    sparse = draws.uniform(tasks, 1, 1, low=0.2, high=1) if width > 2 else torch.ones(tasks, 1, 1)
    weight = draws.normal(tasks, width, hidden) * (draws.uniform(tasks, width, hidden) < sparse)
    scale = draws.log_uniform(tasks, 1, 1, low=0.5, high=3)
    shift = draws.normal(tasks, 1, hidden)
    found = standard(value @ weight) * scale + shift * draws.uniform(tasks, 1, 1)
    one = draws.whole(tasks, 1, 1, below=len(ACTIVATIONS))  # most nodes of a task share one activation
    own = draws.whole(tasks, 1, hidden, below=len(ACTIVATIONS))
    which = torch.where(draws.chance(tasks, 1, 1, share=0.5), one, own)
    return standard(activated(found, which))


ACTIVATIONS: tuple[Callable[[Tensor], Tensor], ...] = (
    torch.tanh,
    torch.relu,
    lambda z: z,
    torch.sin,
    lambda z: (-0.5 * z.square()).exp(),
    lambda z: z.abs(),
    lambda z: z.clamp(-2.5, 2.5).square(),
    torch.sign,
    lambda z: torch.nn.functional.leaky_relu(z, 0.2),
    torch.sigmoid,
)


def activated(values: Tensor, which: Tensor) -> Tensor:
    """Values under the activation that `which` (broadcast to them) says."""
    found = values
    for number, activation in enumerate(ACTIVATIONS):
        found = torch.where(which == number, activation(values), found)
    return found


def _seen(draws: Draws, nodes: list[Tensor], columns: int, scores: int) -> tuple[Tensor, Tensor]:
    """Nodes that are seen as columns, and others that decide the label."""
    everything = torch.cat(nodes, 2)
    tasks, rows, total = everything.shape
    last = nodes[-1].shape[2]
    late = draws.chance(tasks, 1, share=0.6)
    rank = draws.uniform(tasks, total)
    tail = torch.arange(total) >= total - last
    chosen = torch.where(late & tail, rank - 1, rank).argsort(1)  # of the late ones the last layer goes first
    label = chosen[:, :scores]
    rest = rank.scatter(1, label, 2.0)
    early = draws.chance(tasks, 1, share=0.4)
    causal = torch.arange(total) < nodes[0].shape[2]
    rest = torch.where(early & causal & (rest < 2), rest - 1, rest)  # for some tables the causes go first
    column = rest.argsort(1)[:, : min(columns, total - scores)]
    x = everything.gather(2, column[:, None].expand(-1, rows, -1))
    if x.shape[2] < columns:
        extra = causes(draws, tasks, rows, columns - x.shape[2])
        x = torch.cat([x, extra], 2)
    return x, everything.gather(2, label[:, None].expand(-1, rows, -1))
