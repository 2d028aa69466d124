"""Make a backbone of a name or of the user's own module."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Preprocess, fold

from . import lite0, sources
from .anatomy import anatomy
from .surgery import cut, duplicate
from .untrained import reset
from .weights import load, read
from .wrapped import AnyBackbone as AnyBackbone


def backbone(
    source: str | nn.Module,
    *,
    example: Tensor | None = None,
    weights: str | Path | None = None,
    preprocess: Preprocess | None = None,
) -> AnyBackbone:
    """A model that gives features: found by name, or made of your own module.

    The layer that makes a classifier's output is found by one forward and cut off. A model that
    gives maps or tokens has them averaged.

    Args:
        source: "efficientnet_lite0" (built-in, needs no network), a name of timm's ("resnet18" or
            "timm:resnet18"), one of torchvision's ("torchvision:resnet18"), or a module of your
            own, which is copied and never changed.
        example: inputs (n, ...) for that forward, two rows are enough. None takes the model's own
            input size, or guesses from its first layer.
        weights: a local file, `.safetensors` or a plain state dict, loaded strictly; "random" for
            random weights; None for the pretrained weights that belong to the name, or those that
            the module has.
        preprocess: how pictures become inputs; None takes what belongs to the name.

    Returns:
        The backbone; by name in evaluation mode, otherwise in the mode of your module.

    Raises:
        Unknown: nothing goes by that name.
        Mismatch: the weights in the file belong to another architecture.
        BadInput: the module can't be copied or run on the example.
        MissingPackage: the package that knows the name is not installed.
        HeadstartError: pretrained weights can't be fetched.
    """
    if isinstance(source, AnyBackbone):
        return _again(source, weights, preprocess)
    if isinstance(source, nn.Module):
        model = duplicate(source)
        preprocess = preprocess or sources.timm_preprocess(source)
        example = _example(model, example, preprocess)
        origin = _own_origin(source, example)
    else:
        kind, name = sources.resolve(source)
        model = sources.build(kind, name, weights is None)
        preprocess = preprocess or sources.preprocess(kind, name, model)
        example = _example(model, example, preprocess)
        origin = {"kind": kind, "name": name}
    return _wrap(model, origin, preprocess, example, weights)


def rebuild(source: Mapping[str, Any], module: nn.Module | None = None) -> AnyBackbone:
    """The architecture that a backbone's `source` describes, for weights to be loaded into.

    Args:
        source: `AnyBackbone.source`, also after a trip through JSON.
        module: for a source of kind "own", a module of the same class.

    Returns:
        The same architecture, with random weights (those of `module` for kind "own").

    Raises:
        BadInput: `source` is of kind "own" and no module was given.
    """
    settings = source.get("preprocess")
    preprocess = Preprocess.from_settings(settings) if settings else None
    if source["kind"] == "own":
        if module is None:
            raise BadInput(
                f"This backbone was made of your own module {source['name']}, whose code is not "
                "saved. Make one and give it: module=..."
            )
        return backbone(module, example=_like(source["example"]), preprocess=preprocess)
    model = sources.build(source["kind"], source["name"], False)
    example = _example(model, None, preprocess)
    return _wrap(model, source, preprocess, example, None)


def _wrap(
    model: nn.Module,
    origin: Mapping[str, Any],
    preprocess: Preprocess | None,
    example: Tensor,
    file: str | Path | None,
) -> AnyBackbone:
    """Look, load, cut, wrap; `model` is ours already."""
    try:
        parts = anatomy(model, example)
    except Exception as reason:
        raise BadInput(
            f"{origin['name']} can't be run on an example of shape {tuple(example.shape)}: "
            f"{reason}. Give example= a batch of inputs that it takes."
        ) from reason
    notes: tuple[str, ...] = ()
    if file == "random":
        if origin["kind"] == "own":
            reset(model, 0)
    elif file is not None:
        state = read(file)
        notes = load(model, lite0.renamed(state) if _is_lite0(origin) else state, parts.head)
    cut(model, parts, example)
    if parts.head is None and _resets(model):
        parts = anatomy(model, example)
    name = str(origin["name"]).rpartition(".")[2] if origin["kind"] == "own" else origin["name"]
    made = AnyBackbone(model, parts, name, origin, preprocess, example)
    made.notes = notes
    return made


def _resets(model: nn.Module) -> bool:
    """Take off all heads at once in timm's way, for a model that has several."""
    reset_classifier: Any = getattr(model, "reset_classifier", None)
    if not callable(reset_classifier) or not getattr(model, "num_classes", 0):
        return False
    reset_classifier(0)
    return True


def _is_lite0(origin: Mapping[str, Any]) -> bool:
    return origin["name"] in {lite0.NAME, lite0.TIMM_NAME}


def _again(made: AnyBackbone, file: str | Path | None, preprocess: Preprocess | None) -> AnyBackbone:
    """A copy of a backbone, with other weights or another preprocessing if asked for."""
    copied = AnyBackbone(
        duplicate(made.inner),
        made.anatomy,
        made.name,
        made.source,
        preprocess or made.preprocess,
        made.example,
    )
    copied.notes = made.notes
    if file == "random":
        return copied.untrained(0)
    if file is not None:
        copied.notes = load(copied.inner, read(file), None)
    return copied


def _own_origin(module: nn.Module, example: Tensor) -> dict[str, Any]:
    return {
        "kind": "own",
        "name": f"{type(module).__module__}.{type(module).__qualname__}",
        "example": {
            "shape": list(example.shape),
            "dtype": str(example.dtype).removeprefix("torch."),
        },
    }


def _like(example: Mapping[str, Any]) -> Tensor:
    dtype = getattr(torch, example["dtype"])
    if not dtype.is_floating_point:
        return torch.zeros(example["shape"], dtype=dtype)
    return _noise(*example["shape"]).to(dtype)


def _noise(*shape: int) -> Tensor:
    """Always the same numbers of a standard normal."""
    generator = torch.Generator().manual_seed(fold("example"))
    return torch.randn(*shape, generator=generator)


def _example(model: nn.Module, given: Tensor | None, preprocess: Preprocess | None) -> Tensor:
    """Two inputs at most, on the model's device; guessed if none were given."""
    parameter = next(model.parameters(), None)
    device = parameter.device if parameter is not None else torch.device("cpu")
    if given is not None:
        if given.ndim < 2:
            raise BadInput(f"example must be a batch (n, ...), not of shape {tuple(given.shape)}.")
        given = given[:2].detach().clone().to(device)
        if given.dtype != torch.uint8 or preprocess is None:
            return given
        mean, std = (torch.tensor(v, device=device).view(3, 1, 1) for v in _moments(preprocess))
        return (given / 255 - mean) / std
    shape = (3, *preprocess.size) if preprocess else _guess(model)
    example = _noise(2, *shape).to(device)
    wide = parameter is not None and parameter.is_floating_point()
    return example.to(parameter.dtype) if parameter is not None and wide else example


def _moments(preprocess: Preprocess) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return preprocess.mean, preprocess.std


def _guess(model: nn.Module) -> tuple[int, ...]:
    """The shape of one input, from the first layer that has parameters."""
    for module in model.modules():
        if next(module.parameters(recurse=False), None) is None:
            continue
        if isinstance(module, nn.Conv2d):
            return module.in_channels, 224, 224
        if isinstance(module, nn.Linear):
            return (module.in_features,)
    raise BadInput(
        f"The shape of the inputs of {type(model).__name__} can't be guessed. "
        "Give example= a batch of inputs."
    )
