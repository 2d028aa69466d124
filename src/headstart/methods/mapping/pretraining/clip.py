import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

from torch import Tensor, nn
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
    Method,
    Model,
    On,
    Pairs,
    Parts,
    Task,
)
from headstart.core.linear_head import LinearHead
from headstart.core.paired import PairedBackbone
from headstart.losses.contrastive.clip import clip_loss, siglip_loss
from headstart.nn.logit_scale import LogitScale

SIDES = ("image", "text")


@final
@dataclass(frozen=True, kw_only=True)
class Clip(Method[Pairs]):
    """Train an encoder of pictures and one of texts so that a picture and its caption embed alike.

    Attributes:
        loss_function: "softmax" tells a partner from all others of the batch, as CLIP; "sigmoid" says of each
            pair whether it belongs together, as SigLIP.
        width: of the embeddings, >= 1.
        temperature: that cosines are divided by at the beginning, >= 0.01; it is learned. None: 0.07, and 0.1
            of the sigmoid.
        lock: the encoder that stays as it is, "image" (LiT) or "text"; its projection is learned. None: none.
        backbone_lr: factor on the learning rate for both encoders, > 0.
        chunks: parts that a batch is computed in, one after the other, to take less memory, >= 1; the
            gradient is that of the whole batch, unless a batch normalisation sees each part by itself.
    """

    about = About(
        "clip",
        "start",
        "mapping",
        Pairs,
        "arXiv:2103.00020",
        per_sample_loss=False,
        needs_pair=True,
        display_name="CLIP",
    )
    loss_function: Literal["softmax", "sigmoid"] = "softmax"
    width: int = 256
    temperature: float | None = None
    lock: Literal["image", "text"] | None = None
    backbone_lr: float = 1.0
    chunks: int = 1

    def __post_init__(self) -> None:
        self.check("loss_function", self.loss_function in ("softmax", "sigmoid"), "'softmax' or 'sigmoid'")
        self.check("width", self.width >= 1, ">= 1")
        fine = self.temperature is None or 0.01 <= self.temperature < float("inf")
        self.check("temperature", fine, ">= 0.01, or None for the usual one")
        self.check("lock", self.lock in (None, *SIDES), "'image', 'text' or None")
        self.check("backbone_lr", 0 < self.backbone_lr < float("inf"), "> 0")
        self.check("chunks", self.chunks >= 1, ">= 1")

    def recipe_overrides(self) -> Mapping[str, Any]:
        """The parts that a batch is computed in."""
        return {"accumulate": self.chunks}

    def locked_side(self) -> Literal["image", "text"] | None:
        """That of `lock`."""
        return self.lock

    def chance_level(self, rows: int) -> float | None:
        """The loss of embeddings that are all the same, for a batch of so many rows; None of a sigmoid."""
        return math.log(rows) if self.loss_function == "softmax" else None

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Both encoders, a linear projection of each, the temperature, and a head that does not learn here.

        Raises:
            BadInput: the backbone is one encoder.
        """
        if not isinstance(backbone, PairedBackbone):
            raise BadInput(
                f"{self.about.name} learns from pictures with captions, by an encoder of each, and "
                f"{getattr(backbone, 'name', type(backbone).__name__)} is one encoder. Take headstart "
                "pretrain-pairs or hs.pretrain_pairs."
            )
        sigmoid = self.loss_function == "sigmoid"
        temperature = self.temperature or (0.1 if sigmoid else 0.07)
        return Parts(
            {
                "image": backbone.image,
                "text": backbone.text,
                "image_projection": nn.Linear(backbone.image.width, self.width, bias=False),
                "text_projection": nn.Linear(backbone.text.width, self.width, bias=False),
                "logits": LogitScale(1 / temperature, -10.0 if sigmoid else None),
                "head": task.head or LinearHead(backbone.width, task.outputs),
            }
        )

    def moves(self) -> tuple[Descend[Any], Do[Any]]:
        """One descent on all that is not locked; then the scale is at most 100."""
        encoders = (On(side, lr=self.backbone_lr) for side in SIDES if side != self.lock)
        projections = (On(f"{side}_projection") for side in SIDES)
        on = (*encoders, *projections, On("logits", weight_decay=0.0))
        return Descend(self.loss, on=on, embed=self.embed), Do(self.cap, changes=("logits",))

    def embed(self, parts: Parts, batch: Pairs, ctx: Ctx) -> tuple[Tensor, ...]:
        """Embeddings (n, width) of unit length of the pictures and of their captions."""
        return _embed(parts, "image", batch.a), _embed(parts, "text", batch.b)

    def loss(self, parts: Parts, found: Embedded, ctx: Ctx) -> Loss:
        """The loss over the rows of all processes; the temperature is used once, whatever the parts."""
        a, b = found.z
        scale, bias = parts["logits"]()
        if self.loss_function == "sigmoid":
            return Loss.sum(sigmoid=siglip_loss(ctx.gather(a), ctx.gather(b), scale, bias))
        return Loss.sum(contrast=clip_loss(a, b, scale, gather=ctx.gather))

    def cap(self, parts: Parts, batch: Pairs, ctx: Ctx) -> None:
        """Keep the temperature from going below 0.01."""
        scale = parts["logits"]
        assert isinstance(scale, LogitScale)
        scale.cap()

    def predictor(self, parts: Parts) -> Model:
        """The encoder of pictures and a head."""
        image, head = parts["image"], parts["head"]
        assert isinstance(image, Backbone)
        assert isinstance(head, LinearHead)
        return Model(image, head)


def _embed(parts: Parts, side: str, x: Tensor) -> Tensor:
    return normalize(parts[f"{side}_projection"](parts[side](x)).float(), dim=1)
