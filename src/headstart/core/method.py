"""The interface of all methods, and the registry that finds them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, Self

from torch import Tensor, nn

from headstart.core.label_kind import LABEL_KINDS, LabelKind

from .batches import B
from .errors import BadInput, Unknown
from .model import Backbone, Head, Model
from .moves import Move, Parts, require_two_rows
from .setting_types import types_first
from .specs import build, changed_settings, spec_of, written
from .teacher_view import TeacherView
from .walking import final_classes


@dataclass(frozen=True)
class Task:
    """Description of the learning problem."""

    outputs: int  # classes, tags, or numbers a row
    shape: tuple[int, ...]  # of one input
    rows: int = 0  # labelled rows in one epoch
    seed: int = 0
    head: Head | None = None  # the trained head of the previous stage
    kind: LabelKind = "classes"
    sources: "tuple[Task, ...]" = ()  # the source tasks, if they are learned at the same time
    groups: tuple[int, ...] = ()  # rows of each group, for methods that need groups
    classes: tuple[str, ...] = ()  # names of the outputs; () where they are not known
    teacher: tuple[tuple[int, int], ...] = ()  # places and width of what `teacher_view` asks for, in turn
    # rows (m, columns) of the training data, for methods that draw cells from the columns of a table or of
    # arrays (n, columns); None: there are none
    columns: Tensor | None = None
    colourless: bool = False  # whether pictures of three channels are grey
    views: Any = None  # of the caller's own, see `headstart.nn.views.callers`; None: the method's own


@dataclass(frozen=True)
class About:
    """Description of a method in the terms of the field; the last fields are traits."""

    name: str
    transfers: Literal["mapping", "start", "targets", "guides", "nothing"]
    adapts: Literal["inputs", "mapping", "outputs"]
    needs: type[Any]  # type of its batches
    paper: str  # arXiv:..., doi:..., or the https address of one that has neither
    closed_form: bool = False  # one pass over the data in order, then a solver
    per_sample_loss: bool = True  # its loss is a mean over samples, so that accumulation is exact
    batch_statistics: bool = False  # a sample's prediction depends on its batch
    stochastic_loss: bool = False  # draws random numbers that differ when a batch is split
    selects_parameters: bool = False  # the data decide which of its parameters are trained
    growing_contrast: bool = False  # compares with more and more samples, so that its loss may rise at first
    opposing_losses: bool = False  # its moves descend losses that compete, and none reads source labels
    weights_source_rows: bool = False  # `row_weights` weights the source's rows by the target's features
    needs_target_labels: bool = False  # requires labelled rows of the target domain
    needs_batch_norm: bool = False  # requires a backbone with batch normalisation
    needs_text_tower: bool = False  # requires the encoder of texts that the backbone was trained with
    needs_transformer: bool = False  # requires a transformer, whose layers read tokens
    needs_columns: bool = False  # requires a backbone for the columns of a table, or texts
    needs_words: bool = False  # requires texts, whose words are its columns
    own_teacher: bool = False  # its teacher is the model of the stage before, and it starts anew
    labels_of_teacher: bool = False  # reads no labels: it learns all outputs that its teacher has
    needs_places: bool = False  # requires blocks whose outputs have places: maps, or tokens of pictures
    needs_pictures: bool = False  # requires samples that are pictures (channels, height, width)
    needs_dropout: bool = False  # requires a backbone whose forwards differ in training, as by dropout
    needs_pair: bool = False  # requires two encoders, of pictures and of their captions
    label_kinds: tuple[LabelKind, ...] = LABEL_KINDS  # kinds of label that it can learn
    growth: float = 1.25  # of the time of a solution in closed form: the power of the rows that it grows with
    usual_rows: int = 0  # rows up to which it is among the usual methods; 0: any number
    package: str = ""  # that it imports and headstart does without; scikit-learn is "sklearn"
    display_name: str = ""  # name in prose, if not the name with spaces for hyphens

    @property
    def title(self) -> str:
        """Display name for headings."""
        return self.display_name or self.name.replace("-", " ").capitalize()


class Method(ABC, Generic[B]):
    """Hyper-parameters and three pure functions of them. Subclasses are frozen dataclasses and final."""

    about: ClassVar[About]

    def __init_subclass__(cls, **more: Any) -> None:
        """Let the types of settings be checked before `__post_init__` compares their values."""
        super().__init_subclass__(**more)
        cls.__post_init__ = types_first(cls)  # type: ignore[attr-defined]

    @abstractmethod
    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Build all modules that the run owns; `backbone` is already a copy of its own."""

    @abstractmethod
    def moves(self) -> tuple[Move[B], ...]:
        """The moves of one training step, in order."""

    @abstractmethod
    def predictor(self, parts: Parts) -> nn.Module:
        """The final model: x (n, ...) -> logits or features."""

    def shipped_backbone(self, backbone: Backbone) -> Backbone:
        """The backbone of the final model, up to its weights: the columns alone if the method needs those.

        Raises:
            BadInput: it needs columns, or words, and the backbone does not read any.
        """
        if self.about.needs_words:
            return backbone.word_counts(self.about.name)
        return backbone.raw_columns() if self.about.needs_columns else backbone

    def check(self, setting: str, fine: bool, allowed: str) -> None:
        """Raise `BadInput` with the setting, its value and what is allowed, unless `fine`."""
        if not fine:
            value: Any = getattr(self, setting)
            raise BadInput(f"{self.about.name}: {setting} is {value!r}; it must be {allowed}.")

    @property
    def changed(self) -> dict[str, Any]:
        """The settings that differ from their defaults."""
        return changed_settings(self)

    @property
    def label(self) -> str:
        """Spec string that `make` parses: the name and the non-default settings."""
        return spec_of(self.about.name, self.changed)

    @property
    def title(self) -> str:
        """Display name for headings, with the non-default settings."""
        pairs = ", ".join(f"{name} = {written(value)}" for name, value in self.changed.items())
        return f"{self.about.title} ({pairs})" if pairs else self.about.title

    def require_batch(self, rows: int) -> None:
        """Raise `BadInput` if a method can't learn from batches of so many rows, of all processes."""
        require_two_rows(self.about.name, self.moves(), rows)

    def why_not(self, backbone: Backbone, task: Task) -> str | None:
        """Why it can't learn a task of this size, as sentences; None if it can, or knows no bounds."""
        return None

    def recipe_overrides(self) -> Mapping[str, Any]:
        """Fields of the recipe that the method sets itself, by name, such as {"steps": 50, "lr": 0.1}."""
        return {}

    def stages(self, kind: LabelKind = "classes") -> "tuple[Method[Any], ...]":
        """Its stages for a kind of label; each starts from the backbone and head of the one before."""
        return (self,)

    def trainable_blocks(self) -> int | None:
        """Number of the backbone's last blocks that are trained, >= 1; None: all, or no such setting."""
        return None

    def limit_blocks(self, last: int) -> Self:
        """Copy that trains only the `last` blocks, >= 1; `self` if fixed by settings or not supported."""
        return self

    def teacher_view(self) -> TeacherView | None:
        """What it learns from inside a teacher; None: from the teacher's outputs alone."""
        return None

    def locked_side(self) -> Literal["image", "text"] | None:
        """Which encoder of pairs it leaves as it is, so that features are computed once; None: neither."""
        return None

    def class_shares(self, said: Tensor) -> Tensor | None:
        """The prior (classes,) that biases are fitted to after the training; None: they stay as they are.

        Called only if `about.labels_of_teacher` and there are unlabelled rows.

        Args:
            said: what the teacher says of these, (n, classes) or (n, teachers, classes).
        """
        return None

    def at_full_rate(self) -> Self:
        """Copy that trains a backbone that has learned nothing, at the full rate; `self` if not supported."""
        return self

    def row_weights(self, source: Tensor, target: Tensor, seed: int) -> Tensor | None:
        """Weights (n,) >= 0 with mean 1 of source rows; None: all equal.

        Called only if `about.weights_source_rows` and there is a target domain.

        Args:
            source: frozen features (n, d) of the source's rows.
            target: frozen features (m, d) of the target's rows.
            seed: of what is drawn.
        """
        return None

    def unreliable_weights(self, source: Tensor, target: Tensor, weights: Tensor) -> str | None:
        """Why `row_weights` (n,) of these features are unreliable, as a sentence; None if reliable."""
        return None

    def holdout_fraction(self) -> float:
        """Share of the rows of a fit, in [0, 1), that are held out for `select_on_holdout`."""
        return 0.0

    def select_on_holdout(self, parts: Parts, score: "Callable[[Model], float]") -> str:
        """Select the final weights on held-out rows after the last step, and write them into `parts`.

        Called only if `holdout_fraction` is above 0.

        Args:
            parts: of a run that is over.
            score: of a model on the held-out rows; higher is better.

        Returns:
            The selection, as a sentence.
        """
        return ""

    def fit_source_statistics(self, parts: Parts, batches: Iterable[Tensor]) -> None:
        """Fit the statistics of source samples (n, ...) that the parts need during a stream."""

    def reset_interval(self) -> int | None:
        """Number of stream batches, >= 1, after which the parts are reset to their start; None: never."""
        return None


