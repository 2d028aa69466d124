"""The number that contributions to an answer are measured in: log-odds, or the predicted number itself."""

import torch
from torch import Tensor

from headstart.core import LabelKind

MOST = 1000.0  # of log-odds, either way: a class that is ruled out has none


def margins(outputs: Tensor, kind: LabelKind, output: int) -> Tensor:
    """Log-odds (n,) of a class or a tag, log(p / (1 - p)) of its probability p; of numbers the numbers.

    They are computed from logits, so that they go on where p is 1 or 0 in floating-point numbers, and lie
    within 1000 of 0. Those of a tag, and of one of two classes, are linear in the logits.

    Args:
        outputs: logits or numbers (n, outputs).
        kind: of the labels.
        output: the number of the class, the tag or the number.
    """
    mine = outputs[:, output]
    if kind == "classes":
        others = torch.cat([outputs[:, :output], outputs[:, output + 1 :]], 1)
        mine = mine - others.logsumexp(1)
    return mine if kind == "numbers" else mine.clamp(-MOST, MOST)
