"""Random views of batches of uint8 pictures: crops and flips, and colours, blurs, turns and erased squares.

The draws are those of `headstart.nn.views`, and so is all but the crop: Pillow resizes, which is quicker
where pictures shrink, runs beside the training, and gives uint8.
"""

from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from headstart.core import BadInput
from headstart.core.draws import uniforms
from headstart.data.parallel import parallel_map
from headstart.nn.views.draws import CROP, crop_boxes
from headstart.nn.views.pictures import PictureViews
from headstart.nn.views.recipe import PictureRecipe

Pixels = NDArray[np.uint8]

_MOST = {
    "colour": 1.25,
    "grey": 1.0,
    "blur": 1.0,
    "rotation": 180.0,
    "cutout": 0.99,
}  # beside crops and flips


@final
@dataclass(frozen=True)
class Augment:
    """Random resized crop and horizontal flip, and what is on besides.

    Attributes:
        scale: the share of the picture's area that is kept, drawn evenly from this range in (0, 1].
        ratio: the crop's aspect over the picture's own, drawn evenly on a log scale; both > 0.
        flip: whether pictures are flipped horizontally with probability 1/2.
        colour: strength of the colour jitter, in [0, 1.25]; 0.5 is half of SimCLR's.
        grey: probability that a picture loses its colours, in [0, 1].
        blur: probability of a Gaussian blur, in [0, 1].
        rotation: most degrees that views are turned by, either way, in [0, 180].
        cutout: share of a view's area that a square of the middle grey covers, in [0, 1).
    """

    scale: tuple[float, float] = (0.5, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: bool = True
    colour: float = 0.0
    grey: float = 0.0
    blur: float = 0.0
    rotation: float = 0.0
    cutout: float = 0.0

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            if not 0 <= getattr(self, name) <= most:
                raise BadInput(f"{name}={getattr(self, name)}: it must be in [0, {most}].")
        if not 0 < self.scale[0] <= self.scale[1] <= 1:
            raise BadInput(f"scale={self.scale}: it must be a range within (0, 1].")
        if not 0 < self.ratio[0] <= self.ratio[1]:
            raise BadInput(f"ratio={self.ratio}: it must be a range of positive numbers.")

    @property
    def changes(self) -> bool:
        """Whether it changes pictures at all."""
        return self._more().changes or self.flip or self.scale[0] < 1 or self.ratio != (1, 1)

    def settings(self) -> dict[str, Any]:
        """Settings as JSON values; of what is off besides crops and flips there is nothing."""
        return {name: value for name, value in asdict(self).items() if name not in _MOST or value}

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
        changed = torch.from_numpy(views).permute(0, 3, 1, 2)
        return self._changed(changed, torch.from_numpy(seeds)) if self._more().changes else changed

    def _more(self) -> PictureRecipe:
        """What changes pictures besides the crop and the flip."""
        return PictureRecipe(**{name: getattr(self, name) for name in _MOST})

    def _changed(self, x: Tensor, seed: Tensor) -> Tensor:
        """The uint8 pictures x (n, 3, h, w) with other colours and so on."""
        grey, unit = torch.full((3,), 0.5), torch.ones(3)
        views: Tensor = PictureViews(self._more(), grey, unit)(x, seed)
        return ((views + 0.5) * 255).round().clamp(0, 255).to(torch.uint8)

    def draw(
        self, seeds: NDArray[np.int64], size: tuple[int, int]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Draw the crops: (n, 4) top, left, height, width in pixels; (n,) bool flipped."""
        noise = uniforms(torch.from_numpy(seeds), CROP)
        mirrored: NDArray[np.bool_] = (noise[:, -1] < 0.5).numpy() & self.flip
        return crop_boxes(noise, self.scale, self.ratio, size).numpy(), mirrored


def _resized(picture: Pixels, box: list[int], size: tuple[int, int]) -> Pixels:
    # Pillow works in whole numbers and in the caller's thread: several times faster than sampling
    # a float grid, and it does not compete with a training step for cores as torch would
    top, left, high, wide = box
    edges = (left, top, left + wide, top + high)
    view = Image.fromarray(picture).resize(size[::-1], Image.Resampling.BILINEAR, edges)
    return np.asarray(view)
