import math
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from headstart.core import About, Backbone, Ctx, Descend, Embedded, Loss, Model, Parts, SeededLabelled, Task
from headstart.losses.contrastive.supervised import supervised_contrastive
from headstart.methods.mapping.pretraining._contrast import ProjectedSettings, embed_views, of_all_processes
from headstart.methods.mapping.pretraining._self_supervised import encoder_parts, learning
from headstart.methods.mapping.pretraining._views import views_of
from headstart.nn.projection import projection


@final
@dataclass(frozen=True, kw_only=True)
class SupervisedContrastive(ProjectedSettings[SeededLabelled]):
    """Pre-train an encoder to bring all views of a class together, and those of other classes apart.

    Attributes:
        temperature: that cosines are divided by, >= 0.002.
    """

    about = About(
        "supervised-contrastive",
        "start",
        "mapping",
        SeededLabelled,
        "arXiv:2004.11362",
        per_sample_loss=False,
        label_kinds=("classes",),
        display_name="Supervised contrastive",
    )
    temperature: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("temperature", self.temperature >= 0.002, ">= 0.002")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, the views and the projection."""
        views, head = views_of(self, backbone, task), projection(backbone.width, self.hidden, self.out)
        return encoder_parts(self, backbone, task, views=views, projection=head)

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on the encoder and the projection."""
        return (Descend(self.loss, on=learning("projection"), embed=self.embed),)

    def embed(self, parts: Parts, batch: SeededLabelled, ctx: Ctx) -> tuple[Tensor, ...]:
        """Embeddings (n, out) of two views of each row."""
        return tuple(parts["projection"](h) for h in embed_views(parts, batch, ctx))

    def loss(self, parts: Parts, found: Embedded, ctx: Ctx) -> Loss:
        """SupCon of this process's rows among those of all processes."""
        a, b = of_all_processes(self, found, ctx)
        batch, own = found.batch, ctx.own(found.z[0])
        assert isinstance(batch, SeededLabelled)
        y, weight = ctx.gather(batch.y), None if batch.weight is None else ctx.gather(batch.weight)
        return Loss.sum(supervised_contrastive=supervised_contrastive(a, b, y, self.temperature, own, weight))

    def chance_level(self, rows: int) -> float:
        """The logarithm of the number of candidates: all views of a batch but the one itself."""
        return math.log(2 * rows - 1)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
