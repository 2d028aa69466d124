"""Decode pictures of any format to RGB, and resize them to the input of a backbone.

The fast path: a JPEG is decoded at the smallest scale that is large enough, and cropping and
resizing are one call.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from headstart.core import Preprocess

from .levels import Window
from .opening import Source, flat, opened, shrink, upright_size

if TYPE_CHECKING:
    from torch import Tensor

GAP = 2.0  # large pictures are first reduced by box averaging, down to this multiple of the target

_FILTERS = {
    "bilinear": Resampling.BILINEAR,
    "bicubic": Resampling.BICUBIC,
    "lanczos": Resampling.LANCZOS,
}
_Size = tuple[int, int]  # width, height


def read_picture(source: Source, name: str = "", window: Window | None = None) -> Image.Image:
    """Read a picture as upright RGB in its full size; transparency becomes white.

    Of animations the first frame is read. A JPEG of more than 120 million pixels is shrunk while it is
    decoded.

    Args:
        source: a path, the bytes of a file, a Pillow picture, or an array (h, w) or
            (h, w, 1 | 3 | 4) of numbers or bool.
        name: for error messages; a path is its own name.
        window: levels that become black and white in a picture of more than 8 bits; None takes its range
            in use, see `levels.range_in_use`.

    Raises:
        BadData: it can't be read, is truncated or is too large; the text names it.
    """
    with opened(source, name, window) as picture:
        shrink(picture, None)
        return flat(picture)


def prepare(source: Source, preprocess: Preprocess, margin: float = 1.0, name: str = "") -> "Tensor":
    """The same as `prepared`, as a tensor (3, height, width), channels last in memory."""
    import torch

    return torch.from_numpy(prepared(source, preprocess, margin, name)).permute(2, 0, 1)


def prepared(
    source: Source, preprocess: Preprocess, margin: float = 1.0, name: str = ""
) -> NDArray[np.uint8]:
    """Preprocess a picture for a backbone: uint8 (height, width, 3).

    "crop" equals resizing the shorter side to size / keep and cropping the centre.

    Args:
        source: as for `read_picture`.
        preprocess: size, fit, keep, filter and window.
        margin: >= 1; the result is that many times as high and wide, for random crops later.
            With "crop" it includes more of the picture, up to the whole of its shorter side.
        name: for error messages; a path is its own name.

    Raises:
        BadData: as `read_picture`.
    """
    height, width = (round(side * margin) for side in preprocess.size)
    with opened(source, name, preprocess.window) as picture:
        full, turned = upright_size(picture)
        scaled = _scaled(full, (width, height), preprocess, margin)
        shrink(picture, scaled[::-1] if turned else scaled)
        upright = flat(picture)
    small = _resized(upright, scaled, (width, height), _FILTERS[preprocess.filter])
    return np.array(small)


def _scaled(full: _Size, target: _Size, preprocess: Preprocess, margin: float) -> _Size:
    """Size to which the whole picture is scaled, rounded as in torchvision's Resize."""
    if preprocess.fit == "squash":
        return target
    if preprocess.fit == "pad":
        factor = min(target[0] / full[0], target[1] / full[1])
        return max(1, round(full[0] * factor)), max(1, round(full[1] * factor))
    keep = min(1.0, preprocess.keep * margin)
    wide, high = (int(side / keep + 1e-9) for side in target)
    if wide * full[1] >= high * full[0]:
        return wide, max(target[1], int(full[1] * wide / full[0]))
    return max(target[0], int(full[0] * high / full[1])), high


def _resized(picture: Image.Image, scaled: _Size, target: _Size, kernel: Resampling) -> Image.Image:
    """Scale the picture to `scaled` and take the central `target`, padded with white."""
    inner = min(scaled[0], target[0]), min(scaled[1], target[1])
    left, top = (round((s - i) / 2) for s, i in zip(scaled, inner, strict=True))
    x, y = picture.width / scaled[0], picture.height / scaled[1]
    right = min(picture.width, (left + inner[0]) * x)
    bottom = min(picture.height, (top + inner[1]) * y)
    small = picture.resize(inner, kernel, (left * x, top * y, right, bottom), reducing_gap=GAP)
    if inner == target:
        return small
    white = Image.new("RGB", target, "white")
    white.paste(small, ((target[0] - inner[0]) // 2, (target[1] - inner[1]) // 2))
    return white
