import copy
import math
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from headstart.core import (
    About,
    Backbone,
    BadInput,
    Ctx,
    Descend,
    Do,
    Embedded,
    Loss,
    Model,
    Parts,
    Seeded,
    Task,
    require_two_rows,
)
from headstart.losses.contrastive.info_nce import info_nce
from headstart.methods.mapping.pretraining._contrast import ProjectedSettings
from headstart.methods.mapping.pretraining._self_supervised import encoder_parts, learning
from headstart.methods.mapping.pretraining._views import two_views, views_of
from headstart.nn.key_queue import KeyQueue
from headstart.nn.moving_average import follow, normalise_by_batch
from headstart.nn.projection import projection


@final
@dataclass(frozen=True, kw_only=True)
class MoCo(ProjectedSettings[Seeded]):
    """Pre-train an encoder to tell a sample's other view from the keys of past batches.

    A slow copy of the encoder, the moving average of its weights, makes the keys.

    Attributes:
        temperature: that cosines are divided by, >= 0.002.
        queue: keys that each query is compared with, at least the rows of a batch.
        momentum: share of the slow copy that stays in each step, in [0, 1].
    """

    about = About(
        "moco",
        "start",
        "mapping",
        Seeded,
        "arXiv:1911.05722",
        per_sample_loss=False,
        growing_contrast=True,
        display_name="MoCo",
    )
    temperature: float = 0.2
    queue: int = 4096
    momentum: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("temperature", self.temperature >= 0.002, ">= 0.002")
        self.check("queue", self.queue >= 1, ">= 1")
        self.check("momentum", 0 <= self.momentum <= 1, "in [0, 1]")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Encoder, views and projection, copies of encoder and projection for the keys, and the queue."""
        views, head = views_of(self, backbone, task), projection(backbone.width, self.hidden, self.out)
        parts = encoder_parts(self, backbone, task, views=views, projection=head)
        keys = {f"key_{name}": copy.deepcopy(parts[name]) for name in ("backbone", "projection")}
        return Parts({**parts, **keys, "queue": KeyQueue(self.queue, self.out)})

    def moves(self) -> tuple[Any, ...]:
        """One descent; then the slow copy follows, and the keys of this batch join the queue."""
        after = Do(self.follow, changes=("key_backbone", "key_projection", "queue"))
        return Descend(self.loss, on=learning("projection"), embed=self.embed), after

    def embed(self, parts: Parts, batch: Seeded, ctx: Ctx) -> tuple[Tensor, ...]:
        """Queries and keys (n, out), of a view of each row each."""
        first, second = two_views(parts, batch.x, batch.seed)
        normalise_by_batch(parts["key_backbone"], parts["key_projection"])
        queries = parts["projection"](parts["backbone"](first))
        with torch.no_grad():
            keys = ctx.once(lambda: parts["key_projection"](parts["key_backbone"](second)))
        return queries, keys

    def loss(self, parts: Parts, found: Embedded, ctx: Ctx) -> Loss:
        """InfoNCE of this process's queries with the keys of past batches; nothing, while there are none."""
        (q, k), queue = found.z, parts["queue"]
        assert isinstance(queue, KeyQueue)
        new = normalize(ctx.gather(k.detach()).float(), dim=1)
        self.require_batch(len(new))
        queue.stage(new)
        return Loss.sum(info_nce=info_nce(q, k.detach(), self.temperature, queue.content))

    def require_batch(self, rows: int) -> None:
        """Raise `BadInput` if a batch has one row, or more than the queue can take the keys of."""
        require_two_rows(self.about.name, self.moves(), rows)
        if rows > self.queue:
            raise BadInput(
                f"moco: queue is {self.queue}, smaller than a batch of {rows} rows, whose keys it has to "
                f"take. Set queue to {rows} or more, or take a smaller batch."
            )

    def follow(self, parts: Parts, batch: Seeded, ctx: Ctx) -> None:
        """The copies move towards encoder and projection; the oldest keys make room for the new ones."""
        for name in ("backbone", "projection"):
            follow(parts[f"key_{name}"], parts[name], self.momentum)
        queue = parts["queue"]
        assert isinstance(queue, KeyQueue)
        queue.commit()

    def chance_level(self, rows: int) -> float:
        """The logarithm of the number of candidates, when the queue is filled."""
        return math.log(self.queue + 1)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
