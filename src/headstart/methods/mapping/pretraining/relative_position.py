import math
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from headstart.core import About, Backbone, Ctx, Descend, Loss, Model, Parts, Seeded, Task
from headstart.core.draws import reseeded, uniforms
from headstart.methods.mapping.pretraining._proxy import encode_two, pixels_of, some_grey, tile_side
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised, encoder_parts, learning
from headstart.nn.pair_head import COMPARISONS, Comparison, PairHead
from headstart.nn.views.tiles import cut, enlarged, jittered

GRID = 3
PLACES = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2))  # row and column of each answer


@final
@dataclass(frozen=True, kw_only=True)
class RelativePosition(SelfSupervised[Seeded]):
    """Pre-train a Siamese encoder to tell on which of eight sides of a patch another patch lies.

    Attributes:
        gap: share of the side of a ninth of the picture that its patch leaves free, in [0, 1); the patch lies
            anywhere in it, so that no edge goes on from one patch to the other.
        grey: probability that a picture is grey, in [0, 1]: colours that a lens shifts outwards tell places.
        compare: the comparison r of the two embeddings: "concat", "difference", "product", or "all" of them.
        hidden: width of the head's hidden layer, >= 1.
    """

    about = About("relative-position", "start", "mapping", Seeded, "arXiv:1505.05192", needs_pictures=True)
    gap: float = 0.3
    grey: float = 0.5
    compare: Comparison = "all"
    hidden: int = 256

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("gap", 0 <= self.gap < 1, "in [0, 1)")
        self.check("grey", 0 <= self.grey <= 1, "in [0, 1]")
        self.check("compare", self.compare in COMPARISONS, "'concat', 'difference', 'product' or 'all'")
        self.check("hidden", self.hidden >= 1, ">= 1")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, and the head that compares two embeddings.

        Raises:
            BadInput: the samples are no pictures.
            BadData: the pictures are not square, or too small.
        """
        pixels = pixels_of(self.about.name, backbone, task)
        tile_side(self.about.name, task.shape[-1], GRID, self.gap)
        head = PairHead(backbone.width, self.hidden, len(PLACES), self.compare)
        return encoder_parts(self, backbone, task, pixels=pixels, proxy=head)

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on the encoder and the head of the proxy task."""
        return (Descend(self.loss, on=learning("proxy")),)

    def loss(self, parts: Parts, batch: Seeded, ctx: Ctx) -> Loss:
        """Cross-entropy over the eight places."""
        x = some_grey(parts, batch.x, reseeded(batch.seed, 0), self.grey)
        first, second, y = self.pairs(x, batch.seed)
        logits = parts["proxy"](*encode_two(parts, first, second))
        return Loss.sum(relative_position=cross_entropy(logits.float(), y))

    def pairs(self, x: Tensor, seed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The patch in the middle of each picture, one beside it, and on which side y (n,) of eight it lies.

        Both have the size of the pictures. The sides are counted row by row from the upper left.
        """
        draws = uniforms(reseeded(seed, 1), 5)
        y = (draws[:, 0] * len(PLACES)).long()
        middle = torch.ones(len(x), 2, dtype=torch.long, device=x.device)
        beside = torch.tensor(PLACES, device=x.device)[y]
        return self.patch(x, middle, draws[:, 1:3]), self.patch(x, beside, draws[:, 3:]), y

    def patch(self, x: Tensor, place: Tensor, draws: Tensor) -> Tensor:
        """A patch of each picture, in the ninth at a row and column (n, 2), moved in it by draws (n, 2)."""
        cell, side = tile_side(self.about.name, x.shape[-1], GRID, self.gap)
        corner = place * cell + jittered(draws, cell, side)
        return enlarged(cut(x, corner[:, 0], corner[:, 1], side), (x.shape[2], x.shape[3]))

    def chance_level(self, rows: int) -> float:
        """The logarithm of the number of places."""
        return math.log(len(PLACES))

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
