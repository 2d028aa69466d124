"""What unpaired translation descends (arXiv:1703.10593, arXiv:1711.03213)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from headstart.core import BadInput, LabelKind
from headstart.losses.label import label_loss


def least_squares(scores: Tensor, real: bool, weight: Tensor | None = None) -> Tensor:
    """The mean squared distance () of a critic's scores (n, ...) to 1 if `real` and else to 0.

    LSGAN's loss (arXiv:1611.04076). A critic takes (real ones to 1 + made ones to 0) / 2, a translator made
    ones to 1. `weight` (n,) >= 0 multiplies what each row adds.

    >>> least_squares(torch.tensor([0.5, 1.0]), real=True).item()
    0.125
    """
    return _mean((scores.float() - float(real)).square(), weight)


def critic_loss(real: Tensor, made: Tensor, weight: Tensor | None = None) -> Tensor:
    """LSGAN's loss () of a critic from its scores of real samples, which may be weighted, and of made ones.

    There may be more of the one than of the other.
    """
    return 0.5 * (least_squares(real, True, weight) + least_squares(made, False))


def cycle_loss(x: Tensor, back: Tensor, weight: Tensor | None = None) -> Tensor:
    """The mean absolute difference () of samples (n, ...) and what came back after there and back again.

    Raises:
        BadInput: the shapes differ.
    """
    if x.shape != back.shape:
        raise BadInput(f"Samples {tuple(x.shape)} came back as {tuple(back.shape)}; they must match.")
    return _mean((back.float() - x.float()).abs(), weight)


def answers_as_labels(outputs: Tensor, kind: LabelKind) -> Tensor:
    """Predictions from outputs (n, outputs), in the form of labels and without a gradient.

    Classes (n,), tags (n, tags) of bool, or the numbers themselves.
    """
    outputs = outputs.detach()
    if kind == "classes":
        return outputs.argmax(1)
    return outputs > 0 if kind == "tags" else outputs.float()


def semantic_loss(
    translated: Sequence[Tensor], labels: Sequence[Tensor], weights: Sequence[Tensor | None] = ()
) -> Tensor:
    """The sum () of the label losses of a frozen model on translated samples of both domains.

    For CyCADA: outputs on translated source samples with the labels of the source, and outputs on translated
    target samples with what the model said of them before they were translated. `weights` (n,) of the rows,
    None for those that count alike.

    Raises:
        BadInput: there are not as many outputs as labels.
    """
    if len(translated) != len(labels) or not translated:
        raise BadInput(f"{len(translated)} outputs and {len(labels)} labels: give as many, and one at least.")
    weights = weights or [None] * len(labels)
    rows = zip(translated, labels, weights, strict=True)
    return torch.stack([label_loss(z, y, weight=weight) for z, y, weight in rows]).sum()


def _mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """Over all of (n, ...), whose rows may count differently."""
    return values.mean() if weight is None else values.flatten(1).mean(1).mul(weight).mean()
