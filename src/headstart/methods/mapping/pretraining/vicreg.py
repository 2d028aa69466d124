from dataclasses import dataclass
from typing import Any, final

import torch

from headstart.core import About, Backbone, Ctx, Descend, Embedded, Loss, Model, Parts, Seeded, Task
from headstart.losses.contrastive.vicreg import vicreg_terms
from headstart.methods.mapping.pretraining._contrast import ProjectedSettings, embed_views, of_all_processes
from headstart.methods.mapping.pretraining._self_supervised import encoder_parts, learning
from headstart.methods.mapping.pretraining._views import views_of
from headstart.nn.projection import normalised_projection


@final
@dataclass(frozen=True, kw_only=True)
class VICReg(ProjectedSettings[Seeded]):
    """Pre-train an encoder to embed views alike, in dimensions that vary and do not repeat each other.

    Attributes:
        invariance: weight of the squared difference of the views, >= 0.
        variance: weight of standard deviations below 1, >= 0.
        covariance: weight of squared covariances of different dimensions, >= 0.
    """

    about = About(
        "vicreg",
        "start",
        "mapping",
        Seeded,
        "arXiv:2105.04906",
        per_sample_loss=False,
        display_name="VICReg",
    )
    invariance: float = 25.0
    variance: float = 25.0
    covariance: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("invariance", "variance", "covariance"):
            self.check(name, 0 <= getattr(self, name) < float("inf"), ">= 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, the views and a projection of three layers."""
        views = views_of(self, backbone, task)
        head = normalised_projection(backbone.width, self.hidden, self.out, layers=3)
        return encoder_parts(self, backbone, task, views=views, projection=head)

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on the encoder and the projection."""
        return (Descend(self.loss, on=learning("projection"), embed=embed_views),)

    def loss(self, parts: Parts, found: Embedded, ctx: Ctx) -> Loss:
        """The three weighted terms, over the rows of all processes."""
        views = of_all_processes(self, found, ctx)
        terms = vicreg_terms(*parts["projection"](torch.cat(views)).chunk(2))
        return Loss.sum(
            invariance=self.invariance * terms.invariance,
            variance=self.variance * terms.variance,
            covariance=self.covariance * terms.covariance,
        )

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
