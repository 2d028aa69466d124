"""Layout of any model: a plain module, a backbone, or a backbone with a head."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor, nn

from headstart.core import BadInput, Model

from .anatomy import Anatomy, anatomy
from .example import example_for
from .sources import timm_preprocess
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
        found = list(self.blocks[:1])
        single = [_layers(self.model.get_submodule(block)) <= 1 for block in self.blocks]
        if False in single:
            return self.blocks[: max(1, single.index(False))]
        for block in self.blocks[1:]:  # all are single layers: the first and the norms after it
            if _layers(self.model.get_submodule(block)):
                break
            found.append(block)
        return tuple(found)


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
            f"{reason}. Give example= a batch of inputs that it takes."
        ) from reason


def is_norm(module: nn.Module) -> bool:
    """Whether it is a norm: one of torch's, or a class named so whose parameters are vectors."""
    if isinstance(module, (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)):
        return True
    own = list(module.parameters(recurse=False))
    return "norm" in type(module).__name__.lower() and bool(own) and all(p.ndim <= 1 for p in own)


def layers(module: nn.Module) -> list[nn.Module]:
    """The modules in a module that own parameters, itself included."""
    return [one for one in module.modules() if next(one.parameters(recurse=False), None) is not None]


def _layers(module: nn.Module) -> int:
    return sum(not is_norm(one) for one in layers(module))
