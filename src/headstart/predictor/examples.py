"""Training rows that are kept beside a model: their names, labels and features, and the rows of a table."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.nn.functional import normalize

from headstart.attribution.nearest import nearest
from headstart.core import BadData, Model, derive_seed
from headstart.core.atomic_file import write_atomically
from headstart.data.dataset import Dataset
from headstart.data.samples import Files
from headstart.data.zipped import lasting_path
from headstart.face import spell
from headstart.records.explanation import EXAMPLES, Neighbour
from headstart.session.inputs import loader_of
from headstart.session.scoring import outputs_of

MOST = 2000  # rows
BYTES = 16 * 2**20  # of features, and of the rows of a table
LETTERS = 200  # of a text
WORDS = ("items", "labels", "texts", "paths")


@dataclass(frozen=True, eq=False)
class Examples:
    """Training rows as a model sees them.

    Attributes:
        items: their names.
        labels: in words.
        texts: their first words, or a few cells; "" of pictures.
        paths: of their files, also in an archive; "" without one.
        features: (m, width) float16 of length 1, as only their cosines are asked for.
        rows: of a table or of rows of numbers, as the model takes them, (m, columns); else None.
    """

    items: list[str]
    labels: list[str]
    texts: list[str]
    paths: list[str]
    features: Tensor
    rows: Tensor | None

    @classmethod
    def of(
        cls,
        model: Model,
        data: Dataset,
        most: int = MOST,
        seed: int = 0,
        *,
        show: Callable[[float], None] = lambda _share: None,
    ) -> "Examples":
        """Random rows of the data, as many as `most` and the memory allow.

        Args:
            model: on a backbone that takes these data.
            data: that it learned from.
            most: rows, >= 1.
            seed: of the draw.
            show: is told which share of the rows is read, in [0, 1].
        """
        backbone: Any = model.backbone
        loader = loader_of(data, backbone, None)
        first = loader.fetch(np.zeros(1, np.int64), np.full(1, -1))
        columns = first.shape[1] if first.ndim == 2 and data.texts is None else 0
        fitting = BYTES // max(2 * backbone.width, 4 * columns, 1)
        rows = _drawn(len(data), max(1, min(most, fitting)), seed)
        read = 0

        def done(more: int) -> None:
            nonlocal read
            read += more
            show(read / len(rows))

        features = normalize(outputs_of(backbone, loader, rows, model.device, done=done), dim=1)
        paths = data.samples.paths if isinstance(data.samples, Files) else None
        return cls(
            [data.items[row] for row in rows],
            [data.said(row) for row in rows],
            [data.modality.text(data, row)[:LETTERS] for row in rows.tolist()],
            ["" if paths is None else str(lasting_path(Path(paths[row]))) for row in rows],
            features.nan_to_num().half(),
            loader.fetch(rows, np.full(len(rows), -1)).float() if columns else None,
        )

    def save(self, file: Path) -> None:
        """Write them to a file, whole or not at all.

        Raises:
            CannotWrite: no space or no right.
        """
        tensors = {"features": self.features} | ({} if self.rows is None else {"rows": self.rows})
        words = json.dumps({name: getattr(self, name) for name in WORDS})
        write_atomically(file, save(tensors, {"examples": words}))

    @classmethod
    def read(cls, file: Path) -> "Examples":
        """What `save` wrote.

        Raises:
            BadData: it can't be read.
        """
        try:
            with safe_open(file, "pt") as opened:
                words: Mapping[str, list[str]] = json.loads(opened.metadata()["examples"])
                rows = opened.get_tensor("rows") if "rows" in opened.keys() else None  # noqa: SIM118
                lists = {name: words[name] for name in WORDS}
                return cls(**lists, features=opened.get_tensor("features"), rows=rows)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise BadData(
                f"{file} holds no training rows: {error}. Leave it out, and give {spell('train')}."
            ) from error

    @classmethod
    def beside(cls, folder: Path | None) -> "Examples | None":
        """Those of a run, by its folder or the model folder in it; None if nothing is kept."""
        if folder is None:
            return None
        places = (folder, folder.resolve().parent) if folder.name == "model" else (folder,)
        file = next((place / EXAMPLES for place in places if (place / EXAMPLES).is_file()), None)
        return None if file is None else cls.read(file)

    def nearest(self, features: Tensor, count: int) -> list[list[Neighbour]]:
        """The `count` most similar examples of each row of features (n, width)."""
        cosines, numbers = nearest(features, self.features, count)
        return [
            [self._neighbour(row, cosine) for row, cosine in zip(*pair, strict=True)]
            for pair in zip(numbers.tolist(), cosines.tolist(), strict=True)
        ]

    def _neighbour(self, row: int, cosine: float) -> Neighbour:
        return Neighbour(self.items[row], self.labels[row], cosine, self.texts[row], self.paths[row])


def _drawn(total: int, count: int, seed: int) -> NDArray[np.int64]:
    """So many of all rows at random, in their order."""
    generator = np.random.Generator(np.random.PCG64(derive_seed(seed, "examples")))
    return np.sort(generator.permutation(total)[:count])
