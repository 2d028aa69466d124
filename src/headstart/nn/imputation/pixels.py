"""Imputation of pictures for any encoder: hidden pixels are replaced (SimMIM, arXiv:2111.09886)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle

from headstart.core import Backbone
from headstart.core.filled import Filled
from headstart.nn.front import normalised

from .imputer import Imputer, check_share, hidden_parts
from .last_output import as_map, last_output, probed
from .pictures import Shown

SHARE = 7  # patches along the shorter side of a picture, as SimMIM has
MOST = 32  # largest factor that a decoder enlarges a map by; the rest is interpolated


class PixelDecoder(nn.Module):
    """A light convolutional decoder: maps (n, d, h', w') to pictures (n, channels, height, width)."""

    def __init__(self, found: Tensor, shape: Sequence[int], hidden: int) -> None:
        """Build it for maps like `found`, and pictures of a shape (channels, height, width)."""
        super().__init__()
        self.size = (int(shape[1]), int(shape[2]))
        sides = zip(self.size, found.shape[2:], strict=True)
        self.factor = min(MOST, max(-(-side // places) for side, places in sides))
        self.layers = nn.Sequential(
            nn.Conv2d(found.shape[1], hidden, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(hidden, int(shape[0]) * self.factor**2, 1),
        )

    def forward(self, found: Tensor) -> Tensor:
        """Pictures of a map, enlarged by rearrangement, as SimMIM does."""
        large = pixel_shuffle(self.layers(found), self.factor)
        if large.shape[2:] == self.size:
            return large
        return interpolate(large, self.size, mode="bilinear", align_corners=False)


class PixelImputer(Imputer):
    """Replaces patches by a colour that is learned, and predicts their pixels from the last block's output.

    Attributes:
        colour: (channels, 1, 1), at first 0, the mean of normalised pictures.
    """

    def __init__(
        self,
        backbone: Backbone,
        shape: Sequence[int],
        hide: float,
        patch: int | None = None,
        hidden: int = 64,
    ) -> None:
        """Build it for pictures of a shape (channels, height, width).

        Args:
            backbone: the encoder.
            shape: of a picture.
            hide: share of the patches that is hidden, in (0, 1).
            patch: side of a patch in pixels; None: a seventh of the shorter side, at least 2.
            hidden: channels of the decoder.

        Raises:
            BadInput: nothing or everything would be hidden.
        """
        super().__init__()
        self.size = (int(shape[1]), int(shape[2]))
        self.patch = patch or max(2, min(self.size) // SHARE)
        self.grid = tuple(-(-side // self.patch) for side in self.size)
        check_share(hide, self.grid[0] * self.grid[1], f"patches of {self.patch} x {self.patch} pixels")
        self.hide = hide
        self.colour = nn.Parameter(torch.zeros(int(shape[0]), 1, 1))
        self.decoder = PixelDecoder(as_map(probed(backbone, shape), self.size), shape, hidden)
        self.shown = Shown(backbone, int(shape[0]))

    def forward(self, backbone: Backbone, x: Tensor, seed: Tensor) -> dict[str, Tensor]:
        """The squared error of hidden pixels."""
        x = normalised(backbone, x)
        hidden = self.hidden(seed)
        error = (self._predicted(backbone, x, hidden) - x).square()
        share = hidden.flatten(1).to(error.dtype).mean(1)
        return {"hidden_pixels": ((error * hidden).flatten(1).mean(1) / share).mean()}

    def filled(self, backbone: Backbone, x: Tensor, seed: Tensor) -> list[Filled]:
        """Pictures as they are, with grey patches, and with these filled in."""
        x = normalised(backbone, x)
        hidden = self.hidden(seed)
        made = torch.where(hidden, self._predicted(backbone, x, hidden), x)
        return self.shown.three(x, torch.where(hidden, torch.zeros_like(x), x), made)

    def hidden(self, seed: Tensor) -> Tensor:
        """Which pixels are hidden, bool (n, 1, h, w)."""
        rows, columns = self.grid
        there = torch.ones(len(seed), rows * columns, dtype=torch.bool, device=seed.device)
        mask = hidden_parts(seed, self.hide, there).view(-1, 1, rows, columns)
        wide = mask.repeat_interleave(self.patch, 2).repeat_interleave(self.patch, 3)
        return wide[:, :, : self.size[0], : self.size[1]]

    def _predicted(self, backbone: Backbone, x: Tensor, hidden: Tensor) -> Tensor:
        seen = torch.where(hidden, self.colour.to(x.dtype), x)
        found: Tensor = self.decoder(as_map(last_output(backbone, seen), self.size))
        return found
