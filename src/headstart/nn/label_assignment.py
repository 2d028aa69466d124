"""Which classes of a trained classifier stand for new ones, as a matrix with rows that add up to 1."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from headstart.core import BadInput


def predicted_counts(logits: Tensor, y: Tensor, weights: Tensor | None, outputs: int) -> Tensor:
    """How often each source class is predicted for rows of each new class: (outputs, sources).

    Less than 1 row's worth of the mean probabilities is added, so that ties, such as between classes that are
    never predicted, go to the more probable one.

    Args:
        logits: (n, sources) of the source classes.
        y: (n,) new classes.
        weights: (n,) >= 0 that the rows count; None: 1 each.
        outputs: number of the new classes.
    """
    member = one_hot(y, outputs).to(logits) if weights is None else one_hot(y, outputs) * weights[:, None]
    hits = one_hot(logits.argmax(1), logits.shape[1]).to(member)
    return member.T @ (hits + logits.softmax(1).to(member) / (len(y) + 1))


def assigned(counts: Tensor, each: int = 1) -> Tensor:
    """Assign source classes to new ones greedily, each source class to one at most (arXiv:2211.11635).

    The pair with the highest count comes first, and so on, until each new class has enough.

    Args:
        counts: (outputs, sources), as of `predicted_counts`.
        each: source classes for a new class, >= 1.

    Returns:
        (outputs, sources), 1 / each where a source class stands for a new one, else 0.

    Raises:
        BadInput: there are too few source classes.
    """
    outputs, sources = counts.shape
    if outputs * each > sources:
        raise BadInput(
            f"The classifier has {sources} classes, and {outputs} new ones need {each} each for themselves: "
            f"{outputs * each}. Let the mapping be learned, which can use a class several times."
        )
    left, matrix = counts.clone(), torch.zeros_like(counts)
    for _ in range(outputs * each):
        new, source = divmod(int(left.argmax()), sources)
        matrix[new, source] = 1 / each
        left[:, source] = -torch.inf
        if int((matrix[new] > 0).sum()) == each:
            left[new] = -torch.inf
    return matrix


def mean_predictions(logits: Tensor, y: Tensor, weights: Tensor | None, outputs: int) -> Tensor:
    """The mean probabilities (outputs, sources) of the source classes for rows of each new class.

    A class without rows gets the mean of all. Arguments are those of `predicted_counts`.
    """
    shares = logits.softmax(1)
    member = one_hot(y, outputs).to(shares) if weights is None else one_hot(y, outputs) * weights[:, None]
    rows = member.sum(0)
    everywhere = (member.sum(1) @ shares / rows.sum()).expand(outputs, -1)
    return torch.where(
        rows[:, None] > 0, member.T.to(shares) @ shares / rows.clamp(min=1e-9)[:, None], everywhere
    )
