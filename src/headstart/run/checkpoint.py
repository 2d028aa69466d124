"""Save a nested state in one safetensors file: written atomically, checked when read."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save
from torch import Tensor

from headstart.core import Mismatch
from headstart.core.atomic_file import write_atomically
from headstart.core.tensor_file import read_tensors


def save_state(state: Any, path: Path) -> None:
    """Save dicts, lists, tuples, tensors and plain values; see `load_state`."""
    tensors: dict[str, Tensor] = {}
    skeleton = json.dumps(_strip(state, "", tensors))
    # a tensor that is a view of another must not drag its storage along
    packed = {name: value.detach().to("cpu").contiguous().clone() for name, value in tensors.items()}
    digest = _digest(packed, skeleton)
    write_atomically(path, save(packed, metadata={"skeleton": skeleton, "digest": digest}))


def load_state(path: Path) -> Any:
    """The state that `save_state` wrote, with tensors on the CPU.

    Raises:
        Mismatch: the file is damaged or is not a state of headstart.
    """
    try:
        tensors, metadata = read_tensors(path)
    except (SafetensorError, OSError) as error:
        raise Mismatch(f"{path} is not a readable checkpoint ({error}). Delete it to start anew.") from error
    if metadata.get("digest") != _digest(tensors, metadata.get("skeleton", "")):
        raise Mismatch(f"{path} is damaged: its checksum does not fit. Delete it to start anew.")
    return _fill(json.loads(metadata["skeleton"]), tensors)


def _strip(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    """`value` as JSON, its tensors replaced by their keys in `tensors`."""
    if isinstance(value, Tensor):
        name = f"{len(tensors)}{path}"  # numbered, since two paths may have the same text
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, dict):
        pairs = [[key, _strip(item, f"{path}/{key}", tensors)] for key, item in value.items()]
        return {"dict": pairs}  # pairs, so that keys that are numbers stay numbers
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_strip(item, f"{path}/{index}", tensors) for index, item in enumerate(value)]}
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}
    raise TypeError(f"{path}: a {type(value).__name__} can't be saved in a checkpoint")


def _fill(node: dict[str, Any], tensors: dict[str, Tensor]) -> Any:
    ((kind, value),) = node.items()
    make: dict[str, Callable[[], Any]] = {
        "tensor": lambda: tensors[value],
        "dict": lambda: {key: _fill(item, tensors) for key, item in value},
        "list": lambda: [_fill(item, tensors) for item in value],
        "tuple": lambda: tuple(_fill(item, tensors) for item in value),
        "value": lambda: value,
    }
    return make[kind]()


def _digest(tensors: dict[str, Tensor], skeleton: str) -> str:
    digest = hashlib.blake2b(skeleton.encode(), digest_size=16)
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
