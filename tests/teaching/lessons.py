"""Sessions on small pictures with a small backbone."""

import io
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.models.backbone import backbone
from headstart.teaching.session import TeachingSession
from tests.study import tiny

BASE: list[Any] = []


def base() -> Any:
    """The small backbone at 32 pixels with random weights, made once."""
    if not BASE:
        with tempfile.TemporaryDirectory() as folder:
            made = backbone(tiny.BACKBONE, weights=tiny.weights(Path(folder) / "weights.safetensors"))
        BASE.append(backbone(made, preprocess=replace(made.preprocess, size=(32, 32))))
    return BASE[0]


def picture(kind: str, seed: int, form: str = "PNG") -> bytes:
    """The file of a picture of a shape."""
    stream = io.BytesIO()
    tiny.shape(kind, seed).save(stream, form)
    return stream.getvalue()


def session(out: Path, each: int = 0, classes: tuple[str, ...] = ("square", "disc")) -> TeachingSession:
    """A session with so many examples of each class."""
    found = TeachingSession(base(), out=out)
    for name in classes:
        found.add_class(name)
        for index in range(each):
            found.add(name, picture(name, 100 * len(name) + index), f"{name} {index}.png")
    return found
