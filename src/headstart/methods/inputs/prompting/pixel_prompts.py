from dataclasses import dataclass
from typing import Any, Literal, final

from torch import nn

from headstart.core import (
    About,
    Backbone,
    BadInput,
    Ctx,
    Descend,
    Do,
    LabelKind,
    Labelled,
    LinearHead,
    Loss,
    Method,
    Model,
    Move,
    On,
    Parts,
    Task,
)
from headstart.losses.label import label_loss
from headstart.methods.outputs.probing.label_mapping import LabelMapping
from headstart.nn.front import in_front
from headstart.nn.label_map import LabelMap, SourceLogits, classifier_of
from headstart.nn.prompts import Frame, Full, Patch, PixelPrompt
from headstart.nn.prompts.pixels import refuse_words

KINDS = ("frame", "full", "patch")
SOURCES = ("learned", "frequency")  # mappings of the logits of the classifier, found along with the prompt
MAPPINGS = ("head", "once", "fixed", *SOURCES)


@final
@dataclass(frozen=True, kw_only=True)
class PixelPrompts(Method[Labelled]):
    """Learn pixels that are added to every picture; the backbone that reads them keeps every byte.

    Attributes:
        kind: "frame" learns the edges, "full" each pixel, "patch" a square.
        size: width of the frame or side of the patch in pixels, >= 0; None: 30 for 224. 0 learns no pixel.
        shrink: whether pictures are resized into the middle of the frame, so that it covers none of them.
        place: of the patch: "corner", "middle" or "random" in training.
        mapping: "head": a linear head on the features, which learns along; "learned": one on the logits of
            the classifier that the backbone was trained with; "frequency": the source class that is predicted
            most for the rows of each class stands for it, found anew in each step; "once": found before any
            prompt; "fixed": those of `given`.
        given: for "fixed", which source classes stand for each new one: "cat=tabby|Persian cat;dog=beagle".
        prompt_lr: factor on the learning rate for the pixels, > 0.
    """

    about = About("pixel-prompts", "mapping", "inputs", Labelled, "arXiv:2203.17274")
    kind: Literal["frame", "full", "patch"] = "frame"
    size: int | None = None
    shrink: bool = False
    place: Literal["corner", "middle", "random"] = "corner"
    mapping: Literal["head", "learned", "frequency", "once", "fixed"] = "head"
    given: str = ""
    prompt_lr: float = 10.0

    def __post_init__(self) -> None:
        self.check("kind", self.kind in KINDS, "'frame', 'full' or 'patch'")
        self.check("size", self.size is None or self.size >= 0, ">= 0, or None for 30 of 224")
        self.check("mapping", self.mapping in MAPPINGS, "'head', 'learned', 'frequency', 'once' or 'fixed'")
        self.check("prompt_lr", 0 < self.prompt_lr < float("inf"), "> 0")
        self.check("given", bool(self.given) == (self.mapping == "fixed"), "for 'fixed' alone, and not ''")

    def stages(self, kind: LabelKind = "classes") -> tuple[Method[Labelled], ...]:
        """Itself; for a mapping that stays as it is, label mapping first."""
        if self.mapping == "once":
            return LabelMapping(), self
        return (LabelMapping(how="fixed", given=self.given), self) if self.mapping == "fixed" else (self,)

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone with a prompt in front, and what makes outputs of its features.

        Raises:
            BadInput: the backbone reads texts or tables, the prompt is larger than the picture, or a mapping
                needs a classifier that is not known, or classes.
        """
        prompted = self.prompted(backbone, task.shape)
        if self.mapping not in SOURCES:
            head: nn.Module = task.head or LinearHead(prompted.width, task.outputs)
            return Parts({"backbone": prompted, "head": head})
        source = SourceLogits(classifier_of(backbone, self.about.name))
        if self.mapping == "frequency" and task.kind != "classes":
            raise BadInput(f"pixel-prompts: frequency is for classes, not {task.kind}. Take mapping='head'.")
        sources, learned = len(source.bias), self.mapping == "learned"
        of_logits = (
            LinearHead(sources, task.outputs) if learned else LabelMap(task.outputs, sources, task.rows)
        )
        return Parts({"backbone": prompted, "source": source, "head": of_logits})

    def shipped_backbone(self, backbone: Backbone) -> Backbone:
        """The backbone with a prompt in front, for inputs in the size that it reads."""
        if backbone.example is None:
            return backbone
        reading, shape = getattr(backbone, "preprocess", None), tuple(backbone.example.shape[1:])
        return self.prompted(backbone, shape if reading is None else (*shape[:1], *reading.size))

    def prompted(self, backbone: Backbone, shape: tuple[int, ...]) -> Backbone:
        """The backbone with a prompt in front, for inputs of a shape."""
        refuse_words(backbone)
        reads = backbone if self.mapping == "head" else backbone.at_classifier()
        return in_front(reads, self.prompt(shape))

    def prompt(self, shape: tuple[int, ...]) -> PixelPrompt:
        """The prompt for inputs of a shape."""
        if self.kind == "full":
            return Full(shape)
        return (
            Patch(shape, self.size, self.place)
            if self.kind == "patch"
            else Frame(shape, self.size, self.shrink)
        )

    def moves(self) -> tuple[Move[Labelled], ...]:
        """One descent on the pixels, and a head that learns along; a mapping by frequency is found anew."""
        pixels = On("backbone", keep=of_prompt, lr=self.prompt_lr, weight_decay=0.0)
        if self.mapping == "frequency":
            return Do(self.follow, changes=("head",)), Descend(self.loss, on=(pixels,))
        learns = self.mapping in ("head", "learned")
        return (Descend(self.loss, on=(On("head"), pixels) if learns else (pixels,)),)

    def follow(self, parts: Parts, batch: Labelled, ctx: Ctx) -> None:
        """Count what is predicted for a batch, and assign source classes anew."""
        head: Any = parts["head"]
        logits = parts["source"](parts["backbone"](batch.x).float())
        weights = None if batch.weight is None else ctx.gather(batch.weight)
        head.follow(ctx.gather(logits), ctx.gather(batch.y), weights)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        features = parts["backbone"](batch.x)
        known = parts["source"](features) if "source" in parts else features
        return Loss.sum(label=label_loss(parts["head"](known), batch.y, weight=batch.weight))

    def predictor(self, parts: Parts) -> Model:
        """The backbone with the prompt in it, and one head."""
        if "source" not in parts:
            return Model.of(parts)
        source, head, backbone = (parts[name] for name in ("source", "head", "backbone"))
        assert isinstance(source, SourceLogits)
        assert isinstance(backbone, Backbone)
        if isinstance(head, LinearHead):
            return Model(backbone, source.mapped(head.weight, head.bias))
        assert isinstance(head, LabelMap)
        return Model(backbone, source.mapped(head.matrix))


def of_prompt(_name: str, module: nn.Module) -> bool:
    """Whether the owner of a parameter is a prompt in pixels."""
    return isinstance(module, PixelPrompt)
