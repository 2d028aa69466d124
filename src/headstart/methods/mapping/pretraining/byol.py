import copy
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from headstart.core import About, Backbone, Ctx, Descend, Do, Embedded, Loss, Model, Parts, Seeded, Task
from headstart.losses.contrastive.negative_cosine import negative_cosine
from headstart.methods.mapping.pretraining._contrast import ProjectedSettings, of_all_processes
from headstart.methods.mapping.pretraining._self_supervised import encoder_parts, learning
from headstart.methods.mapping.pretraining._views import two_views, views_of
from headstart.nn.moving_average import follow, normalise_by_batch, rising_momentum
from headstart.nn.projection import normalised_projection


@final
@dataclass(frozen=True, kw_only=True)
class BYOL(ProjectedSettings[Seeded]):
    """Pre-train an encoder to predict what a slow copy of it makes of another view, without negatives.

    Attributes:
        momentum: share of the slow copy that stays in the first step, in [0, 1]; it rises to 1.
    """

    about = About(
        "byol",
        "start",
        "mapping",
        Seeded,
        "arXiv:2006.07733",
        per_sample_loss=False,
        display_name="BYOL",
    )
    momentum: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("momentum", 0 <= self.momentum <= 1, "in [0, 1]")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Encoder, views, projection and prediction, and slow copies of encoder and projection."""
        views = views_of(self, backbone, task)
        head = normalised_projection(backbone.width, self.hidden, self.out)
        guess = normalised_projection(self.out, self.hidden, self.out)
        parts = encoder_parts(self, backbone, task, views=views, projection=head, prediction=guess)
        slow = {f"slow_{name}": copy.deepcopy(parts[name]) for name in ("backbone", "projection")}
        return Parts({**parts, **slow})

    def moves(self) -> tuple[Any, ...]:
        """One descent; then the slow copies follow."""
        on = learning("projection", "prediction")
        after = Do(self.follow, changes=("slow_backbone", "slow_projection"))
        return Descend(self.loss, on=on, embed=self.embed), after

    def embed(self, parts: Parts, batch: Seeded, ctx: Ctx) -> tuple[Tensor, ...]:
        """Features (n, width) of two views of each row, and those of the slow copy."""
        views = torch.cat(two_views(parts, batch.x, batch.seed))
        normalise_by_batch(parts["slow_backbone"])
        fast = parts["backbone"](views)
        with torch.no_grad():
            slow = ctx.once(lambda: parts["slow_backbone"](views))
        return *fast.chunk(2), *slow.chunk(2)

    def loss(self, parts: Parts, found: Embedded, ctx: Ctx) -> Loss:
        """Squared distances, as unit vectors, of predictions from the slow copy's other view, both ways."""
        first, second, slow_first, slow_second = of_all_processes(self, found, ctx)
        predicted = parts["prediction"](parts["projection"](torch.cat([first, second])))
        normalise_by_batch(parts["slow_projection"])
        with torch.no_grad():
            other = parts["slow_projection"](torch.cat([slow_second, slow_first]))
        return Loss.sum(byol=4 + 4 * negative_cosine(predicted, other))

    def follow(self, parts: Parts, batch: Seeded, ctx: Ctx) -> None:
        """The slow copies move towards encoder and projection."""
        momentum = rising_momentum(self.momentum, ctx.progress)
        for name in ("backbone", "projection"):
            follow(parts[f"slow_{name}"], parts[name], momentum)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
