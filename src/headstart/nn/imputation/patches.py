"""Imputation of pictures for transformers, which see the visible patches alone (MAE, arXiv:2111.06377)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from headstart.core import Backbone
from headstart.core.filled import Filled
from headstart.nn.front import normalised

from .imputer import Imputer, check_share, hidden_parts, mean_of_hidden
from .pictures import Shown, patches_of, picture_of, standardised
from .token_grid import token_grid

HEAD = 32  # width of an attention head of the decoder


class PatchDecoder(nn.Module):
    """A light transformer that predicts the patches of a grid from the tokens of the visible ones."""

    positions: Tensor

    def __init__(self, width: int, grid: tuple[int, int], outputs: int, hidden: int, depth: int) -> None:
        """Of tokens of a width, with `depth` layers of `hidden` numbers a token, to `outputs` a patch."""
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.enter = nn.Linear(width, hidden)
        self.mask = nn.Parameter(torch.zeros(hidden))
        nn.init.normal_(self.mask, std=0.02)
        heads = next(one for one in range(max(1, hidden // HEAD), 0, -1) if hidden % one == 0)
        layer = {"batch_first": True, "norm_first": True, "activation": "gelu", "dropout": 0.0}
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(hidden, heads, 4 * hidden, **layer)  # type: ignore[arg-type]
            for _ in range(depth)
        )
        self.leave = nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, outputs))
        self.register_buffer("positions", sines(grid, hidden), persistent=False)

    def forward(self, tokens: Tensor, visible: Tensor) -> Tensor:
        """Patches (n, places, outputs), all of them.

        Args:
            tokens: (n, prefix + k, width).
            visible: int64 (n, k), which places the last k tokens are of.
        """
        x = self.enter(self.norm(tokens))
        prefix = x.shape[1] - visible.shape[1]
        places, rows = self.positions.shape[0], len(x)
        where = visible[:, :, None].expand(-1, -1, x.shape[2])
        grid = self.mask.to(x.dtype).expand(rows, places, -1).scatter(1, where, x[:, prefix:])
        x = torch.cat([x[:, :prefix], grid + self.positions.to(x.dtype)], 1)
        for layer in self.layers:
            x = layer(x)
        found: Tensor = self.leave(x[:, prefix:])
        return found


class PatchImputer(Imputer):
    """Leaves patches out of what a transformer reads, and predicts their pixels.

    Attributes:
        tokens: where its tokens are.
    """

    def __init__(
        self,
        backbone: Backbone,
        shape: Sequence[int],
        hide: float,
        normalise: bool = False,
        hidden: int = 128,
        depth: int = 1,
    ) -> None:
        """Build it for pictures of a shape (channels, height, width).

        Args:
            backbone: the encoder.
            shape: of a picture.
            hide: share of the patches that is hidden, in (0, 1).
            normalise: whether each patch is standardised by itself before it is predicted.
            hidden: width of the decoder, a multiple of 4.
            depth: of the decoder, >= 1.

        Raises:
            BadInput: patches can't be left out, or nothing or everything would be hidden.
        """
        super().__init__()
        self.tokens = token_grid(backbone, shape)
        self.hide, self.normalise, self.places = hide, normalise, math.prod(self.tokens.grid)
        check_share(hide, self.places, "patches")
        outputs = int(shape[0]) * math.prod(self.tokens.patch)
        self.decoder = PatchDecoder(self.tokens.width, self.tokens.grid, outputs, hidden, depth)
        self.shown = Shown(backbone, int(shape[0]))

    def forward(self, backbone: Backbone, x: Tensor, seed: Tensor) -> dict[str, Tensor]:
        """The squared error of hidden patches."""
        x = normalised(backbone, x)
        hidden, predicted = self._predicted(backbone, x, seed)
        patches = patches_of(x, self.tokens.patch)
        wanted = standardised(patches)[0] if self.normalise else patches
        return {"hidden_patches": mean_of_hidden((predicted - wanted).square().mean(2), hidden)}

    def filled(self, backbone: Backbone, x: Tensor, seed: Tensor) -> list[Filled]:
        """Pictures as they are, with grey patches, and with these filled in."""
        x = normalised(backbone, x)
        hidden, predicted = self._predicted(backbone, x, seed)
        patches = patches_of(x, self.tokens.patch)
        if self.normalise:  # in the units of the patch that was there, without which there is no colour
            _, mean, deviation = standardised(patches)
            predicted = predicted * deviation + mean
        grey, made = (
            torch.where(hidden[:, :, None], one, patches) for one in (torch.zeros_like(patches), predicted)
        )
        size = self.tokens.patch
        return self.shown.three(x, picture_of(grey, size, x), picture_of(made, size, x))

    def hidden(self, seed: Tensor) -> Tensor:
        """Which patches are hidden, bool (n, places)."""
        there = torch.ones(len(seed), self.places, dtype=torch.bool, device=seed.device)
        return hidden_parts(seed, self.hide, there)

    def _predicted(self, backbone: Backbone, x: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.hidden(seed)
        count = self.places - round(self.hide * self.places)
        visible = hidden.int().argsort(dim=1, stable=True)[:, :count]
        with self.tokens.seeing(backbone, visible) as seen:
            backbone(x)
        return hidden, self.decoder(seen["tokens"], visible)


def sines(grid: tuple[int, int], width: int) -> Tensor:
    """Position embeddings (places, width) of a grid, row by row: sines and cosines of rows and columns.

    Half of the numbers are of the row, half of the column; `width` is a multiple of 4.
    """
    rates = 1 / 10_000 ** (torch.arange(width // 4) / (width // 4))
    rows, columns = (torch.arange(side)[:, None] * rates for side in grid)
    rows, columns = (torch.cat([one.sin(), one.cos()], 1) for one in (rows, columns))
    both = [rows[:, None].expand(-1, grid[1], -1), columns[None].expand(grid[0], -1, -1)]
    return torch.cat(both, 2).flatten(0, 1)
