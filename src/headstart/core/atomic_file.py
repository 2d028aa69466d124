"""Write a file whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from .errors import CannotWrite


def write_atomically(path: Path, data: bytes) -> None:
    """Write to a temporary file beside `path`, flush it to the disk, and rename it.

    A reader of `path` finds either the old bytes or the new ones at any moment.

    Raises:
        CannotWrite: no space left, no permission or no such folder; the old file is unchanged.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise CannotWrite(
            f"Can't write {path}: {error.strerror or error}. Free some space or choose another folder; "
            f"what was finished before is kept."
        ) from error
