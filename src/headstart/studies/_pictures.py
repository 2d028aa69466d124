"""Pictures that a study keeps in its folder."""

import io
from pathlib import Path

from PIL import Image

from headstart.core.atomic_file import write_atomically


def write_picture(picture: Image.Image, file: Path, quality: int) -> None:
    """Write a picture as WebP, whole or not at all; `quality` is in [0, 100].

    Raises:
        CannotWrite: no space or no right.
    """
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=quality)
    write_atomically(file, stream.getvalue())
