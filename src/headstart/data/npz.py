"""Read arrays from NumPy files, without pickle."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData

SUFFIXES = (".npz", ".npy")
X, Y = "x", "y"


def arrays_in(file: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file by name, with an x among them; that of an .npy file is x.

    Raises:
        BadData: it can't be read, or has no array x.
    """
    found = _arrays(file)
    if X not in found:
        raise BadData(f"{file} has no array {X!r}; it has {_names(found)}.")
    return found


def labelled_in(file: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """The arrays x (n, ...) and y of an .npz file.

    Raises:
        BadData: it can't be read, or holds other arrays.
    """
    found = _arrays(file)
    for wanted in (X, Y):
        if wanted not in found:
            raise BadData(
                f"{file} has no array {wanted!r}; it has {_names(found)}. "
                "Write it with np.savez(file, x=samples, y=labels)."
            )
    return found[X], found[Y]


def samples_in(file: Path) -> NDArray[Any]:
    """Unlabelled samples (n, ...): the array x of an .npz file, or that of an .npy file.

    Raises:
        BadData: it can't be read, or has no array x.
    """
    return arrays_in(file)[X]


def _arrays(file: Path) -> dict[str, NDArray[Any]]:
    try:
        content = np.load(file, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return {X: content}
        with content:
            return {name: content[name] for name in content.files}
    except Exception as reason:  # a broken file can break its reader in any way
        why = (str(reason).splitlines() or [type(reason).__name__])[0].rstrip(".")
        raise BadData(
            f"{file} can't be read as arrays of numbers: {why}. Write it with np.savez(file, x=..., y=...)."
        ) from reason


def _names(found: dict[str, NDArray[Any]]) -> str:
    return ", ".join(map(repr, found)) or "none"
