"""What unpaired translation descends (arXiv:1703.10593, arXiv:1711.03213)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from headstart.core import BadInput, TargetKind
from headstart.losses.label import label_loss


def least_squares(scores: Tensor, real: bool) -> Tensor:
    """The mean squared distance () of a critic's scores, of any shape, to 1 if `real` and else to 0.

    LSGAN's loss (arXiv:1611.04076). A critic takes (real ones to 1 + made ones to 0) / 2, a translator made
    ones to 1.

    >>> least_squares(torch.tensor([0.5, 1.0]), real=True).item()
    0.125
    """
    return (scores.float() - float(real)).square().mean()


def critic_loss(real: Tensor, made: Tensor) -> Tensor:
    """LSGAN's loss () of a critic from its scores of real samples and of made ones; as many or not."""
    return 0.5 * (least_squares(real, real=True) + least_squares(made, real=False))


def cycle_loss(x: Tensor, back: Tensor) -> Tensor:
    """The mean absolute difference () of samples (n, ...) and what came back after there and back again.

    Raises:
        BadInput: the shapes differ.
    """
    if x.shape != back.shape:
        raise BadInput(f"Samples {tuple(x.shape)} came back as {tuple(back.shape)}; they must match.")
    return (back.float() - x.float()).abs().mean()


def answers_as_labels(outputs: Tensor, kind: TargetKind) -> Tensor:
    """What outputs (n, outputs) say, in the form of labels and without a gradient.

    Classes (n,), tags (n, tags) of bool, or the numbers themselves.
    """
    outputs = outputs.detach()
    if kind == "classes":
        return outputs.argmax(1)
    return outputs > 0 if kind == "tags" else outputs.float()


def semantic_loss(translated: Sequence[Tensor], labels: Sequence[Tensor]) -> Tensor:
    """The sum () of the label losses of a frozen model on translated samples of both domains.

    For CyCADA: outputs on translated source samples with the labels of the source, and outputs on translated
    target samples with what the model said of them before they were translated.

    Raises:
        BadInput: there are not as many outputs as labels.
    """
    if len(translated) != len(labels) or not translated:
        raise BadInput(f"{len(translated)} outputs and {len(labels)} labels: give as many, and one at least.")
    return torch.stack([label_loss(z, y) for z, y in zip(translated, labels, strict=True)]).sum()
