"""Cross-entropy of a student with a centred and sharpened teacher."""

from collections.abc import Sequence

import torch
from torch import Tensor


def dino(
    teacher: Sequence[Tensor],
    student: Sequence[Tensor],
    centre: Tensor,
    teacher_temperature: float,
    temperature: float,
) -> Tensor:
    """Mean cross-entropy () over all pairs of a view of the teacher and another of the student.

    Caron and others (arXiv:2104.14294). Views are in the same order: pairs of the same place are left out.

    Args:
        teacher: outputs (n, d) for each global view; they get no gradient.
        student: outputs (n, d) for the same views, then for local ones; at least two views in all.
        centre: (d,), that is subtracted from the teacher's.
        teacher_temperature: > 0, that the teacher's are divided by.
        temperature: > 0, that the student's are divided by.
    """
    goals = [((z.detach().float() - centre) / teacher_temperature).softmax(1) for z in teacher]
    logs = [(z.float() / temperature).log_softmax(1) for z in student]
    pairs = [
        -(goal * log).sum(1).mean()
        for place, goal in enumerate(goals)
        for other, log in enumerate(logs)
        if other != place
    ]
    return torch.stack(pairs).mean()
