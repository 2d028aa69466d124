"""Joint maximum mean discrepancy of several layers (joint adaptation networks, arXiv:1605.06636)."""

from collections.abc import Sequence

from torch import Tensor

from headstart.core import BadData, BadInput
from headstart.losses.alignment._validation import both

from ._kernels import SCALES, discrepancy, kernel


def joint_mmd_loss(
    source: Sequence[Tensor],
    target: Sequence[Tensor],
    scales: Sequence[float] = SCALES,
    bandwidths: Sequence[float | None] | None = None,
    unbiased: bool = False,
) -> Tensor:
    """The squared discrepancy, (), of the joint distributions of several layers.

    As `mmd_loss`, with the product of the layers' kernels: two rows are similar only if they are similar
    in every layer. One layer gives `mmd_loss`. The paper's layers are the features and the softmax of the
    outputs.

    Args:
        source: of each layer (n, d_layer).
        target: of each layer (m, d_layer), in the same order.
        scales: factors > 0 of each squared bandwidth.
        bandwidths: one for each layer, > 0, or None to estimate it from the rows; None: None for all.
        unbiased: leave out the pairs of a row with itself, as in `mmd_loss`.

    Raises:
        BadData: the lists differ in length or are empty, or layers of a domain differ in rows, or a layer
            is not a matrix of the same width in both.
        BadInput: there are not as many bandwidths as layers, or one or a scale is not > 0.
    """
    found = _layers(source, target, 2 if unbiased else 1)
    wide = [None] * len(found) if bandwidths is None else list(bandwidths)
    if len(wide) != len(found):
        raise BadInput(f"There are {len(found)} layers and {len(wide)} bandwidths; give one for each.")
    first, *rest = (kernel(s, t, scales, b) for (s, t), b in zip(found, wide, strict=True))
    for other in rest:
        first = first * other
    return discrepancy(first, len(source[0]), unbiased)


def _layers(source: Sequence[Tensor], target: Sequence[Tensor], least: int) -> list[tuple[Tensor, Tensor]]:
    if len(source) != len(target) or not source:
        raise BadData(f"There are {len(source)} layers of the source and {len(target)} of the target.")
    found = [both(s, t, "features", least) for s, t in zip(source, target, strict=True)]
    counts = {(len(s), len(t)) for s, t in found}
    if len(counts) > 1:
        raise BadData(f"Layers of one domain must have as many rows, not {sorted(counts)}.")
    return found
