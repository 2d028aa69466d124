"""Examples of what a method fills in, of held-out rows, as plain values; pictures as files."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from headstart.core import Parts, Seeded
from headstart.core.filled import Filled
from headstart.data.random_draws import row_seeds
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised
from headstart.studies._pictures import write_picture
from headstart.studies.pretrain import FilledBlank, FilledExample
from headstart.studies.pretrain.watching import Watched

SHOWN = 6  # rows
BLANKS = 8  # of a row
GUESSES = 3  # of a blank
SIDE = 96  # least pixels of a picture on the page
FOLDER = "pictures"


def examples_of(method: SelfSupervised[Any], parts: Parts, watched: Watched) -> list[dict[str, Any]]:
    """What is filled in of a few held-out rows; [] if the method fills in nothing."""
    rows = watched.held[:SHOWN]
    seeds = torch.from_numpy(row_seeds(watched.seed, rows, np.zeros(len(rows), np.int64)))
    batch = Seeded(watched.session.samples(rows), seeds).to(watched.session.engine.device)
    with torch.no_grad():
        found = method.examples(parts.eval(), batch)
    items = watched.session.data.items
    return [_plain(one, items[row]) for one, row in zip(found, rows.tolist(), strict=False)]


def _plain(one: Filled, item: str) -> dict[str, Any]:
    blanks = [
        [str(blank.place), blank.truth, [[text, share] for text, share in blank.guesses[:GUESSES]]]
        for blank in one.blanks
    ]
    pictures = None if one.pictures is None else torch.stack([part.cpu() for part in one.pictures])
    return {"item": item, "tokens": list(one.tokens), "blanks": blanks, "pictures": pictures}


def shown_examples(found: list[dict[str, Any]], folder: Path) -> list[FilledExample]:
    """The examples for the record; pictures become files in the folder."""
    return [_shown(number, one, folder) for number, one in enumerate(found)]


def _shown(number: int, one: dict[str, Any], folder: Path) -> FilledExample:
    blanks = [
        FilledBlank(place, truth, *(guesses[0] if guesses else ("", None)))
        for place, truth, guesses in one["blanks"]
    ]
    name = ""
    if one["pictures"] is not None:
        name = f"{FOLDER}/filled-{number}.webp"
        (folder / FOLDER).mkdir(exist_ok=True)
        write_picture(_strip(one["pictures"]), folder / name, 90)
    return FilledExample(one["item"], one["tokens"], blanks, name)


def _strip(pictures: Tensor) -> Image.Image:
    """Three pictures (3, c, h, w) in [0, 1] side by side, enlarged where they are small."""
    colours = pictures[:, :3] if pictures.shape[1] >= 3 else pictures[:, :1].expand(-1, 3, -1, -1)
    low, high = float(colours[0].min()), float(colours[0].max())
    if low < 0 or high > 1:  # of a backbone whose normalisation is not known
        colours = (colours - low) / max(high - low, 1e-6)
    levels = (255 * colours.clamp(0, 1)).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    times = max(1, -(-SIDE // levels.shape[1]))
    parts = [np.kron(level, np.ones((times, times, 1), np.uint8)) for level in levels]
    gap = np.full((parts[0].shape[0], 6, 3), 255, np.uint8)
    return Image.fromarray(np.concatenate([parts[0], gap, parts[1], gap, parts[2]], axis=1))
