"""Matching the label's probability and the distribution of the others apart (arXiv:2203.08679)."""

import torch
from torch import Tensor

from .soft_targets import divergence, log_probabilities, precise, soft_targets


def target_class_loss(outputs: Tensor, teacher: Tensor, y: Tensor, temperature: float) -> Tensor:
    """T^2 KL () between the probabilities of the label and of all others together, teacher || student.

    Args:
        outputs: logits (n, classes) of the student.
        teacher: (n, classes), or (n, teachers, classes); see `soft_targets`.
        y: int64 (n,), the label of each row.
        temperature: T > 0.
    """
    goal, log_found = _both(outputs, teacher, temperature)
    label = _is_label(goal, y)
    mine = torch.stack([log_found[label], _log_rest(log_found, label)], 1)
    theirs = torch.stack([goal[label], goal.masked_fill(label, 0.0).sum(1)], 1)
    return temperature**2 * divergence(theirs, mine)


def other_classes_loss(outputs: Tensor, teacher: Tensor, y: Tensor, temperature: float) -> Tensor:
    """T^2 KL () between the distributions among the classes that are not the label, teacher || student.

    Args:
        outputs: logits (n, classes) of the student, 3 classes or more: of one other class it is always 0.
        teacher: (n, classes), or (n, teachers, classes); see `soft_targets`.
        y: int64 (n,), the label of each row.
        temperature: T > 0.
    """
    goal, log_found = _both(outputs, teacher, temperature)
    label = _is_label(goal, y)
    others = goal.masked_fill(label, 0.0)
    total = others.sum(1, keepdim=True)
    others = others / torch.where(total > 0, total, torch.ones_like(total))
    mine = (log_found - _log_rest(log_found, label)[:, None]).masked_fill(label, 0.0)
    return temperature**2 * divergence(others, mine)


def _both(outputs: Tensor, teacher: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    return soft_targets(teacher, temperature), log_probabilities(precise(outputs), teacher, temperature)


def _is_label(goal: Tensor, y: Tensor) -> Tensor:
    return torch.arange(goal.shape[1], device=goal.device)[None] == y[:, None]


def _log_rest(log_found: Tensor, label: Tensor) -> Tensor:
    """(n,): the logarithm of the probability of all classes but the label."""
    return log_found.masked_fill(label, -torch.inf).logsumexp(1)