def walk(package: str = "headstart.methods") -> Iterator[type[Method[Any]]]:
    """Iterate over every final method class in `package`; there is no list to maintain."""
    return final_classes(package, Method)


def find(name: str) -> type[Method[Any]]:
    """The method called `name`, such as "ridge-probe"; else `Unknown` with the nearest names."""
    known = {method.about.name: method for method in walk()}
    if name not in known:
        raise Unknown("method", name, known)
    return known[name]


def require_label_kind(method: Method[Any], kind: LabelKind) -> None:
    """Raise `BadInput` if a method can't learn a kind of label, naming the methods that can."""
    if kind not in method.about.label_kinds:
        mine, can = method.about, [other.about for other in walk() if kind in other.about.label_kinds]
        names = ", ".join(sorted(other.name for other in can if other.adapts == mine.adapts))
        kinds = " and ".join(mine.label_kinds)
        raise BadInput(f"{mine.name} learns {kinds}, not {kind}. These can: {names}.")


def make(spec: str) -> Method[Any]:
    """Parse a method spec: its name, then settings after a colon, as in "fine-tune:last=2,norm=train".

    Raises:
        Unknown: no method, or no setting of it, has that name.
        BadInput: a setting has no value, or an invalid one.
    """
    return build(find(spec.partition(":")[0]), spec)
