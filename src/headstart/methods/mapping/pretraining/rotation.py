import math
from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from headstart.core import About, Backbone, Ctx, Descend, Loss, Model, Parts, Seeded, Task
from headstart.core.draws import reseeded, uniforms
from headstart.methods.mapping.pretraining._proxy import pixels_of, read
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised, encoder_parts, learning
from headstart.nn.views.turned import all_quarters, quarters_turned


@final
@dataclass(frozen=True, kw_only=True)
class Rotation(SelfSupervised[Seeded]):
    """Pre-train an encoder to tell by which of four angles a picture was rotated (RotNet).

    Attributes:
        rotations: "all" shows each picture in all four rotations in every step, "one" in one that is drawn.
        flip: whether pictures are flipped horizontally with probability 1/2 before they are rotated.
    """

    about = About("rotation", "start", "mapping", Seeded, "arXiv:1803.07728", needs_pictures=True)
    rotations: Literal["all", "one"] = "all"
    flip: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("rotations", self.rotations in ("all", "one"), "'all' or 'one'")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, and the head that tells the rotation.

        Raises:
            BadInput: the samples are no pictures.
            BadData: the pictures are not square.
        """
        pixels = pixels_of(self.about.name, backbone, task)
        return encoder_parts(self, backbone, task, pixels=pixels, proxy=nn.Linear(backbone.width, 4))

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on the encoder and the head of the proxy task."""
        return (Descend(self.loss, on=learning("proxy")),)

    def loss(self, parts: Parts, batch: Seeded, ctx: Ctx) -> Loss:
        """Cross-entropy over the four rotations."""
        x, quarters = self.rotated(read(parts, batch.x), batch.seed)
        return Loss.sum(rotation=cross_entropy(parts["proxy"](parts["backbone"](x)).float(), quarters))

    def rotated(self, x: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """Rotated pictures (m, channels, size, size), and the number (m,) of quarters, anticlockwise."""
        draws = uniforms(reseeded(seed, 0), 2)
        if self.flip:
            x = torch.where(draws[:, 0, None, None, None] < 0.5, x.flip(3), x)
        if self.rotations == "all":
            return all_quarters(x)
        quarters = (draws[:, 1] * 4).long()
        return quarters_turned(x, quarters), quarters

    def chance_level(self, rows: int) -> float:
        """The logarithm of the number of rotations."""
        return math.log(4)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
