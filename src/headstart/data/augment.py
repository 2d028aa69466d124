"""Random resized crops and horizontal flips of batches of uint8 pictures (arXiv:1409.4842)."""

import math
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from headstart.core import BadInput
from headstart.data.parallel import parallel_map
from headstart.data.random_draws import uniforms

Pixels = NDArray[np.uint8]

_TRIES = 10  # attempts before falling back to the largest central crop


@final
@dataclass(frozen=True)
class Augment:
    """Random resized crop and horizontal flip.

    Attributes:
        scale: the share of the picture's area that is kept, drawn evenly from this range in (0, 1].
        ratio: the crop's aspect over the picture's own, drawn evenly on a log scale; both > 0.
        flip: whether pictures are flipped horizontally with probability 1/2.
    """

    scale: tuple[float, float] = (0.5, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.scale[0] <= self.scale[1] <= 1:
            raise BadInput(f"scale={self.scale}: it must be a range within (0, 1].")
        if not 0 < self.ratio[0] <= self.ratio[1]:
            raise BadInput(f"ratio={self.ratio}: it must be a range of positive numbers.")

    @property
    def changes(self) -> bool:
        """Whether it changes pictures at all."""
        return self.flip or self.scale[0] < 1 or self.ratio != (1, 1)

    def settings(self) -> dict[str, Any]:
        """Settings as JSON values."""
        return asdict(self)

    def __call__(self, x: Tensor, seeds: NDArray[np.int64], size: tuple[int, int]) -> Tensor:
        """Augment each picture once.

        Args:
            x: uint8 (n, 3, H, W).
            seeds: (n,); a row's view is a function of its picture and its seed alone.
            size: h, w of the views in pixels.

        Returns:
            uint8 (n, 3, h, w), channels last in memory; bilinear, antialiased.
        """
        boxes, mirrored = self.draw(seeds, (x.shape[2], x.shape[3]))
        pictures = x.permute(0, 2, 3, 1).contiguous().numpy()
        views = np.empty((len(pictures), *size, 3), dtype=np.uint8)

        def view(row: int) -> None:
            views[row] = _resized(pictures[row], boxes[row].tolist(), size)
            if mirrored[row]:
                views[row] = views[row, :, ::-1].copy()

        parallel_map(view, range(len(pictures)))
        return torch.from_numpy(views).permute(0, 3, 1, 2)

    def draw(
        self, seeds: NDArray[np.int64], size: tuple[int, int]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Draw the crops: (n, 4) top, left, height, width in pixels; (n,) bool flipped."""
        noise = uniforms(seeds, 2 * _TRIES + 3)
        area = self.scale[0] + (self.scale[1] - self.scale[0]) * noise[:, :_TRIES]
        low, high = (math.log(edge) for edge in self.ratio)
        aspect = np.exp(low + (high - low) * noise[:, _TRIES : 2 * _TRIES])
        tall, wide = np.sqrt(area / aspect), np.sqrt(area * aspect)
        fits = (tall <= 1) & (wide <= 1)
        first = fits.argmax(1)[:, None]  # 0 if none fits
        shares = np.concatenate(
            [np.take_along_axis(tall, first, 1), np.take_along_axis(wide, first, 1)], axis=1
        )
        shares /= np.maximum(1, shares.max(1, keepdims=True))
        whole = np.array(size)
        sides = np.rint(shares * whole).astype(np.int64).clip(1, whole)
        corners = np.floor(noise[:, -3:-1] * (whole - sides + 1)).astype(np.int64)
        mirrored: NDArray[np.bool_] = (noise[:, -1] < 0.5) & self.flip
        return np.concatenate([corners, sides], axis=1), mirrored


def _resized(picture: Pixels, box: list[int], size: tuple[int, int]) -> Pixels:
    # Pillow works in whole numbers and in the caller's thread: several times faster than sampling
    # a float grid, and it does not compete with a training step for cores as torch would
    top, left, high, wide = box
    edges = (left, top, left + wide, top + high)
    view = Image.fromarray(picture).resize(size[::-1], Image.Resampling.BILINEAR, edges)
    return np.asarray(view)
