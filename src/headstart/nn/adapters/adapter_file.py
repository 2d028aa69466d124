"""A set of adapters in a safetensors file of its own, without the model that it was made for."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from torch import Tensor, nn

from headstart.core import BadInput, Mismatch
from headstart.core.tensor_file import read_tensors, write_tensors

from .apart import AdapterSet
from .described import describe, rebuild

FORMAT = "headstart adapters 1"


class HeadWarning(UserWarning):
    """A file of adapters has the head of a run too, which is left out."""


def write_set(
    file: Path,
    found: AdapterSet,
    more: Mapping[str, Tensor] | None = None,
    about: Mapping[str, str] | None = None,
) -> None:
    """Write a set of adapters.

    Args:
        file: to write, whole or not at all.
        found: the set.
        more: other tensors, by name, such as those of a head.
        about: other metadata.

    Raises:
        CannotWrite: no space or no right; an older file is left as it was.
    """
    tensors, noted = set_out(found)
    write_tensors(file, tensors | dict(more or {}), noted | dict(about or {}))


def set_out(found: AdapterSet) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a set by name, and the metadata with which `set_in` makes it of them again."""
    noted = {
        "format": FORMAT,
        "layers": json.dumps(describe(found.adapters)),
        "learn": json.dumps([key for key, value in found.own.items() if isinstance(value, nn.Parameter)]),
        "model": found.model,
    }
    return found.tensors, noted


def read_set(file: Path, model: nn.Module, mine: str) -> AdapterSet:
    """A set of adapters that `write_set` wrote.

    Args:
        file: that holds it.
        model: that it is for.
        mine: the model's fingerprint.

    Raises:
        Mismatch: it was made for another model.
        BadInput: the file holds no adapters.
    """
    tensors, about = read_file(file)
    layers = json.loads(about["layers"])
    paths = {path for path, _ in model.named_modules()}
    if absent := [path for path in layers if path not in paths]:
        raise Mismatch(f"{str(file)!r} has an adapter for the layer {absent[0]}, which this model has not.")
    if about["model"] != mine:
        raise Mismatch(
            f"{str(file)!r} was made for the model {about['model']}, and this one is {mine}: its weights "
            "differ."
        )
    return set_in(tensors, about, model)


def read_file(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a file with adapters.

    Raises:
        BadInput: there is no such file, or it holds no adapters.
    """
    try:
        tensors, about = read_tensors(file)
    except (OSError, SafetensorError) as error:
        raise BadInput(f"{str(file)!r} can't be read: {error}. Copy or make it again.") from error
    if about.get("format") != FORMAT:
        raise BadInput(f"{str(file)!r} holds no adapters that headstart wrote.")
    return tensors, about


def warn_of_head(file: Path) -> None:
    """Say so where a file with adapters has the head of a run too, which no set of adapters has."""
    if any(name.startswith("head.") for name in read_file(file)[0]):
        warnings.warn(
            f"{str(file)!r} is of a run: its adapters are loaded, and its head is not. "
            "hs.open(file, backbone=model) answers with both.",
            HeadWarning,
            stacklevel=3,
        )


def set_in(tensors: Mapping[str, Tensor], about: Mapping[str, str], model: nn.Module) -> AdapterSet:
    """The set of adapters that the tensors and the metadata of a file make for a model with such layers."""
    adapters = rebuild(model, json.loads(about["layers"]))
    for path, adapter in adapters.items():
        values = {key: tensors.get(f"adapters.{path}.{key}") for key in adapter.state_dict()}
        try:
            adapter.load_state_dict({key: one for key, one in values.items() if one is not None})
        except RuntimeError as error:
            shapes = ", ".join(f"{key} {tuple(one.shape)}" for key, one in values.items() if one is not None)
            raise Mismatch(
                f"The adapter of the layer {path} in this file does not fit: it has "
                f"{shapes or 'no tensors'}. Copy or make the file again."
            ) from error
    learn = set(json.loads(about["learn"]))
    own = within(tensors, "own.")
    return AdapterSet(
        about["model"],
        adapters,
        {key: nn.Parameter(one) if key in learn else one for key, one in own.items()},
    )


def within(tensors: Mapping[str, Tensor], start: str) -> dict[str, Tensor]:
    """Those whose names begin with `start`, by what follows it."""
    return {key.removeprefix(start): one for key, one in tensors.items() if key.startswith(start)}
