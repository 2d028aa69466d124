"""Tensors in safetensors files: read into newly allocated memory, written whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from .errors import CannotWrite

LENGTH = 8  # bytes at the beginning of a file, for the length of its header, which is a multiple of it


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read all tensors of a safetensors file into fresh, aligned memory.

    safetensors hands out views of the mapped file, whose addresses depend on the length of the file's
    header. Vectorised sums group their terms by the address, so the same numbers at another address
    can differ in the last bits: a resumed run would not be bitwise equal to an uninterrupted one.

    Args:
        path: the file.

    Returns:
        The tensors by name, on the CPU and contiguous, and the metadata of the file.

    Raises:
        SafetensorError: the file is damaged or of another format.
        OSError: the file can't be read.
    """
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        return tensors, file.metadata() or {}


def write_tensors(file: Path, tensors: Mapping[str, Tensor], about: Mapping[str, str]) -> None:
    """Write tensors and metadata; an older file is replaced at once. The same give the same bytes.

    Args:
        file: to write; its folder is made.
        tensors: by name, on any device.
        about: the metadata.

    Raises:
        CannotWrite: no space or no right; an older file is left as it was.
    """
    plain = {name: one.detach().cpu().contiguous().clone() for name, one in tensors.items()}
    fresh = file.with_name(f".{file.name}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(_sorted(save(plain, metadata=dict(about) or None)))
        fresh.replace(file)
    except OSError as error:
        if fresh.is_file():
            fresh.unlink()
        raise CannotWrite(f"Can't write {file}: {error.strerror or error}.") from error


def _sorted(content: bytes) -> bytes:
    """A safetensors file with its metadata by name: the library writes them in another order each time."""
    size = int.from_bytes(content[:LENGTH], "little")
    header = json.loads(content[LENGTH : LENGTH + size])
    header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % LENGTH)
    return len(text).to_bytes(LENGTH, "little") + text + content[LENGTH + size :]
