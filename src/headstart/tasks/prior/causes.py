"""Rows that nothing causes: independent, correlated, clustered or heavy-tailed numbers."""

import torch
from torch import Tensor

from .draws import Draws, standard


def causes(draws: Draws, tasks: int, rows: int, width: int) -> Tensor:
    """Numbers (tasks, rows, width) whose distribution differs by the task.

    Normal, uniform, of clusters, or of Student's t with few degrees of freedom.
    """
    normal = draws.normal(tasks, rows, width)
    kind = draws.pick(tasks, 1, 1, shares=(0.45, 0.25, 0.2, 0.1))
    uniform = draws.uniform(tasks, rows, width, low=-1.7, high=1.7)
    centres = 2 * draws.normal(tasks, 6, width)
    cluster = draws.whole(tasks, rows, below=6)
    cluster = torch.minimum(cluster, draws.whole(tasks, 1, below=6))
    clustered = centres.gather(1, cluster[..., None].expand(-1, -1, width)) + 0.6 * normal
    heavy = normal / draws.exponential(tasks, rows, 1).clamp_min(0.05).sqrt()
    values = torch.where(kind == 0, normal, uniform)
    values = torch.where(kind == 2, clustered, values)
    return torch.where(kind == 3, heavy, values)


def correlated(draws: Draws, tasks: int, rows: int, width: int) -> Tensor:
    """Columns (tasks, rows, width) of mean 0 and variance 1 that share causes, some more than others."""
    own = causes(draws, tasks, rows, width)
    shared = causes(draws, tasks, rows, max(1, (width + 1) // 2))
    mixing = draws.normal(tasks, shared.shape[2], width)
    mixing = mixing * draws.chance(*mixing.shape, share=0.5)
    share = draws.uniform(tasks, 1, width) * draws.chance(tasks, 1, 1, share=0.7)
    return standard(standard(own) * (1 - share).sqrt() + standard(shared @ mixing) * share.sqrt())
