"""Random views of samples of any kind, for predictions averaged over them."""

import torch
from torch import Tensor
from torch.nn.functional import pad

SHIFT = 16  # pictures move by up to a sixteenth of their sides, in whole pixels
TONE = 0.1  # contrast and brightness change by up to this, in standard deviations
NOISE = 0.05  # standard deviations


def another(x: Tensor) -> Tensor:
    """A random view (n, ...) of x (n, ...), from torch's generator.

    Floats get noise; pictures (n, channels, height, width) also move, and change in contrast and
    brightness. Whole numbers, such as tokens, stay as they are.
    """
    if not x.is_floating_point():
        return x
    view = x + NOISE * x.std() * torch.randn_like(x) if x.numel() > 1 else x
    return _moved(_toned(view)) if x.ndim == 4 else view


def _toned(x: Tensor) -> Tensor:
    contrast, brightness = (TONE * (2 * torch.rand(len(x), 1, 1, 1, device=x.device) - 1) for _ in range(2))
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * (1 + contrast) + brightness * x.std((1, 2, 3), keepdim=True)


def _moved(x: Tensor) -> Tensor:
    """All pictures by the same number of pixels; what enters at the edge repeats it."""
    height, width = x.shape[2:]
    far = [side // SHIFT for side in (height, width)]
    down, right = (int(torch.randint(0, 2 * each + 1, ())) for each in far)
    wide = pad(x, (far[1], far[1], far[0], far[0]), mode="replicate")
    return wide[:, :, down : down + height, right : right + width]
