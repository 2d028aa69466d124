import copy
import math
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor, nn

from headstart.core import About, Backbone, Ctx, Descend, Do, Embedded, Loss, Model, Parts, Seeded, Task
from headstart.core.draws import reseeded
from headstart.losses.contrastive.dino import dino
from headstart.methods.mapping.pretraining._self_supervised import encoder_parts, learning
from headstart.methods.mapping.pretraining._views import ViewSettings, two_views, views_of
from headstart.nn.moving_average import follow, normalise_by_batch, rising_momentum
from headstart.nn.projection import prototype_head
from headstart.nn.running_mean import RunningMean
from headstart.nn.takes import takes

LOCAL = (0.05, 0.4)  # share of a picture's area that a local crop keeps
SIDE = 3 / 7  # of a local crop, in sides of the picture: 96 of 224 pixels
LEAST = 32  # pixels of a side of crops of another size than the pictures


@final
@dataclass(frozen=True, kw_only=True)
class DINO(ViewSettings[Seeded]):
    """Pre-train an encoder to say of small crops what a slow copy of it says of large ones.

    The copy's answers are shares of prototypes, centred so that no prototype has all samples, and sharpened
    so that a sample does not have all prototypes.

    Attributes:
        momentum: share of the slow copy that stays in the first step, in [0, 1]; it rises to 1.
        teacher_temperature: that the slow copy's answers are divided by, > 0.
        temperature: that the encoder's are divided by, > 0.
        centre: share of the mean answer that stays in each step, in [0, 1].
        local: small crops of a picture, or further views of other data, that the encoder sees alone, >= 0.
            None: 2, and none of pictures of which 3/7 of a side are less than 32 pixels.
        hidden: width of the head's hidden layers, >= 1.
        bottleneck: width of what is compared with the prototypes, >= 1.
        out: prototypes, >= 2.
    """

    about = About(
        "dino",
        "start",
        "mapping",
        Seeded,
        "arXiv:2104.14294",
        per_sample_loss=False,
        display_name="DINO",
    )
    momentum: float = 0.99
    teacher_temperature: float = 0.04
    temperature: float = 0.1
    centre: float = 0.9
    local: int | None = None
    hidden: int = 256
    bottleneck: int = 64
    out: int = 1024

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("momentum", "centre"):
            self.check(name, 0 <= getattr(self, name) <= 1, "in [0, 1]")
        for name in ("teacher_temperature", "temperature"):
            self.check(name, 0 < getattr(self, name) < float("inf"), "> 0")
        self.check("local", self.local is None or self.local >= 0, ">= 0, or None")
        self.check("hidden", self.hidden >= 1, ">= 1")
        self.check("bottleneck", self.bottleneck >= 1, ">= 1")
        self.check("out", self.out >= 2, ">= 2")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Encoder, large and small views and head, slow copies of encoder and head, and the centre."""
        large = views_of(self, backbone, task)
        small = views_of(self, backbone, task, LOCAL, local_size(backbone, task))
        head = prototype_head(backbone.width, self.hidden, self.bottleneck, self.out)
        local = usual_crops(task) if self.local is None else self.local
        views: dict[str, nn.Module] = {"views": large, "small_views": nn.ModuleList([small] * local)}
        parts = encoder_parts(self, backbone, task, projection=head, **views)
        slow = {f"slow_{name}": copy.deepcopy(parts[name]) for name in ("backbone", "projection")}
        return Parts({**parts, **slow, "centre": RunningMean(self.out)})

    def moves(self) -> tuple[Any, ...]:
        """One descent; then the slow copies and the centre follow."""
        after = Do(self.follow, changes=("slow_backbone", "slow_projection", "centre"))
        return Descend(self.loss, on=learning("projection"), embed=self.embed), after

    def embed(self, parts: Parts, batch: Seeded, ctx: Ctx) -> tuple[Tensor, ...]:
        """Answers (n, out): of the slow copy to two large views, of the encoder to all views."""
        large = two_views(parts, batch.x, batch.seed)
        crops = parts["small_views"]
        assert isinstance(crops, nn.ModuleList)
        small = [views(batch.x, reseeded(batch.seed, 2 + n)) for n, views in enumerate(crops)]
        normalise_by_batch(parts["slow_backbone"], parts["slow_projection"])
        same = [view for view in small if view.shape == large[0].shape]
        sizes = [[*large, *same], [] if same else small]
        found = [parts["backbone"](torch.cat(views)) for views in sizes if views]
        said = parts["projection"](torch.cat(found)).chunk(2 + len(small))
        with torch.no_grad():
            taught = ctx.once(lambda: parts["slow_projection"](parts["slow_backbone"](torch.cat(large))))
        return *taught.chunk(2), *said

    def loss(self, parts: Parts, found: Embedded, ctx: Ctx) -> Loss:
        """The cross-entropy of all pairs of different views, with the centre of the steps before."""
        taught, said, centre = found.z[:2], found.z[2:], parts["centre"]
        assert isinstance(centre, RunningMean)
        centre.stage(ctx.gather(torch.cat(taught).detach().float()).mean(0))
        return Loss.sum(dino=dino(taught, said, centre.mean, self.teacher_temperature, self.temperature))

    def follow(self, parts: Parts, batch: Seeded, ctx: Ctx) -> None:
        """The slow copies move towards encoder and head, the centre towards the mean answer."""
        momentum, centre = rising_momentum(self.momentum, ctx.progress), parts["centre"]
        for name in ("backbone", "projection"):
            follow(parts[f"slow_{name}"], parts[name], momentum)
        assert isinstance(centre, RunningMean)
        centre.commit(1 - self.centre)

    def chance_level(self, rows: int) -> float:
        """The logarithm of the number of prototypes: a student that gives all the same share."""
        return math.log(self.out)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)


def local_size(backbone: Backbone, task: Task) -> tuple[int, int] | None:
    """Height and width of local crops of pictures; None: those of the pictures.

    Crops are smaller where they still have 32 pixels and the backbone takes them, which is tried.
    """
    if len(task.shape) != 3 or not usual_crops(task):
        return None
    size = round(task.shape[1] * SIDE), round(task.shape[2] * SIDE)
    return size if takes(backbone, torch.zeros(2, task.shape[0], *size)) else None


def usual_crops(task: Task) -> int:
    """How many small crops there are: of small pictures none, as these show nothing of what is on them."""
    return 0 if len(task.shape) == 3 and round(min(task.shape[1:]) * SIDE) < LEAST else 2
