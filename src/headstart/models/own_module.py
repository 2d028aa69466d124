"""What is settled about a module of the caller's, whose copy becomes a backbone."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from . import sources
from .untrained import reset
from .weights import load, read


def settle_flags(model: nn.Module, name: str) -> tuple[str, ...]:
    """What is said of parameters that came with `requires_grad=False`; if all did, they learn."""
    frozen = [name for name, parameter in model.named_parameters() if not parameter.requires_grad]
    if not frozen:
        return ()
    of = len(list(model.parameters()))
    if len(frozen) < of:
        some = f"{len(frozen)} of {of} parameters of {name} have requires_grad=False, such as {frozen[0]}"
        return (f"{some}: no method trains them.",)
    for parameter in model.parameters():
        parameter.requires_grad_(parameter.is_floating_point())
    return (f"No parameter of {name} requires a gradient: the method decides which of them learn.",)


def reset_heads(model: nn.Module) -> bool:
    """Remove all heads at once by timm's own method, for models with several."""
    reset_classifier: Any = getattr(model, "reset_classifier", None)
    if not callable(reset_classifier) or not getattr(model, "num_classes", 0):
        return False
    reset_classifier(0)
    return True


def own_origin(module: nn.Module, example: Tensor) -> dict[str, Any]:
    """The `source` of a backbone that is made of a module: its class, and an example of its inputs."""
    return {
        "kind": "own",
        "name": f"{type(module).__module__}.{type(module).__qualname__}",
        "example": {
            "shape": list(example.shape),
            "dtype": str(example.dtype).removeprefix("torch."),
        },
    }


def load_weights(
    model: nn.Module,
    origin: Mapping[str, Any],
    file: str | Path | Mapping[str, Tensor] | None,
    head: str | None,
    unused: Collection[str],
) -> tuple[str, ...]:
    """Load weights into a model with its head; the notes on what was left out."""
    if file is None:
        return ()
    if file == "random":
        if origin["kind"] == "own":
            reset(model, 0)
        return ()
    return load(
        model, sources.renamed(origin["kind"], origin["name"], read(file), model), head, unused=unused
    )
