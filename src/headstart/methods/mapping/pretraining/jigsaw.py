import math
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from headstart.core import About, Backbone, Ctx, Descend, Loss, Model, Parts, Seeded, Task
from headstart.core.draws import reseeded, uniforms
from headstart.methods.mapping.pretraining._proxy import pixels_of, some_grey, tile_side
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised, encoder_parts, learning
from headstart.nn.permutations import far_apart
from headstart.nn.views.tiles import cut, enlarged, jittered, standardised

MOST = 64  # permutations, unless more are asked for


@final
@dataclass(frozen=True, kw_only=True)
class Jigsaw(SelfSupervised[Seeded]):
    """Pre-train an encoder of tiles to tell in which of several orders the tiles of a picture were put.

    Attributes:
        grid: tiles along a side of the picture, 2 or 3.
        permutations: orders that are told apart, from 2 to (grid * grid)!, chosen to differ in many places;
            None takes all 24 of a grid of 2, and 64 of a grid of 3.
        gap: share of the side of a cell that its tile leaves free, in [0, 1); the tile lies anywhere in it,
            so that no edge goes on from one tile to the other.
        grey: probability that a picture is grey, in [0, 1]: colours that a lens shifts outwards tell places.
        hidden: width of the head's hidden layer, >= 1.
    """

    about = About("jigsaw", "start", "mapping", Seeded, "arXiv:1603.09246", needs_pictures=True)
    grid: int = 2
    permutations: int | None = None
    gap: float = 0.15
    grey: float = 0.3
    hidden: int = 256

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("grid", self.grid in (2, 3), "2 or 3")
        most = math.factorial(self.grid**2)
        given = self.permutations
        self.check("permutations", given is None or 2 <= given <= most, f"in [2, {most}], or None")
        self.check("gap", 0 <= self.gap < 1, "in [0, 1)")
        self.check("grey", 0 <= self.grey <= 1, "in [0, 1]")
        self.check("hidden", self.hidden >= 1, ">= 1")

    @property
    def orders(self) -> int:
        """Number of orders that are told apart."""
        return self.permutations or min(MOST, math.factorial(self.grid**2))

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, and the head that sees the embeddings of all tiles side by side.

        Raises:
            BadInput: the samples are no pictures.
            BadData: the pictures are not square, or too small.
        """
        pixels = pixels_of(self.about.name, backbone, task)
        tile_side(self.about.name, task.shape[-1], self.grid, self.gap)
        wide = self.grid**2 * backbone.width
        head = nn.Sequential(nn.Linear(wide, self.hidden), nn.ReLU(), nn.Linear(self.hidden, self.orders))
        return encoder_parts(self, backbone, task, pixels=pixels, proxy=head)

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on the encoder and the head of the proxy task."""
        return (Descend(self.loss, on=learning("proxy")),)

    def loss(self, parts: Parts, batch: Seeded, ctx: Ctx) -> Loss:
        """Cross-entropy over the orders."""
        x = some_grey(parts, batch.x, reseeded(batch.seed, 0), self.grey)
        tiles, y = self.puzzle(x, batch.seed)
        found = parts["backbone"](tiles.flatten(0, 1)).view(len(x), -1)
        return Loss.sum(jigsaw=cross_entropy(parts["proxy"](found).float(), y))

    def puzzle(self, x: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """Tiles (n, grid * grid, channels, h, w) of pictures (n, channels, h, w), and their orders y (n,).

        The tile at place j is that of place p[j] of the picture, row by row, for the y-th permutation p. Each
        has the size of the picture, and is standardised by itself.
        """
        count = self.grid**2
        draws = uniforms(reseeded(seed, 1), 1 + 2 * count)
        y = (draws[:, 0] * self.orders).long()
        order = torch.tensor(far_apart(count, self.orders), device=x.device)[y]
        cell, side = tile_side(self.about.name, x.shape[-1], self.grid, self.gap)
        moved = jittered(draws[:, 1:].view(len(x), count, 2), cell, side)
        corner = torch.stack([order // self.grid, order % self.grid], 2) * cell + moved
        tiles = [cut(x, corner[:, place, 0], corner[:, place, 1], side) for place in range(count)]
        flat = enlarged(standardised(torch.cat(tiles)), (x.shape[2], x.shape[3]))
        return flat.view(count, len(x), *x.shape[1:]).transpose(0, 1), y

    def chance_level(self, rows: int) -> float:
        """The logarithm of the number of orders."""
        return math.log(self.orders)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
