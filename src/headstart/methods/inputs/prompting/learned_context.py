from dataclasses import dataclass
from typing import Literal, final

import torch

from headstart.core import (
    About,
    Backbone,
    BadInput,
    Ctx,
    Descend,
    Labelled,
    Loss,
    Method,
    Model,
    On,
    Parts,
    Task,
)
from headstart.core.seeds import derive_seed
from headstart.losses.label import label_loss
from headstart.nn.context import Context

DEVIATION = 0.02  # of vectors that are drawn, as in CoOp


@final
@dataclass(frozen=True, kw_only=True)
class LearnedContext(Method[Labelled]):
    """Learn the words around the names of classes that a frozen encoder of texts reads, as CoOp.

    Attributes:
        template: with a place {} for the class; the context begins as the vectors of the words before it.
        length: tokens of the context, drawn at random, in place of the template's words; 0: those words.
        context: "shared" by all classes, or "by-class": each has its own.
        smoothing: of the labels, in [0, 1).
        weight_decay: of the context, >= 0; None takes the recipe's.
    """

    about = About(
        "learned-context",
        "mapping",
        "inputs",
        Labelled,
        "arXiv:2109.01134",
        label_kinds=("classes",),
        needs_text_tower=True,
    )
    template: str = "a photo of a {}."
    length: int = 0
    context: Literal["shared", "by-class"] = "shared"
    smoothing: float = 0.0
    weight_decay: float | None = None

    def __post_init__(self) -> None:
        self.check("template", "{}" in self.template, "a text with a place {} for the class")
        self.check("length", self.length >= 0, ">= 0; 0 takes the words of the template")
        self.check("context", self.context in ("shared", "by-class"), "'shared' or 'by-class'")
        self.check("smoothing", 0 <= self.smoothing < 1, "in [0, 1)")
        self.check("weight_decay", (self.weight_decay or 0) >= 0, ">= 0, or None for the recipe's")

    def shipped_backbone(self, backbone: Backbone) -> Backbone:
        """The backbone with its embeddings, which are compared with those of texts."""
        return backbone.at_classifier()

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, and the context in front of the encoder of texts that belongs to it.

        Raises:
            BadInput: the backbone has no encoder of texts, or a prompt is too long for it.
        """
        tower = backbone.text_tower
        if tower is None:
            name = getattr(backbone, "name", type(backbone).__name__)
            raise BadInput(
                f"{self.about.name} learns what an encoder of texts reads, and "
                f"{name} has none. Give the encoder of pictures of a model that has both, as a run of "
                "headstart pretrain-pairs, or as transformers or open_clip saves CLIP: image-encoder:FOLDER."
            )
        names = task.classes or tuple(map(str, range(task.outputs)))
        prompts = tower.prompts(self.template, [name.replace("_", " ") for name in names], self.length)
        initial = prompts.vectors[:, prompts.context]
        if self.length:
            drawn = torch.Generator().manual_seed(derive_seed(task.seed, "context"))
            noise = torch.randn(initial.shape, generator=drawn) * DEVIATION
            initial = noise.to(initial)
        initial = initial[0] if self.context == "shared" else initial
        return Parts({"backbone": backbone.at_classifier(), "context": Context(tower, prompts, initial)})

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the context."""
        return (Descend(self.loss, on=(On("context", weight_decay=self.weight_decay),)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """Cross-entropy of scaled cosines with the classes."""
        logits = parts["context"](parts["backbone"](batch.x))
        return Loss.sum(label=label_loss(logits, batch.y, self.smoothing, batch.weight))

    def predictor(self, parts: Parts) -> Model:
        """The backbone and the classes as the context describes them: the encoder of texts is not shipped."""
        backbone, context = parts["backbone"], parts["context"]
        assert isinstance(backbone, Backbone)
        assert isinstance(context, Context)
        with torch.no_grad():
            return Model(backbone, context.head())
