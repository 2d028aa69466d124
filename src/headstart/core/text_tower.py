"""The encoder of texts that an encoder of pictures was trained with, as of CLIP."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor


@dataclass(frozen=True, eq=False)
class ClassPrompts:
    """A text for each class, as tokens, some of which are context that can be learned.

    Attributes:
        ids: int64 (classes, length), padded with -1.
        vectors: (classes, length, width) of the tokens, those of padding arbitrary.
        context: the places of the context, of all classes the same.
    """

    ids: Tensor
    vectors: Tensor
    context: slice


class TextTower(ABC):
    """A frozen encoder of texts, which nobody changes: a copy is itself.

    Attributes:
        scale: what cosines between its embeddings and those of pictures are multiplied by to be logits, > 0.
    """

    scale: float

    @abstractmethod
    def prompts(self, template: str, names: Sequence[str], length: int = 0) -> ClassPrompts:
        """A template with a place {} filled with names.

        Args:
            template: the tokens before its place are the context.
            names: of the classes.
            length: number of tokens of another context, in place of the template's words before the name;
                0: those words.

        Raises:
            BadInput: there is no context, or a text is longer than the encoder reads.
        """

    @abstractmethod
    def encode(self, ids: Tensor, vectors: Tensor) -> Tensor:
        """Embeddings (classes, width) of tokens with ids (classes, length) and vectors (classes, length, d).

        Vectors have gradients.
        """

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self
