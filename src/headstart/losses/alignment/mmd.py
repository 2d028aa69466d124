"""Maximum mean discrepancy (doi:10.5555/2188385.2188410), the loss of deep adaptation networks."""

from collections.abc import Sequence

from torch import Tensor

from headstart.losses.alignment._validation import both

from ._kernels import SCALES, discrepancy, kernel


def mmd_loss(
    source: Tensor,
    target: Tensor,
    scales: Sequence[float] = SCALES,
    bandwidth: float | None = None,
    unbiased: bool = False,
) -> Tensor:
    """The squared discrepancy, (): mean k(s, s') + mean k(t, t') - 2 mean k(s, t) (arXiv:1502.02791).

    k is the mean over scales c of the Gaussian kernels exp(-|x - y|^2 / (2 c b^2)). All pairs of rows are
    used, n m of them across the domains.

    Args:
        source: features (n, d).
        target: features (m, d).
        scales: factors c > 0 of the squared bandwidth.
        bandwidth: b > 0, in units of the features; None: b^2 is half of the mean squared distance of the
            current rows, detached from the gradient, so that features may have any scale.
        unbiased: leave out the pairs of a row with itself. The expectation is then the discrepancy, 0 for
            equal domains, and the value may be below 0; otherwise it is in [0, 2], and for equal domains
            some (1/n + 1/m)(1 - mean k). The gradients differ by factors of n / (n - 1) only.

    Raises:
        BadData: the features are not matrices of the same width, or `unbiased` with a single row.
        BadInput: a scale or the bandwidth is not a finite number > 0.
    """
    one, other = both(source, target, least=2 if unbiased else 1)
    return discrepancy(kernel(one, other, scales, bandwidth), len(one), unbiased)
