"""The working copy for model surgery: copied first, checked by a forward last."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast

from torch import Tensor, nn

from headstart.core import BadInput, Model
from headstart.models.operations.report import Report, compare, state
from headstart.models.surgery import duplicate, run
from headstart.models.tracing import quiet
from headstart.models.view import ModelLayout, inspect_model
from headstart.models.wrapped import AnyBackbone

M = TypeVar("M", bound=nn.Module)


class ModelEditor(Generic[M]):
    """A working copy of a model and its layout, rebuilt as the caller's type.

    Attributes:
        model: the copy; the caller's model is only read.
        view: its anatomy.
        mapping: the backbone in it, if there is one.
    """

    def __init__(self, model: M, example: Tensor | None = None) -> None:
        self.given = model
        self.model: M = cast("M", duplicate(model))
        self.view: ModelLayout = inspect_model(self.model, example)
        self.mapping = mapping_of(self.model)

    def first(self) -> tuple[str, nn.Module]:
        """The layer that runs first: its name in the whole, and the layer."""
        order = self.view.parts.order
        if not order:
            raise BadInput(f"{type(self.model).__name__} has no layer with parameters that is ever called.")
        name = self.view.prefix + order[0]
        if "parametrizations" in (pieces := name.split(".")):  # the weight is computed by a parametrisation
            name = ".".join(pieces[: pieces.index("parametrizations")])
        return name, self.model.get_submodule(name)

    def aliases(self, parameter: nn.Parameter) -> list[str]:
        """All names of a parameter in the copy."""
        named = self.model.named_parameters(remove_duplicate=False)
        return [name for name, other in named if other is parameter]

    def answer(self, example: Tensor) -> Tensor:
        """Output of the copy for an example, in evaluation mode; its flags are restored.

        Raises:
            BadInput: it can't be run.
        """
        try:
            with quiet(self.model):
                return run(self.model, example)
        except Exception as reason:
            raise BadInput(
                f"{type(self.model).__name__} can't be run on inputs of shape {tuple(example.shape)} "
                f"after this: {reason}. Nothing was changed."
            ) from reason

    def finish(
        self,
        title: str,
        how: Mapping[str, str],
        *notes: str,
        operation: Mapping[str, Any] | None = None,
        example: Tensor | None = None,
    ) -> tuple[M, Report]:
        """The copy and the report; a backbone records the operation, so that it can be rebuilt."""
        if self.mapping is not None:
            if operation is not None:
                self.mapping.note_operation(**operation)
            if example is not None:
                self.mapping.example = example
        return self.model, compare(state(self.given), state(self.model), title, how, notes)


def mapping_of(model: nn.Module) -> AnyBackbone | None:
    """The backbone that a model is or has; None for a plain module."""
    inner = model.backbone if isinstance(model, Model) else model
    return inner if isinstance(inner, AnyBackbone) else None


def own(layer: nn.Module, name: str, what: str) -> nn.Parameter:
    """The parameter `name` of a layer.

    Raises:
        BadInput: it is computed from others, or absent.
    """
    found = layer._parameters.get(name)
    if found is None:
        raise BadInput(
            f"{what} has no plain parameter {name!r} (weight normalisation and other parametrisations "
            "must be taken off first, such as with torch.nn.utils.parametrize.remove_parametrizations)."
        )
    return found


def as_parameter(parameter: nn.Parameter, value: Tensor) -> nn.Parameter:
    """`value` as a parameter of the same type, device and requires_grad."""
    made = value.detach().to(device=parameter.device, dtype=parameter.dtype).contiguous()
    return nn.Parameter(made, requires_grad=parameter.requires_grad)


def swap(model: nn.Module, old: nn.Parameter, fresh: nn.Parameter) -> None:
    """Replace a parameter wherever it occurs, so that tied ones stay tied."""
    for owner in model.modules():
        for name, parameter in list(owner._parameters.items()):
            if parameter is old:
                setattr(owner, name, fresh)
