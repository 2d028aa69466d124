import math
from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, cross_entropy, smooth_l1_loss

from headstart.core import About, Backbone, BadData, BadInput, Ctx, Descend, Loss, Model, Parts, Seeded, Task
from headstart.methods.mapping.pretraining._proxy import pixels_in, pixels_of
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised, encoder_parts, learning
from headstart.nn.lab_colours import lab, nearest_bin, shown_bins
from headstart.nn.last_map import MapDecoder, last_map, map_width
from headstart.nn.pixels import grey

FINEST = 28  # places along a side at which colours are compared, at most
PALE = 2.0  # units of a and b that nobody sees as a colour
SCALE = 50.0  # units of a and b that count as one in the error of values
BEYOND = 0.1  # that levels may leave [0, 1] by


@final
@dataclass(frozen=True, kw_only=True)
class Colourisation(SelfSupervised[Seeded]):
    """Pre-train an encoder to tell the colours of a picture that it sees in grey.

    A light decoder reads the map of the encoder's last block, and the features of the whole picture.

    Attributes:
        target: "bins" tells squares of the plane of colours a and b apart, at each place; "values" predicts
            a and b themselves, and so the pale mean of what is uncertain.
        bin: side of these squares in units of a and b, in [5, 60].
        hidden: width of the decoder, >= 1.
    """

    about = About("colourisation", "start", "mapping", Seeded, "arXiv:1603.08511", needs_pictures=True)
    target: Literal["bins", "values"] = "bins"
    bin: float = 20.0
    hidden: int = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("target", self.target in ("bins", "values"), "'bins' or 'values'")
        self.check("bin", 5 <= self.bin <= 60, "in [5, 60]")
        self.check("hidden", self.hidden >= 1, ">= 1")

    @property
    def outputs(self) -> int:
        """Outputs of the decoder at a place."""
        return len(shown_bins(self.bin)) if self.target == "bins" else 2

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder and the decoder.

        Raises:
            BadInput: the samples are no pictures, or no block of the backbone has places.
            BadData: the pictures are not square, or have no three colours.
        """
        pixels = pixels_of(self.about.name, backbone, task)
        if task.shape[0] != 3:
            raise BadData(
                f"colourisation tells the colours red, green and blue, and these pictures have "
                f"{task.shape[0]} channels. Take rotation or relative-rotation."
            )
        places = map_width(backbone, task.shape)
        if places is None:
            raise BadInput(
                f"colourisation tells colours at places, and no block of {type(backbone).__name__} has any "
                f"for pictures of {task.shape[1]} pixels. Give larger pictures, or take rotation."
            )
        decoder = MapDecoder(places, backbone.width, self.hidden, self.outputs)
        return encoder_parts(self, backbone, task, pixels=pixels, proxy=decoder)

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on the encoder and the decoder."""
        return (Descend(self.loss, on=learning("proxy")),)

    def loss(self, parts: Parts, batch: Seeded, ctx: Ctx) -> Loss:
        """Cross-entropy over the bins, or the error of the values, at each place.

        Raises:
            BadData: the first pictures are all grey, or have other levels than [0, 1].
        """
        levels = pixels_in(parts).levels(batch.x)
        ab = self.colours(levels)
        if ctx.step == 0:
            check_colours(levels, ab)
        shown = pixels_in(parts).normalised(grey(levels).expand_as(levels))
        encoder = parts["backbone"]
        assert isinstance(encoder, Backbone)
        features, grid = last_map(encoder, shown)
        assert grid is not None
        found = parts["proxy"](features, grid, ab.shape[-1]).float()
        if self.target == "values":
            return Loss.sum(colours=smooth_l1_loss(found, ab / SCALE))
        bins = shown_bins(self.bin).to(ab.device)
        return Loss.sum(colours=cross_entropy(found, nearest_bin(ab, bins)))

    def colours(self, levels: Tensor) -> Tensor:
        """Both a and b, (n, 2, size, size), of levels (n, 3, h, w) in [0, 1], averaged at places."""
        size = min(FINEST, levels.shape[-1])
        return lab(adaptive_avg_pool2d(levels, size))[:, 1:]

    def chance_level(self, rows: int) -> float | None:
        """The logarithm of the number of bins, or `None` for values. Frequent bins alone bring less."""
        return math.log(self.outputs) if self.target == "bins" else None

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)


def check_colours(levels: Tensor, ab: Tensor) -> None:
    """Raise `BadData` if pictures (n, 3, h, w), with a and b (n, 2, size, size), have nothing to colour."""
    low, high = float(levels.min()), float(levels.max())
    if low < -BEYOND or high > 1 + BEYOND:
        raise BadData(
            f"colourisation reads colours off levels in [0, 1], and these pictures go from {low:.3g} to "
            f"{high:.3g}. Give uint8, or levels in [0, 1]."
        )
    if float(torch.linalg.vector_norm(ab, dim=1).max()) < PALE:
        raise BadData(
            f"The {len(ab)} pictures of the first batch are all grey: there is nothing to colour. Take "
            "rotation, jigsaw or simclr."
        )
