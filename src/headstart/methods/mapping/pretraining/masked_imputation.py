from dataclasses import dataclass
from typing import Literal, final

import torch
from torch import nn

from headstart.core import About, Backbone, BadInput, Ctx, Descend, Loss, Model, Parts, Seeded, Task, Tokens
from headstart.core.filled import Filled
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised, encoder_parts, learning
from headstart.nn.imputation.cells import CellImputer
from headstart.nn.imputation.imputer import Imputer
from headstart.nn.imputation.patches import PatchImputer
from headstart.nn.imputation.pixels import PixelImputer
from headstart.nn.imputation.token_grid import reads_patches
from headstart.nn.imputation.tokens import TokenImputer

HIDE = {"tokens": 0.15, "cells": 0.3, "patches": 0.75, "pixels": 0.6}  # as BERT, VIME, MAE and SimMIM do


@final
@dataclass(frozen=True, kw_only=True)
class MaskedImputation(SelfSupervised[Seeded]):
    """Pre-train an encoder to predict hidden parts of a sample from the rest: fill in the blank.

    The parts are tokens of a text, cells of a table, or patches of a picture. A light decoder predicts them,
    which is thrown away afterwards.

    Attributes:
        hide: share of the parts of each sample that is hidden, in (0, 1); None takes 0.15 of tokens, 0.3 of
            cells, 0.75 of patches that are left out and 0.6 of those that are replaced.
        corruption: what stands in the place of a hidden cell of a table: "marginal", the same column's cell
            of a random row, or "mask", nothing, as where it is missing.
        mask_weight: of the loss of telling which cells of a table were hidden, as VIME does, >= 0.
        form: of pictures: "patches" leaves hidden ones out of what a transformer reads; "pixels" replaces
            them in the picture, for any network; "auto" takes patches where there are tokens of them.
        patch: side of a patch in pixels, >= 1, of the form "pixels"; None takes a seventh of the shorter
            side, at least 2. The other form has the patches of the transformer.
        normalise: of the form "patches": whether each is standardised by itself before it is predicted.
        decoder: width of the decoder of cells or pictures, a multiple of 4.
        depth: layers of the decoder of the form "patches", >= 1.
    """

    about = About("masked-imputation", "start", "mapping", Seeded, "arXiv:2111.06377")
    hide: float | None = None
    corruption: Literal["marginal", "mask"] = "marginal"
    mask_weight: float = 0.0
    form: Literal["auto", "patches", "pixels"] = "auto"
    patch: int | None = None
    normalise: bool = False
    decoder: int = 128
    depth: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        inside = self.hide is None or 0 < self.hide < 1
        self.check("hide", inside, "in (0, 1): with 0 nothing is hidden, with 1 everything")
        self.check("corruption", self.corruption in ("marginal", "mask"), "'marginal' or 'mask'")
        self.check("mask_weight", 0 <= self.mask_weight < float("inf"), ">= 0")
        self.check("form", self.form in ("auto", "patches", "pixels"), "'auto', 'patches' or 'pixels'")
        self.check("patch", self.patch is None or self.patch >= 1, ">= 1, or None")
        self.check("decoder", self.decoder >= 4 and self.decoder % 4 == 0, "a multiple of 4, >= 4")
        self.check("depth", self.depth >= 1, ">= 1")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, and what hides and predicts parts of the samples that it reads."""
        made = encoder_parts(self, backbone, task)
        encoder: nn.Module = made["backbone"]
        assert isinstance(encoder, Backbone)
        made["imputer"] = self.imputer(encoder, task)
        return made

    def imputer(self, backbone: Backbone, task: Task) -> Imputer:
        """The one for the samples that a backbone reads.

        Raises:
            BadInput: there is none, or nothing or everything would be hidden.
        """
        tokens = getattr(backbone, "tokens", None)
        if isinstance(tokens, Tokens):
            return TokenImputer(backbone, tokens, self.hide or HIDE["tokens"])
        if task.columns is not None:
            share = self.hide or HIDE["cells"]
            return CellImputer(backbone, task.columns, share, self.corruption, self.decoder, self.mask_weight)
        if len(task.shape) != 3:
            raise BadInput(
                "masked-imputation hides cells of tables, tokens of texts and patches of pictures, and "
                f"these samples have the shape {task.shape}. Give rows (n, columns) or pictures "
                "(n, channels, height, width), or take another method."
            )
        if self.form == "patches" or (self.form == "auto" and reads_patches(backbone)):
            share = self.hide or HIDE["patches"]
            return PatchImputer(backbone, task.shape, share, self.normalise, self.decoder, self.depth)
        return PixelImputer(backbone, task.shape, self.hide or HIDE["pixels"], self.patch, self.decoder)

    def moves(self) -> tuple[Descend[Seeded]]:
        """One descent on the encoder and the decoder."""
        return (Descend(self.loss, on=learning("imputer")),)

    def loss(self, parts: Parts, batch: Seeded, ctx: Ctx) -> Loss:
        """The loss of the hidden parts alone."""
        return Loss.sum(**parts["imputer"](parts["backbone"], batch.x, batch.seed))

    def chance_in(self, parts: Parts, rows: int) -> float | None:
        """Of cells: that of the best constant for each column."""
        imputer = parts["imputer"]
        assert isinstance(imputer, Imputer)
        return imputer.chance

    def examples(self, parts: Parts, batch: Seeded) -> list[Filled]:
        """What was hidden of each row, and what is filled in."""
        imputer, backbone = parts["imputer"], parts["backbone"]
        assert isinstance(imputer, Imputer)
        assert isinstance(backbone, Backbone)
        with torch.no_grad():
            return imputer.filled(backbone, batch.x, batch.seed)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
