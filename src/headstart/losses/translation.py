"""Losses of unpaired translation (arXiv:1703.10593, arXiv:1711.03213)."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import softplus

from headstart.core import BadInput, LabelKind
from headstart.losses.label import label_loss

AdversarialLoss = Callable[[Tensor, bool, Tensor | None], Tensor]


def least_squares(scores: Tensor, real: bool, weight: Tensor | None = None) -> Tensor:
    """The mean squared distance () of a critic's scores (n, ...) to 1 if `real` and else to 0.

    LSGAN's loss (arXiv:1611.04076). A critic minimises (real to 1 + generated to 0) / 2, a translator
    generated to 1. `weight` (n,) >= 0 multiplies the loss of each row.

    >>> least_squares(torch.tensor([0.5, 1.0]), real=True).item()
    0.125
    """
    return _mean((scores.float() - float(real)).square(), weight)


def log_loss(scores: Tensor, real: bool, weight: Tensor | None = None) -> Tensor:
    """The mean log loss () of a critic's logits (n, ...), which should say real if `real`, else generated.

    The objective of the first GANs (arXiv:1406.2661). A critic minimises half of -log D(real) - log(1 -
    D(generated)), a translator -log D(generated), whose gradient does not vanish where the critic is certain.
    `weight` (n,) >= 0 multiplies the loss of each row.

    >>> round(log_loss(torch.tensor([0.0, 0.0]), real=True).item(), 3)
    0.693
    """
    return _mean(softplus(-scores.float() if real else scores.float()), weight)


ADVERSARIAL: Mapping[str, AdversarialLoss] = {"least-squares": least_squares, "log": log_loss}


def critic_loss(
    real: Tensor, made: Tensor, weight: Tensor | None = None, loss: AdversarialLoss = least_squares
) -> Tensor:
    """The loss () of a critic from its scores of real samples, with optional weights, and of generated ones.

    Their numbers may differ. `loss` is one of `ADVERSARIAL`.
    """
    return 0.5 * (loss(real, True, weight) + loss(made, False, None))


def cycle_loss(x: Tensor, back: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean absolute difference () of samples (n, ...) and their round-trip translations.

    Raises:
        BadInput: the shapes differ.
    """
    if x.shape != back.shape:
        raise BadInput(f"Samples {tuple(x.shape)} came back as {tuple(back.shape)}; they must match.")
    return _mean((back.float() - x.float()).abs(), weight)


def answers_as_labels(outputs: Tensor, kind: LabelKind) -> Tensor:
    """Pseudo-labels from outputs (n, outputs), detached.

    Classes (n,), tags (n, tags) of bool, or the numbers themselves.
    """
    outputs = outputs.detach()
    if kind == "classes":
        return outputs.argmax(1)
    return outputs > 0 if kind == "tags" else outputs.float()


def semantic_loss(
    translated: Sequence[Tensor], labels: Sequence[Tensor], weights: Sequence[Tensor | None] = ()
) -> Tensor:
    """Sum () of the label losses of a frozen model on translated samples of both domains.

    For CyCADA: outputs on translated source samples with the labels of the source, and outputs on translated
    target samples with the model's predictions on the samples before translation. `weights` (n,) of the
    rows; None: all equal.

    Raises:
        BadInput: there are not as many outputs as labels.
    """
    if len(translated) != len(labels) or not translated:
        raise BadInput(f"{len(translated)} outputs and {len(labels)} labels: give as many, and one at least.")
    weights = weights or [None] * len(labels)
    rows = zip(translated, labels, weights, strict=True)
    return torch.stack([label_loss(z, y, weight=weight) for z, y, weight in rows]).sum()


def _mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """Mean over all of (n, ...), with optional weights of the rows."""
    return values.mean() if weight is None else values.flatten(1).mean(1).mul(weight).mean()
