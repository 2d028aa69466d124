"""Read tensors from a safetensors file into newly allocated memory."""

from pathlib import Path

from safetensors import safe_open
from torch import Tensor


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
