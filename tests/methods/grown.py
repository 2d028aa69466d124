"""Tables for the tests of trees, and a model of one that is saved, opened and exported."""

import numpy as np
import torch
from tests.methods.ways import points

import headstart as hs

X, Y = points(150, 4, 3, spread=2.0)
TAGS = torch.stack([Y > 0, X[:, 0] > 3], 1)
NUMBERS = torch.stack([X[:, 0] * X[:, 1], X[:, 2]], 1)


def table(rows=60, seed=0):
    """Rows with a number that may be missing, a name and a label that depends on both."""
    draw = np.random.default_rng(seed)
    size = draw.normal(size=rows).round(3)
    colour = draw.choice(["red", "green", "blue"], rows)
    label = np.where((size > 0) ^ (colour == "red"), "yes", "no")
    cells = [None if draw.random() < 0.1 else float(one) for one in size]
    return {"size": cells, "colour": colour.tolist()}, label.tolist()


def written(folder, rows=60, name="table.csv"):
    """A CSV file of such a table."""
    columns, labels = table(rows)
    lines = [
        f"{'' if size is None else size},{colour},{label}"
        for size, colour, label in zip(columns["size"], columns["colour"], labels, strict=True)
    ]
    (folder / name).write_text("\n".join(["size,colour,label", *lines]) + "\n")
    return folder / name


def opened_again(method, folder):
    """A model of a table, and the same one saved and opened."""
    file = written(folder)
    model = hs.fit(method, "table", hs.data.load(str(file), label_column="label"))
    model.save(folder / "saved")
    return model, hs.open(folder / "saved"), file
