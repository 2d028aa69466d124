"""What prompts in pixels share: they are added to the inputs of a model, and are 0 at the start."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from headstart.core import BadInput, Model
from headstart.nn.front import normalised

from .prompt import Prompt

SHARE = 30 / 224  # of a side, the width of a frame in arXiv:2203.17274


class PixelPrompt(Prompt):
    """Numbers that are added to normalised pictures (n, channels, height, width).

    Other arrays of numbers work alike: series (n, channels, length) and rows (n, length), whose one axis is
    the length. Texts, and tables with categories, have no such places.

    Attributes:
        shape: of one input.
        sides: its height and width, or its length.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        """Make one for inputs of `shape`, such as (3, 224, 224)."""
        super().__init__()
        self.shape = tuple(int(side) for side in shape)
        if not 1 <= len(self.shape) <= 3:
            raise BadInput(
                f"shape is {self.shape}; a prompt in pixels is for one picture (channels, height, width), "
                "one series (channels, length) or one row (length,)."
            )
        self.sides = self.shape[1:] if len(self.shape) > 1 else self.shape

    @abstractmethod
    def edited(self, x: Tensor) -> Tensor:
        """Normalised inputs (n, *shape) with the prompt, in the same shape."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalised inputs (n, *shape) with the prompt, in the same shape.

        Raises:
            BadInput: they have another shape.
        """
        if tuple(x.shape[1:]) != self.shape:
            raise BadInput(
                f"The prompt was made for inputs of shape {self.shape}, and these have {tuple(x.shape[1:])}. "
                "Make one for them, or resize them."
            )
        return self.edited(x)

    def attach(self, model: nn.Module) -> Sequence[RemovableHandle]:
        """Edit the first argument of a model, or of the backbone of a model with a head."""
        reads = model.backbone if isinstance(model, Model) else model
        refuse_words(reads)

        def edit(_module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
            return self(normalised(reads, args[0])), *args[1:]

        return (reads.register_forward_pre_hook(edit),)


def size_within(size: int | None, sides: Sequence[int], times: int, what: str) -> int:
    """A size in pixels that fits, `times` over, into the shorter side; None: 30 for 224, at least 1.

    Raises:
        BadInput: it is below 0, or too large.
    """
    shortest, most = min(sides), min(sides) // times
    if size is None:
        return min(max(1, round(SHARE * shortest)), most)
    if not 0 <= size <= most:
        places = " x ".join(map(str, sides))
        raise BadInput(f"size is {size}, but {what} of inputs with {places} places can be 0 to {most}.")
    return size


def refuse_words(backbone: nn.Module) -> None:
    """Raise `BadInput` for a backbone of texts or of tables with categories."""
    reads_texts = getattr(backbone, "tokens", None) is not None
    if reads_texts or getattr(backbone, "schema", None) is not None:
        name = getattr(backbone, "name", type(backbone).__name__)
        kind = "texts" if reads_texts else "tables, whose categories and gaps are no numbers"
        raise BadInput(
            f"{name} reads {kind}: a prompt in pixels can't be added to "
            "them. It works on pictures, series and arrays of numbers."
        )
