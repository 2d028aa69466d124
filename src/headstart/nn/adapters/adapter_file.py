"""A set of adapters in a safetensors file of its own, without the model that it was made for."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from headstart.core import BadInput, Mismatch
from headstart.core.tensor_file import read_tensors

from .adapter import Adapter
from .described import describe, rebuild

FORMAT = "headstart adapters 1"


def write_set(
    file: Path, model: nn.Module, adapters: Mapping[str, Adapter], own: Mapping[str, Tensor]
) -> None:
    """Write a set of adapters of a model.

    Args:
        file: to write.
        model: that they are for, without them.
        adapters: by the paths of their layers.
        own: the set's own parameters and buffers of the model, by name.
    """
    tensors = {f"own.{key}": value.detach() for key, value in own.items()}
    for path, adapter in adapters.items():
        tensors |= {f"adapters.{path}.{key}": value for key, value in adapter.state_dict().items()}
    about = {
        "format": FORMAT,
        "layers": json.dumps(describe(adapters)),
        "learn": json.dumps([key for key, value in own.items() if isinstance(value, nn.Parameter)]),
        "model": fingerprint(model),
    }
    save_file({key: value.contiguous() for key, value in tensors.items()}, file, about)


def read_set(file: Path, model: nn.Module) -> tuple[dict[str, Adapter], dict[str, Tensor]]:
    """Adapters, and own parameters and buffers, of a set that `write_set` wrote.

    Raises:
        Mismatch: it was made for another model.
        BadInput: the file holds no adapters.
    """
    tensors, about = read_tensors(file)
    if about.get("format") != FORMAT:
        raise BadInput(f"{str(file)!r} holds no adapters that headstart wrote.")
    layers, mine = json.loads(about["layers"]), fingerprint(model)
    paths = {path for path, _ in model.named_modules()}
    if absent := [path for path in layers if path not in paths]:
        raise Mismatch(f"{str(file)!r} has an adapter for the layer {absent[0]}, which this model has not.")
    if about["model"] != mine:
        raise Mismatch(
            f"{str(file)!r} was made for the model {about['model']}, and this one is {mine}: its weights "
            "differ."
        )
    adapters = rebuild(model, layers)
    for path, adapter in adapters.items():
        start = f"adapters.{path}."
        values = {key.removeprefix(start): one for key, one in tensors.items() if key.startswith(start)}
        adapter.load_state_dict(values)
    learn = set(json.loads(about["learn"]))
    own = {key.removeprefix("own."): one for key, one in tensors.items() if key.startswith("own.")}
    return adapters, {key: nn.Parameter(one) if key in learn else one for key, one in own.items()}


def fingerprint(model: nn.Module) -> str:
    """A short name of a model's parameters: of their names, shapes, types and first thousand numbers."""
    found = hashlib.blake2b(digest_size=6)
    for name, one in model.named_parameters():
        found.update(f"{name} {tuple(one.shape)} {one.dtype}".encode())
        found.update(one.detach().flatten()[:1000].cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()
