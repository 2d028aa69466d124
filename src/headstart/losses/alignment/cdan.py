"""Inputs of a domain classifier conditioned on predictions (CDAN, arXiv:1705.10667)."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from headstart.core import BadData, BadInput, derive_seed
from headstart.losses.alignment._validation import exactly, rows

from .entropy import entropies


class Projection(NamedTuple):
    """Random matrices for `multilinear_map`, fixed during a training."""

    features: Tensor  # (d, size)
    answers: Tensor  # (c, size)


def projection(width: int, classes: int, size: int, seed: int) -> Projection:
    """Draw standard normal matrices (width, size) and (classes, size), float32, as a function of `seed`.

    Raises:
        BadInput: one of the sizes is less than 1.
    """
    if min(width, classes, size) < 1:
        raise BadInput(f"width, classes and size are {width}, {classes} and {size}; each must be >= 1.")
    made = [
        torch.randn(side, size, generator=torch.Generator().manual_seed(derive_seed(seed, "cdan", name)))
        for side, name in ((width, "features"), (classes, "answers"))
    ]
    return Projection(*made)


def multilinear_map(features: Tensor, answers: Tensor, projected: Projection | None = None) -> Tensor:
    """Outer product of features and class probabilities, (n, d * c), or random projections of it, (n, size).

    Entry i * c + j of a row is features[i] * answers[j]. With a projection R it is
    (features R_f) * (answers R_a) / sqrt(size), whose inner products equal those of the outer products
    in expectation: <f, f'> <g, g'>. The paper uses the first where d * c <= 4096.

    Args:
        features: (n, d).
        answers: (n, c), the softmax of the outputs; detach it to shield the classifier from the critic.
        projected: a `projection` for d and c.

    Raises:
        BadData: other shapes, or a projection of other sizes.
    """
    one, other = rows(features, "features"), rows(answers, "answers")
    if len(one) != len(other):
        raise BadData(f"There are {len(one)} rows of features and {len(other)} of answers.")
    if projected is None:
        return (one[:, :, None] * other[:, None, :]).flatten(1)
    if (one.shape[1], other.shape[1]) != (len(projected.features), len(projected.answers)):
        sizes = f"{len(projected.features)} features and {len(projected.answers)} answers"
        raise BadData(f"The projection is for {sizes} a row, not {one.shape[1]} and {other.shape[1]}.")
    with exactly(one):
        found: Tensor = (one @ projected.features.to(one)) * (other @ projected.answers.to(other))
    return found / math.sqrt(projected.features.shape[1])


def entropy_weights(logits: Tensor) -> Tensor:
    """Weights (n,) with mean 1: 1 + exp(-H) over its mean, H in nats the entropy of each row's softmax.

    Confident rows count up to twice as much as uncertain ones (CDAN+E). The weights are detached.

    Args:
        logits: (n, c).

    Raises:
        BadData: they are not floats (n, c).
    """
    weights = 1 + torch.exp(-entropies(logits.detach()))
    return weights / weights.mean()
