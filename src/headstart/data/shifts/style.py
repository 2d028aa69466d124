"""Style alignment of two domains without training: histograms, spectra, colour statistics.

Each function takes pictures to transform and reference pictures, in any numbers, and returns new ones.
The content stays in place, so labels should stay valid. Only levels, colours and low frequencies change.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from headstart.core import BadInput, Unknown, derive_seed

LEVELS = 256
LEAST = 1e-5  # a deviation below it counts as 0


def match_histograms(x: Tensor, like: Tensor) -> Tensor:
    """Match the pooled histogram of the pictures to that of the reference pictures.

    Channel by channel, one monotone curve for all pictures: a level maps to the level of the same quantile
    in the other domain (histogram matching of the pooled levels, interpolated between levels). As
    the curve is increasing, black on white can't become white on black.

    Args:
        x: (n, c, h, w), uint8 or floats; not changed.
        like: (m, c, h', w') of the same dtype; any number and size of pictures.

    Returns:
        (n, c, h, w) of the dtype of `x`.

    Raises:
        BadInput: channels or dtypes differ, or there are no pictures.

    >>> match_histograms(torch.tensor([[[[0.0, 1.0]]]]), torch.tensor([[[[5.0, 9.0]]]])).tolist()
    [[[[5.0, 9.0]]]]
    """
    _check(x, like)
    made = [_matched(x[:, c].double(), like[:, c].double()) for c in range(x.shape[1])]
    return _as(torch.stack(made, 1), x)


def match_spectra(x: Tensor, like: Tensor, *, share: float = 0.1, seed: int = 0) -> Tensor:
    """Replace low-frequency amplitudes by those of a reference picture (FDA, arXiv:2004.05498).

    Each picture takes them from a random picture of `like`; phases are kept.

    Args:
        x: (n, c, h, w), uint8 or floats; not changed.
        like: (m, c, h, w) of the same size and dtype.
        share: beta of the paper, in [0, 0.5]: along each axis, frequencies up to `floor(share * min(h, w))`
            are replaced, on both sides of 0; 0 replaces the mean alone.
        seed: of the draw.

    Returns:
        (n, c, h, w) of the dtype of `x`; bytes are rounded and cut off.

    Raises:
        BadInput: sizes, channels or dtypes differ, or `share` is out of range.
    """
    _check(x, like)
    if x.shape[2:] != like.shape[2:]:
        raise BadInput(
            f"Pictures of {tuple(x.shape[2:])} and {tuple(like.shape[2:])}: bring them to one size."
        )
    if not 0 <= share <= 0.5:
        raise BadInput(f"share is {share!r}; it must be in [0, 0.5].")
    draw = torch.Generator().manual_seed(derive_seed(seed, "spectra"))
    chosen = torch.randint(len(like), (len(x),), generator=draw)
    mine, other = torch.fft.fft2(x.double()), torch.fft.fft2(like[chosen].double())
    low = _low(x.shape[2], x.shape[3], int(share * min(x.shape[2:])))
    amplitude = torch.where(low, other.abs(), mine.abs())
    return _as(torch.fft.ifft2(torch.polar(amplitude, mine.angle())).real, x)


def match_style(x: Tensor, like: Tensor) -> Tensor:
    """Match the mean and deviation of each channel to the other domain's, over all pictures and pixels.

    The statistics of adaptive instance normalisation (arXiv:1703.06868), of pixels and of whole domains.

    Args:
        x: (n, c, h, w), uint8 or floats; not changed.
        like: (m, c, h', w') of the same dtype.

    Returns:
        (n, c, h, w) of the dtype of `x`; bytes are rounded and cut off.

    Raises:
        BadInput: channels or dtypes differ, or there are no pictures.

    >>> match_style(torch.tensor([[[[0.0, 2.0]]]]), torch.tensor([[[[10.0, 14.0]]]])).tolist()
    [[[[10.0, 14.0]]]]
    """
    _check(x, like)
    mine, other = x.double(), like.double()
    axes = (0, 2, 3)
    mean, deviation = mine.mean(axes, keepdim=True), mine.var(axes, correction=0, keepdim=True).sqrt()
    there = other.var(axes, correction=0, keepdim=True).sqrt()
    standard = (mine - mean) / deviation.clamp_min(LEAST)
    return _as(standard * there + other.mean(axes, keepdim=True), x)


STYLES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "histogram": match_histograms,
    "fourier": match_spectra,
    "style": match_style,
}


def in_style(x: Tensor, like: Tensor, method: str) -> Tensor:
    """Transform pictures by the named method: histogram, fourier or style.

    Raises:
        Unknown: no method has that name.
    """
    if method not in STYLES:
        raise Unknown("way to match styles", method, STYLES)
    return STYLES[method](x, like)


def _matched(mine: Tensor, other: Tensor) -> Tensor:
    """Map levels (n, h, w) by the curve that matches their distribution to the other's."""
    levels, where, counts = torch.unique(mine, return_inverse=True, return_counts=True)
    goals, many = torch.unique(other, return_counts=True)
    reached = counts.cumsum(0) / counts.sum()
    there = many.cumsum(0) / many.sum()
    right = torch.searchsorted(there, reached).clamp(0, len(goals) - 1)
    left = (right - 1).clamp_min(0)
    way = (there[right] - there[left]).clamp_min(1e-12)
    part = ((reached - there[left]) / way).clamp(0, 1)
    curve = torch.where(right > left, goals[left] + part * (goals[right] - goals[left]), goals[right])
    assert len(curve) == len(levels)
    return curve[where]


def _low(high: int, wide: int, radius: int) -> Tensor:
    """Bool (h, w): frequencies up to `radius` along both axes, in the order of the transform."""
    rows, columns = (torch.fft.fftfreq(size, 1 / size).abs() <= radius for size in (high, wide))
    return torch.logical_and(rows[:, None], columns[None, :])


def _check(x: Tensor, like: Tensor) -> None:
    if x.ndim != 4 or like.ndim != 4 or 0 in x.shape or 0 in like.shape:
        raise BadInput(f"Pictures are (n, c, h, w), not {tuple(x.shape)} and {tuple(like.shape)}.")
    if x.shape[1] != like.shape[1] or x.dtype != like.dtype:
        named = " and ".join(f"{one.shape[1]} channels of {one.dtype}" for one in (x, like))
        raise BadInput(f"Pictures of {named}: bring them to the same channels and dtype.")


def _as(made: Tensor, x: Tensor) -> Tensor:
    """Convert to the dtype of x, bytes rounded and clipped."""
    if x.dtype == torch.uint8:
        return made.round().clamp(0, LEVELS - 1).to(torch.uint8)
    return made.to(x.dtype)
