import math
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from headstart.core import About, Backbone, BadInput, Ctx, Descend, Embedded, Loss, Model, Parts, Seeded, Task
from headstart.losses.contrastive.nt_xent import nt_xent
from headstart.methods.mapping.pretraining._contrast import of_all_processes
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised, encoder_parts, learning
from headstart.nn.projection import projection
from headstart.nn.views.cells import CellViews


@final
@dataclass(frozen=True, kw_only=True)
class SCARF(SelfSupervised[Seeded]):
    """Pre-train an encoder of tables to find a row again of which many cells are those of other rows.

    Categories and missing cells are cells like others. Columns that are the same in all rows stay as they
    are, and the share is one of the other columns.

    Attributes:
        corruption: share of the cells of a row that are drawn anew from their columns, in (0, 1]; one cell
            at least.
        temperature: that cosines are divided by, > 0.
        hidden: width of the projection's hidden layer, >= 1.
        out: width of the embeddings that are compared, >= 1.
    """

    about = About(
        "scarf",
        "start",
        "mapping",
        Seeded,
        "arXiv:2106.15147",
        per_sample_loss=False,
        display_name="SCARF",
    )
    corruption: float = 0.6
    temperature: float = 1.0
    hidden: int = 256
    out: int = 128

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("corruption", 0 < self.corruption <= 1, "in (0, 1]")
        self.check("temperature", self.temperature > 0, "> 0")
        self.check("hidden", self.hidden >= 1, ">= 1")
        self.check("out", self.out >= 1, ">= 1")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, the corruption and the projection.

        Raises:
            BadInput: the samples are no rows of columns.
            BadData: all columns are constant.
        """
        if task.columns is None:
            raise BadInput(
                "scarf draws cells from the columns of a table, and the samples here are none. Give a table "
                "or an array (n, columns); for pictures take simclr, for texts simcse."
            )
        views = CellViews(task.columns, self.corruption)
        head = projection(backbone.width, self.hidden, self.out)
        return encoder_parts(self, backbone, task, views=views, projection=head)

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on the encoder and the projection."""
        return (Descend(self.loss, on=learning("projection"), embed=self.embed),)

    def embed(self, parts: Parts, batch: Seeded, ctx: Ctx) -> tuple[Tensor, ...]:
        """Embeddings (n, out) of each row as it is, and of its corrupted view, in one forward."""
        views = torch.cat([batch.x, parts["views"](batch.x, batch.seed)])
        a, b = parts["projection"](parts["backbone"](views)).chunk(2)
        return a, b

    def loss(self, parts: Parts, found: Embedded, ctx: Ctx) -> Loss:
        """NT-Xent of this process's rows among those of all processes."""
        a, b = of_all_processes(self, found, ctx)
        return Loss.sum(nt_xent=nt_xent(a, b, self.temperature, ctx.own(found.z[0])))

    def chance_level(self, rows: int) -> float:
        """The logarithm of the number of candidates: all views of a batch but the one itself."""
        return math.log(2 * rows - 1)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
