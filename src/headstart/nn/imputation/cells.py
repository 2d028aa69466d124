"""Imputation of cells of tables and arrays, as VIME (NeurIPS 2020) does; of RNA-seq counts too."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from headstart.core import Backbone
from headstart.core.draws import reseeded
from headstart.core.filled import Filled
from headstart.core.schema import Schema
from headstart.nn.views.cells import drawn_cells

from .cell_targets import CellTargets, schema_of_rows
from .imputer import Imputer, check_share, hidden_parts, mean_of_hidden, perceptron

Corruption = Literal["marginal", "mask"]


class CellImputer(Imputer):
    """Hides cells of rows (n, columns), and predicts them from the features of the rest.

    Only cells that are observed are hidden, so that missing ones have no loss.

    Attributes:
        decoder: of features (n, width).
        estimator: tells of features which cells are hidden, (n, cells); None: it is not asked.
    """

    rows: Tensor  # (rows, columns), which cells are drawn from
    blank: Tensor  # (cells,), what stands where there is nothing
    estimator: nn.Linear | None

    def __init__(
        self,
        backbone: Backbone,
        columns: Tensor,
        hide: float,
        corruption: Corruption = "marginal",
        hidden: int = 128,
        mask_weight: float = 0.0,
    ) -> None:
        """Build it for rows like those of `columns` (rows, columns).

        Args:
            backbone: the encoder.
            columns: training rows, which cells are drawn from.
            hide: share of the observed cells of each row that is hidden, in (0, 1).
            corruption: what stands in the place of a hidden cell: the same column's cell of a random row, or
                nothing, as where it is missing; in arrays of numbers that is the column's mean.
            hidden: width of the decoder.
            mask_weight: of the loss of telling which cells were hidden, >= 0.

        Raises:
            BadInput: all columns are constant, or nothing or everything would be hidden.
        """
        super().__init__()
        schema = getattr(backbone, "schema", None)
        known = isinstance(schema, Schema)
        self.targets = CellTargets(schema if isinstance(schema, Schema) else schema_of_rows(columns))
        self.register_buffer("rows", columns.clone())
        self.corruption, self.hide = corruption, hide
        check_share(hide, len(self.targets.columns), "columns that vary")
        means = [float("nan") if known else one.mean for one in self.targets.columns]
        self.register_buffer("blank", torch.tensor(means), persistent=False)
        self.decoder = perceptron(backbone.width, hidden, self.targets.outputs)
        self.mask_weight = mask_weight
        self.estimator = nn.Linear(backbone.width, len(means)) if mask_weight else None
        self.chance = None if mask_weight else self.targets.chance(columns)

    def forward(self, backbone: Backbone, x: Tensor, seed: Tensor) -> dict[str, Tensor]:
        """The loss of hidden cells, and of telling which they are if that is asked."""
        hidden, features = self._encoded(backbone, x, seed)
        terms = {"hidden_cells": mean_of_hidden(self.targets.losses(self.decoder(features), x), hidden)}
        if self.estimator is not None:
            said, there = self.estimator(features), self.targets.there(x)
            loss = binary_cross_entropy_with_logits(said, hidden.to(said.dtype), reduction="none")
            terms["mask"] = self.mask_weight * mean_of_hidden(loss, there)
        return terms

    def filled(self, backbone: Backbone, x: Tensor, seed: Tensor) -> list[Filled]:
        """What is filled in for the hidden cells of each row."""
        hidden, features = self._encoded(backbone, x, seed)
        rows = zip(self.decoder(features), x, hidden, strict=True)
        return [Filled(self.targets.blanks(*row)) for row in rows]

    def corrupted(self, x: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """Which cells are hidden, bool (n, cells), and rows (n, columns) that tell nothing of them."""
        hidden = hidden_parts(reseeded(seed, 2), self.hide, self.targets.there(x))
        places = self.targets.places
        instead = self.blank if self.corruption == "mask" else drawn_cells(self.rows, seed)[:, places]
        return hidden, x.index_copy(1, places, torch.where(hidden, instead.to(x.dtype), x[:, places]))

    def _encoded(self, backbone: Backbone, x: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        hidden, rest = self.corrupted(x, seed)
        return hidden, backbone(rest)
