"""Layout of any model: a plain module, a backbone, or a backbone with a head."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor, nn

from headstart.core import BadInput, Model

from .anatomy import Anatomy, anatomy
from .blocks import is_norm, layers
from .example import example_for
from .timm_preprocess import timm_preprocess
from .wrapped import AnyBackbone


@dataclass(frozen=True)
class ModelLayout:
    """The anatomy of a model, and the full names of its parts.

    Attributes:
        model: the whole model.
        root: the module to which the names of the anatomy are relative.
        prefix: of these names in the whole model: "", "inner." or "0.inner.".
        given: function that returns the example.
        find: function from the example to the anatomy.
    """

    model: nn.Module
    root: nn.Module
    prefix: str
    given: Callable[[], Tensor]
    find: Callable[[Tensor], Anatomy]

    @cached_property
    def example(self) -> Tensor:
        """Example inputs (n, ...): given ones, or a guess."""
        return self.given()

    @cached_property
    def parts(self) -> Anatomy:
        """The anatomy; measured by one forward the first time, unless a backbone has it already."""
        return self.find(self.example)

    @property
    def blocks(self) -> tuple[str, ...]:
        """Full names of the blocks in execution order."""
        return tuple(self.prefix + block for block in self.parts.blocks)

    @property
    def head(self) -> str | None:
        """Full name of the last layer; None if the model outputs features."""
        if isinstance(self.model, Model):
            return "1"
        return None if self.prefix or self.parts.head is None else self.parts.head

    @property
    def stem(self) -> tuple[str, ...]:
        """The leading blocks of at most one layer besides norms; at least the first block."""
        single = [_layers(self.model.get_submodule(block)) <= 1 for block in self.blocks]
        return self.blocks[: max(1, single.index(False))] if False in single else self.blocks[:1]

    def members(self, blocks: Iterable[str]) -> list[str]:
        """Full names of all modules that are these blocks, the norms beside them too."""
        known = self.parts.under(self.prefix).members
        return [member for block in blocks for member in known.get(block, (block,))]


def inspect_model(model: nn.Module, example: Tensor | None = None) -> ModelLayout:
    """The layout of `model`, measured lazily by one forward on `example` (n, ...).

    Raises:
        BadInput: on access, if the model can't be run on the example.
    """
    inner: nn.Module = model.backbone if isinstance(model, Model) else model
    prefix = "0." if inner is not model else ""
    if isinstance(inner, AnyBackbone):
        mapping = inner
        known = (lambda: mapping.example, lambda _: mapping.anatomy)
        return ModelLayout(model, mapping.inner, prefix + "inner.", *known)
    return ModelLayout(
        model,
        inner,
        prefix,
        lambda: example_for(inner, example, timm_preprocess(inner)),
        lambda inputs: examined(inner, inputs, type(inner).__name__),
    )


def examined(
    model: nn.Module,
    example: Tensor,
    name: str,
    call: Callable[[nn.Module, Tensor], Tensor] | None = None,
) -> Anatomy:
    """`anatomy`, with a helpful error if the model can't be run."""
    try:
        return anatomy(model, example, call)
    except Exception as reason:
        raise BadInput(
            f"{name} can't be run on an example of shape {tuple(example.shape)}: "
            f"{str(reason).rstrip('.')}. Give example= a batch of inputs that it takes."
        ) from reason


def _layers(module: nn.Module) -> int:
    return sum(not is_norm(one) for one in layers(module))
