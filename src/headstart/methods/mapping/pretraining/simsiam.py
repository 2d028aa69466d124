from dataclasses import dataclass
from typing import Any, final

import torch
from torch import nn

from headstart.core import About, Backbone, Ctx, Descend, Embedded, Loss, Model, Parts, Seeded, Task
from headstart.losses.contrastive.negative_cosine import negative_cosine
from headstart.methods.mapping.pretraining._contrast import ProjectedSettings, embed_views, of_all_processes
from headstart.methods.mapping.pretraining._self_supervised import encoder_parts, learning
from headstart.methods.mapping.pretraining._views import views_of
from headstart.nn.projection import normalised_projection


@final
@dataclass(frozen=True, kw_only=True)
class SimSiam(ProjectedSettings[Seeded]):
    """Pre-train an encoder to predict what it makes of another view itself; that one gets no gradient."""

    about = About(
        "simsiam",
        "start",
        "mapping",
        Seeded,
        "arXiv:2011.10566",
        per_sample_loss=False,
        display_name="SimSiam",
    )

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Encoder, views, a projection that ends with a batch normalisation, and a narrow prediction."""
        views = views_of(self, backbone, task)
        layers = normalised_projection(backbone.width, self.hidden, self.out, layers=3)
        head = nn.Sequential(*layers, nn.BatchNorm1d(self.out, affine=False, track_running_stats=False))
        guess = normalised_projection(self.out, max(1, self.out // 4), self.out)
        return encoder_parts(self, backbone, task, views=views, projection=head, prediction=guess)

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on encoder, projection and prediction."""
        return (Descend(self.loss, on=learning("projection", "prediction"), embed=embed_views),)

    def loss(self, parts: Parts, found: Embedded, ctx: Ctx) -> Loss:
        """Minus the cosine of each prediction and the projection of the other view, the mean of both ways."""
        first, second = of_all_processes(self, found, ctx)
        z = parts["projection"](torch.cat([first, second]))
        return Loss.sum(simsiam=negative_cosine(parts["prediction"](z), z.roll(len(first), 0)))

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
