from dataclasses import dataclass
from typing import Any, final

import torch

from headstart.core import About, Backbone, Ctx, Descend, Embedded, Loss, Model, Parts, Seeded, Task
from headstart.losses.contrastive.barlow_twins import barlow_twins
from headstart.methods.mapping.pretraining._contrast import ProjectedSettings, embed_views, of_all_processes
from headstart.methods.mapping.pretraining._self_supervised import encoder_parts, learning
from headstart.methods.mapping.pretraining._views import views_of
from headstart.nn.projection import normalised_projection


@final
@dataclass(frozen=True, kw_only=True)
class BarlowTwins(ProjectedSettings[Seeded]):
    """Pre-train an encoder so that each dimension of two views is correlated with itself alone.

    Attributes:
        off_diagonal: weight of squared correlations of different dimensions, >= 0.
    """

    about = About(
        "barlow-twins",
        "start",
        "mapping",
        Seeded,
        "arXiv:2103.03230",
        per_sample_loss=False,
        display_name="Barlow Twins",
    )
    off_diagonal: float = 0.005

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("off_diagonal", 0 <= self.off_diagonal < float("inf"), ">= 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, the views and a projection of three layers."""
        views = views_of(self, backbone, task)
        head = normalised_projection(backbone.width, self.hidden, self.out, layers=3)
        return encoder_parts(self, backbone, task, views=views, projection=head)

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on the encoder and the projection."""
        return (Descend(self.loss, on=learning("projection"), embed=embed_views),)

    def loss(self, parts: Parts, found: Embedded, ctx: Ctx) -> Loss:
        """The cross-correlation of the views, over the rows of all processes, against the identity."""
        views = of_all_processes(self, found, ctx)
        a, b = parts["projection"](torch.cat(views)).chunk(2)
        return Loss.sum(barlow_twins=barlow_twins(a, b, self.off_diagonal))

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
