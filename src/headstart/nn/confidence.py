"""The calibrated confidence of a teacher, and the selection of confident rows."""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

UNSURE = -1  # the goal of a row without a pseudo-label
LEAST = 0.5  # lower bound of a flexible threshold: less would select all rows at first


class Confidence(nn.Module):
    """Buffer of a teacher's predictions on recent source rows, and pseudo-labels of recent target rows.

    Attributes:
        pseudo_labels: (m,) of the target rows of this step, or -1 where the teacher is not confident.
            They are not kept after the step, and not saved.
    """

    logits: Tensor  # (rows, classes) of source rows, the oldest first
    labels: Tensor  # (rows,) their labels; -1 where there is none yet
    sure: Tensor  # (rows,) confident pseudo-labels of the last target rows, or -1
    scale: Tensor  # () factor of the logits, 1 / temperature
    pseudo_labels: Tensor

    def __init__(self, classes: int, rows: int = 512) -> None:
        super().__init__()
        self.classes = classes
        self.register_buffer("logits", torch.zeros(rows, classes))
        self.register_buffer("labels", torch.full((rows,), UNSURE))
        self.register_buffer("sure", torch.full((rows,), UNSURE))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("pseudo_labels", torch.zeros(0, dtype=torch.int64), persistent=False)

    def store(self, logits: Tensor, labels: Tensor) -> None:
        """Store the predictions (n, classes) on source rows with labels (n,)."""
        self.logits.copy_(_last(self.logits, logits))
        self.labels.copy_(_last(self.labels, labels))

    @property
    def known(self) -> tuple[Tensor, Tensor]:
        """The kept predictions, logits (n, classes), and the labels (n,)."""
        there = self.labels >= 0
        return self.logits[there], self.labels[there]

    def set_pseudo_labels(self, logits: Tensor, threshold: float, flexible: bool) -> None:
        """Set the pseudo-labels of target rows by the teacher's logits (m, classes).

        The threshold is on the largest probability, after the scale. A flexible one is lower for classes
        with fewer confident rows: times b / (2 - b), where b is their count over that of the most
        frequent class, or of the rows that are not confident if these are more (arXiv:2110.08263), but not
        below 1/2.
        """
        top, classes = (logits * self.scale).softmax(1).max(1)
        levels = top.new_full((self.classes,), threshold)
        if flexible:
            levels = (levels * self._eased()).clamp_min(min(LEAST, threshold))
        self.pseudo_labels = torch.where(top >= levels[classes], classes, UNSURE)
        self.sure.copy_(_last(self.sure, torch.where(top >= threshold, classes, UNSURE)))

    def _eased(self) -> Tensor:
        counts = one_hot(self.sure + 1, self.classes + 1).sum(0)
        reached = counts[1:] / counts.max()
        return reached / (2 - reached)


def _last(old: Tensor, new: Tensor) -> Tensor:
    """The last len(old) rows of `old` and new ones."""
    return torch.cat([old, new.to(old)])[-len(old) :]
