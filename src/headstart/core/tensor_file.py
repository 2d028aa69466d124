"""Tensors in safetensors files: read into newly allocated memory, written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from .errors import CannotWrite


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
    """Write tensors and metadata; an older file is replaced at once.

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
        fresh.write_bytes(save(plain, metadata=dict(about)))
        fresh.replace(file)
    except OSError as error:
        if fresh.is_file():
            fresh.unlink()
        raise CannotWrite(f"Can't write {file}: {error.strerror or error}.") from error
