"""What a model is made of: a backbone and a head."""

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from headstart.core.label_kind import LabelKind

from .classifier import Classifier
from .errors import BadInput
from .inside import by_place, few_places, outputs_inside, squared
from .moves import Parts
from .teacher_view import TeacherView
from .text_tower import TextTower


class Backbone(nn.Module):
    """A feature extractor: x (n, ...) -> features (n, width).

    Attributes:
        width: features per sample.
        blocks: names of the sub-modules in the order they run, from the input to the features.
        members: modules of a block that is several, such as a norm after it, in the order they run.
        example: inputs (n, ...), not all alike, on which it can be tried; None if none are known.
        classifier: the output layer that it was trained with, for the features of `at_classifier`; None if
            that is not known.
        codes: which features are codes 0, 1, ... of categories, such as those of `coded_columns`.
        apart: what is known of its adapters, see `headstart.nn.adapters.apart`; None where it has none.
    """

    width: int
    blocks: tuple[str, ...] = ()
    members: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    example: Tensor | None = None
    classifier: Classifier | None = None
    codes: tuple[int, ...] = ()
    apart: Any = None

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) of x (n, ...)."""
        raise NotImplementedError

    def with_blocks(self, x: Tensor, view: TeacherView) -> tuple[Tensor, list[Tensor]]:
        """Features (n, width) of x (n, ...), and what is seen of blocks, (n, places, d) each, in one forward.

        Args:
            x: inputs, as for `forward`.
            view: which blocks, and what of them. Outputs (n, d, h, w) are maps, (n, places, d) tokens.
        """
        names = view.chosen(self.blocks)
        with outputs_inside(self, names) as found:
            features: Tensor = self(x)
        seen = [by_place(found[name]) for name in names] or [features[:, None]]
        return features, [few_places(squared(one) if view.squares else one, view.places) for one in seen]

    def untrained(self, seed: int) -> Self:
        """The same architecture with random weights, a function of `seed`."""
        raise NotImplementedError

    def note_operation(self, **settings: Any) -> None:
        """Note a change of the architecture, as JSON values, to rebuild it by; by default it is not noted."""

    def at_classifier(self) -> "Backbone":
        """The backbone with the features that its classifier reads: itself, unless others are read off it."""
        return self

    @property
    def text_tower(self) -> TextTower | None:
        """The encoder of texts that it was trained with, as CLIP's; None if there is none."""
        return None

    @property
    def learned(self) -> bool:
        """Whether its weights have learned something that is worth keeping; `True` unless it is known."""
        return True

    def raw_columns(self) -> "Backbone":
        """A backbone without weights, whose features are the columns that this one reads.

        Raises:
            BadInput: it does not read columns.
        """
        raise BadInput(
            f"{getattr(self, 'name', type(self).__name__)} reads no columns of a table and no words, and "
            "methods that transfer nothing learn from those. Give a table with the "
            "backbone 'table', or texts, or take another method."
        )

    def coded_columns(self) -> "Backbone":
        """As `raw_columns`, with categories as codes in one column each, and NaN where something is missing.

        Raises:
            BadInput: it does not read columns.
        """
        return self.raw_columns()

    def word_counts(self, method: str) -> "Backbone":
        """A backbone without weights, whose features are counts of the words that this one reads.

        Args:
            method: name of the method that learns from them, for the message.

        Raises:
            BadInput: it does not read texts.
        """
        raise BadInput(
            f"{method} learns from the words of texts, and {getattr(self, 'name', type(self).__name__)} "
            "reads none. Give texts, or take another method, such as logistic-probe or ridge-probe."
        )


class Head(nn.Module):
    """Maps features to outputs: (n, width) -> (n, outputs).

    Outputs are logits of classes or of tags, or numbers. A head can be serialised as data: its
    class's name, the settings and its tensors.
    """

    prior_free: ClassVar[bool] = False  # its logits don't depend on how frequent the classes were

    @property
    def settings(self) -> Mapping[str, Any]:
        """Keyword arguments that make a head of the same shape; JSON values only."""
        raise NotImplementedError

    def rescaled(self, mean: Tensor, deviation: Tensor) -> "Head":
        """A head that outputs mean + deviation * the output of this one, both (outputs,)."""
        raise NotImplementedError(f"{type(self).__name__} reads no numbers")


class Model(nn.Sequential):
    """A backbone and a head, the final model: x (n, ...) -> outputs (n, outputs)."""

    classes: tuple[str, ...] = ()  # names of the outputs; () where they are not known
    label_kind: LabelKind = "classes"  # of the outputs
    source_statistics: Mapping[str, Tensor] | None = None  # of training rows; None where they are not known

    def __init__(self, backbone: Backbone, head: Head) -> None:
        super().__init__(backbone, head)

    @property
    def backbone(self) -> Backbone:
        """The feature extractor."""
        found: Any = self[0]
        return found  # type: ignore[no-any-return]

    @property
    def head(self) -> Head:
        """The output layer."""
        found: Any = self[1]
        return found  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        """The name of the backbone, or of its class."""
        return str(getattr(self.backbone, "name", type(self.backbone).__name__))

    @property
    def device(self) -> torch.device:
        """Where its weights are; the CPU if it has none."""
        tensors = chain(self.parameters(), self.buffers())
        return next((tensor.device for tensor in tensors), torch.device("cpu"))

    @classmethod
    def of(cls, parts: Parts) -> "Model":
        """Combine the parts called backbone and head."""
        backbone, head = parts["backbone"], parts["head"]
        assert isinstance(backbone, Backbone)
        assert isinstance(head, Head)
        return cls(backbone, head)
