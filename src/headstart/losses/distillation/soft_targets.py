"""Matching the outputs of a teacher, softened by a temperature (arXiv:1503.02531)."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, mse_loss

from headstart.core import LabelKind


def soft_targets(logits: Tensor, temperature: float) -> Tensor:
    """Probabilities (n, classes) that a teacher's logits give at a temperature > 0.

    Of several teachers, (n, teachers, classes), it is the mean of the probabilities that each gives at this
    temperature. A logit of -inf is a class that a teacher does not know, with probability 0.
    """
    found = (precise(logits).detach() / temperature).softmax(-1)
    return found.mean(1) if found.ndim == 3 else found


def soft_target_loss(outputs: Tensor, teacher: Tensor, temperature: float, kind: LabelKind) -> Tensor:
    """How far outputs (n, k) are from those of a teacher, () >= 0, a mean over rows; 0 where they agree.

    Of classes it is T^2 KL(teacher_T || student_T) in nats; T^2 keeps the size of its gradient the same
    whatever T. Of tags it is T^2 times the mean over tags of the divergence of the two Bernoulli
    distributions at T. Of numbers it is the mean squared difference, without a temperature.

    Args:
        outputs: of the student: logits, or numbers.
        teacher: (n, k), or (n, teachers, k), see `soft_targets`; numbers of several teachers are averaged.
            Classes that no teacher knows are left out of the student's distribution, too.
        temperature: T > 0.
        kind: of the outputs.
    """
    outputs, teacher = precise(outputs), precise(teacher).detach()
    if kind == "numbers":
        return mse_loss(outputs, teacher.mean(1) if teacher.ndim == 3 else teacher)
    if kind == "tags":
        return temperature**2 * _of_tags(outputs / temperature, teacher / temperature)
    goal = soft_targets(teacher, temperature)
    return temperature**2 * divergence(goal, log_probabilities(outputs, teacher, temperature))


def log_probabilities(outputs: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """The student's log probabilities (n, classes) at a temperature, among the classes that a teacher knows.

    Of the other classes they are -inf.
    """
    return (outputs / temperature).masked_fill(unknown_classes(teacher), -torch.inf).log_softmax(-1)


def unknown_classes(teacher: Tensor) -> Tensor:
    """Which classes no teacher knows, bool (n, classes), by the logits of -inf."""
    unknown = teacher == -torch.inf
    return unknown.all(1) if unknown.ndim == 3 else unknown


def divergence(goal: Tensor, log_found: Tensor) -> Tensor:
    """KL(goal || found) in nats, the mean over rows, of probabilities and log probabilities (n, k)."""
    return (torch.xlogy(goal, goal) - goal * log_found.masked_fill(goal == 0, 0.0)).sum(-1).mean()


def precise(x: Tensor) -> Tensor:
    """In float32, or in float64 if it is."""
    return x if x.dtype == torch.float64 else x.float()


def _of_tags(outputs: Tensor, teacher: Tensor) -> Tensor:
    """The mean over rows and tags of the divergence between Bernoulli distributions, of scaled logits."""
    goal = teacher.sigmoid()
    goal = goal.mean(1) if goal.ndim == 3 else goal
    entropy = torch.xlogy(goal, goal) + torch.xlogy(1 - goal, 1 - goal)
    return (entropy - goal * logsigmoid(outputs) - (1 - goal) * logsigmoid(-outputs)).mean()
