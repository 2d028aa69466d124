"""The nearest training examples of an answer: names and, of files, small pictures."""

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadData
from headstart.data.opening import MOST_PIXELS
from headstart.data.zipped import is_zip, read_lasting
from headstart.predictor.examples import Examples
from headstart.server.safe_files import guard_of
from headstart.server.served import Floats

SIDE = 160  # pixels of a small picture


class Neighbours:
    """The training examples that a run keeps."""

    def __init__(self, model: str, examples: Examples) -> None:
        """Of a model of that name."""
        self._model, self._examples = model, examples
        self._features = examples.features.float().numpy()  # of length 1
        self.picture = lru_cache(maxsize=256)(self._picture)

    @classmethod
    def of(cls, model: str, folder: Path) -> "Neighbours | None":
        """Those in a run's folder; None if none are kept, or they can't be read."""
        try:
            examples = Examples.beside(folder)
        except BadData:
            return None
        return None if examples is None or not len(examples.items) else cls(model, examples)

    def nearest(self, features: Floats, count: int) -> list[dict[str, Any]]:
        """The `count` most similar examples to features (width,), as JSON values, the nearest first."""
        length = float(np.linalg.norm(features))
        cosines = self._features @ (features / length if length else features).astype(np.float32)
        order = np.argsort(-cosines, kind="stable")[:count]
        return [self._told(int(row), float(cosines[row])) for row in order]

    def _told(self, row: int, cosine: float) -> dict[str, Any]:
        found = self._examples
        has_picture = bool(found.paths[row]) and _is_there(Path(found.paths[row]))
        return {
            "name": _plain(found.items[row]),
            "label": found.labels[row],
            "similarity": round(min(1.0, max(-1.0, cosine)), 4),
            "text": found.texts[row],
            "picture": f"/examples/{self._model}/{row}" if has_picture else None,
        }

    def _picture(self, row: int) -> bytes | None:
        """A small JPEG of an example, made of its file; None if there is none."""
        if not 0 <= row < len(self._examples.paths) or not self._examples.paths[row]:
            return None
        from headstart.data.decode import read_picture

        try:
            content = read_lasting(Path(self._examples.paths[row]))
            guard_of("pictures", MOST_PIXELS)(content)
            picture = read_picture(content)
        except BadData:
            return None
        picture.thumbnail((SIDE, SIDE))
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=85)
        return stream.getvalue()


def _is_there(path: Path) -> bool:
    """Whether a file, or the archive that it lies in, is still there."""
    return path.is_file() or any(map(is_zip, path.parents))


def _plain(name: str) -> str:
    """The last two parts of a name that is a path: its class and its file."""
    return "/".join(name.replace("\\", "/").split("/")[-2:])
