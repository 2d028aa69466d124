"""Distance of covariances (Deep CORAL, arXiv:1607.01719)."""

from torch import Tensor

from headstart.losses.alignment._validation import both, exactly


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    """||C_s - C_t||_F^2 / (4 d^2), (), of the covariances C of features; >= 0.

    Covariances divide by the rows less one. The loss does not depend on the means.

    Args:
        source: features (n, d), n >= 2.
        target: features (m, d), m >= 2.

    Raises:
        BadData: other shapes or widths, or a single row.
    """
    one, other = both(source, target, least=2)
    with exactly(one):
        gap = _covariance(one) - _covariance(other)
    return gap.square().sum() / (4 * one.shape[1] ** 2)


def _covariance(x: Tensor) -> Tensor:
    centred = x - x.mean(0)
    return centred.T @ centred / (len(x) - 1)
