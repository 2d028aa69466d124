"""A trained generative model: it draws rows of classes, fills in missing cells, and is saved and reopened."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor

from headstart.core import BadData, BadInput, Mismatch, Parts, Unknown, derive_seed
from headstart.core.atomic_file import write_atomically
from headstart.core.tensor_file import read_tensors, write_tensors
from headstart.data.dataset import Dataset
from headstart.data.random_draws import row_seeds
from headstart.data.tables import Table
from headstart.face import spell
from headstart.generators.generative_model import GenerativeModel, walk_generators
from headstart.generators.spaces.space import Space, spaces
from headstart.generators.spaces.tables import TableSpace

ABOUT, WEIGHTS = "generator.json", "generator.safetensors"
FORMAT = 1
BEGUN = "study.json"  # in the folder of a run, from its start on
TOGETHER = 256  # rows that are drawn together


@dataclass(frozen=True, eq=False)
class Generator:
    """A class-conditional generative model, trained.

    Attributes:
        model: its settings.
        space: what it learned, and how rows are made of it.
        classes: their names.
        parts: its networks.
        name: of the data that it learned.
        rows: of each class that it learned from.
        learned: digests of these rows.
    """

    model: GenerativeModel
    space: Space
    classes: tuple[str, ...]
    parts: Parts
    name: str
    rows: tuple[int, ...]
    learned: tuple[str, ...] = ()

    def draw(self, rows: int | Mapping[str, int] = 10, seed: int = 0) -> Dataset:
        """Draw labelled rows.

        Args:
            rows: of each class, >= 1, or how many by the name of the class.
            seed: of the draws; the first rows of more are the same.

        Returns:
            A dataset of the kind that was learned, in the order of the classes.

        Raises:
            BadInput: no rows, or fewer than none.
            Unknown: there is no such class.
        """
        return self.draw_counted(rows, seed)[0]

    def draw_counted(self, rows: int | Mapping[str, int], seed: int) -> tuple[Dataset, NDArray[np.bool_]]:
        """The same, and which rows (n,) had numbers out of the range of the training rows."""
        counts = self._counts(rows)
        y = np.repeat(np.arange(len(counts)), counts)
        within = np.concatenate([np.arange(count) for count in counts])
        seeds = torch.from_numpy(row_seeds(derive_seed(seed, "draw"), within, y))
        labels = torch.from_numpy(y)
        found = [
            self.model.draw(self.parts, self.space.shape, some, mine)
            for some, mine in zip(_shares(labels), _shares(seeds), strict=True)
        ]
        decoded = self.space.decode(torch.cat(found))
        items = tuple(f"{self.classes[label]} {number}" for label, number in zip(y, within, strict=True))
        data = Dataset(f"{self.name}, generated", self.classes, y, items, decoded.samples)
        return data, decoded.clipped.numpy()

    def fill(self, data: Dataset, seed: int = 0) -> Dataset:
        """Fill in missing cells of a labelled table with cells drawn beside those that are there.

        Args:
            data: rows with the columns and classes that were learned, as `hs.data.load` gives them; not
                changed.
            seed: of the draws.

        Raises:
            BadInput: it learned no table, or was not given a labelled one.
            BadData: a column or class is absent.
        """
        if not isinstance(data, Dataset):
            raise BadInput(
                f"fill takes a labelled table, as hs.data.load gives it, and not {type(data).__name__}."
            )
        if not isinstance(self.space, TableSpace) or data.table is None:
            raise BadInput(
                f"Only cells of tables are filled in, and {data.name} or what was learned is none."
            )
        absent = sorted({*data.classes} - {*self.classes})
        if absent:
            raise BadData(f"{data.name} has the class {absent[0]!r}, which the generator has not learned.")
        place = np.array([self.classes.index(name) for name in data.classes])
        x, known = self.space.ask(data)
        seeds = torch.from_numpy(
            row_seeds(derive_seed(seed, "fill"), np.arange(len(data)), np.zeros(len(data), int))
        )
        filled = self.model.fill(self.parts, x, known, torch.from_numpy(place[data.labels]), seeds)
        made = self.space.decode(filled, fill=True).samples
        assert isinstance(made, Table)
        return replace(data, samples=_filled(data.table, made))

    def write(self, data: Dataset, folder: str | Path) -> str:
        """Write drawn rows into a folder, as class folders of PNG files, `samples.csv` or `samples.npz`.

        Args:
            data: as `draw` gave them.
            folder: made if there is none.

        Returns:
            The name in the folder of what `hs.data.load` takes.
        """
        return self.space.write(data, Path(folder))

    def save(self, folder: str | Path) -> None:
        """Save it, as safetensors and JSON, for `hs.open_generator`.

        Raises:
            CannotWrite: no space or no permission.
        """
        folder = Path(folder)
        about = {
            "format": FORMAT,
            "model": self.model.name,
            "settings": self.model.settings,
            "kind": self.space.kind,
            "space": self.space.settings,
            "classes": list(self.classes),
            "name": self.name,
            "rows": [int(count) for count in self.rows],
            "learned": list(self.learned),
        }
        write_tensors(folder / WEIGHTS, self.parts.state_dict(), {})
        write_atomically(folder / ABOUT, (json.dumps(about, indent=1) + "\n").encode())

    def _counts(self, rows: int | Mapping[str, int]) -> list[int]:
        if isinstance(rows, Mapping):
            for name in rows:
                if name not in self.classes:
                    raise Unknown("class", name, self.classes)
        counts: list[Any] = [
            rows.get(name, 0) if isinstance(rows, Mapping) else rows for name in self.classes
        ]
        whole = all(isinstance(one, int | np.integer) and not isinstance(one, bool) for one in counts)
        if not whole or any(count < 0 for count in counts) or sum(counts) == 0:
            raise BadInput(f"rows is {rows!r}; it must be a whole number >= 1, of each class or by class.")
        return counts


def _shares(rows: Tensor) -> tuple[Tensor, ...]:
    return torch.tensor_split(rows, max(1, -(-len(rows) // TOGETHER)))


def open_generator(folder: str | Path) -> Generator:
    """Open a generator that `headstart generate` or `Generator.save` wrote.

    Args:
        folder: of the run, or its `model` folder.

    Raises:
        BadInput: there is no generator in it.
        Mismatch: its files are damaged.
    """
    if not isinstance(folder, str | os.PathLike):
        raise BadInput(f"The folder of a generator is {folder!r}. Give a path, such as 'gen'.")
    folder = Path(folder).expanduser()
    folder = folder if (folder / ABOUT).is_file() else folder / "model"
    if not (folder / ABOUT).is_file():
        begun = (folder.parent / BEGUN).is_file()
        way = (
            "If it is of a run of `headstart generate` that has not ended, go on with "
            f"{spell('resume', True)}."
            if begun
            else "`headstart generate DATA` makes one."
        )
        raise BadInput(f"There is no generator in {folder.parent}. {way}")
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
        kinds = {kind.name: kind for kind in walk_generators()}
        model: GenerativeModel = kinds[about["model"]](**about["settings"])
        space = spaces()[about["kind"]].from_settings(about["space"])
        with torch.random.fork_rng(devices=[]):
            parts = model.parts(space.shape, len(about["classes"]))
        parts.load_state_dict(read_tensors(folder / WEIGHTS)[0])
    except (KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError) as error:
        raise Mismatch(f"{folder} holds no generator that can be opened: {error}. Make it again.") from error
    parts = parts.eval().requires_grad_(False)
    of_data = about["name"], tuple(about["rows"]), tuple(about.get("learned", ()))
    return Generator(model, space, tuple(about["classes"]), parts, *of_data)


def _filled(table: Table, made: Table) -> Table:
    """The table, where cells are missing with those of another one."""
    values, words = np.array(table.values, np.float64), dict(table.words)
    for place, name in enumerate(table.names):
        gone = np.isnan(values[:, place])
        if name not in made.names or not gone.any():
            continue
        mine = made.values[gone, made.names.index(name)]
        if name in made.words:
            all_words = tuple(dict.fromkeys([*table.words.get(name, ()), *made.words[name]]))
            mine = np.array([all_words.index(made.words[name][int(code)]) for code in mine], np.float64)
            words[name] = all_words
        values[gone, place] = mine
    return replace(table, values=values, words=words)
