"""Small models of pictures, texts and tables as ONNX files, and the shipped examples that use them."""

import contextlib
import io
import sys
from importlib.resources import files
from unittest import mock

import numpy as np
import torch
from tests import wordy
from tests.methods import grown
from tests.study import tiny
from torch import nn

import headstart as hs
from headstart.core import Preprocess
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.models.backbone import backbone
from headstart.predictor.export import export_model

START = "session = "  # of the part of an example that is no function


def example(kind):
    """The text of the example of a kind of data."""
    return (files("headstart.predictor") / "examples" / f"{kind}.txt").read_text("utf-8")


def functions(kind):
    """The functions of an example by name, without the model."""
    names = {}
    exec(example(kind).partition(START)[0], names)
    return names


def run_example(kind, folder, words):
    """The outputs that an example computes for words on its command line, in a folder with `model.onnx`."""
    names = {}
    with (
        contextlib.chdir(folder),
        mock.patch.object(sys, "argv", ["example.py", *map(str, words)]),
        contextlib.redirect_stdout(io.StringIO()) as said,
    ):
        exec(example(kind), names)
    assert len(said.getvalue().splitlines()) == len(names["outputs"])
    return names["outputs"], names["told"]


class Coloured(nn.Module):
    """Means of patches of a picture, through one layer."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layer = nn.Conv2d(3, 12, 4, 4)

    def forward(self, x):
        return self.layer(x).relu().mean((2, 3))


def of_pictures(folder):
    """A model of pictures, which are squashed, and its file in the folder."""
    made = backbone(Coloured().eval(), preprocess=Preprocess(size=(24, 32)))
    pictures = [np.asarray(tiny.shape(kind, seed)) for seed in range(6) for kind in tiny.CLASSES]
    return exported(hs.fit(RidgeProbe(), made, (np.stack(pictures), [*tiny.CLASSES] * 6)), folder)


def of_texts(folder):
    """A model of texts of at most 12 tokens, likewise."""
    made = backbone(wordy.Words().eval(), tokenizer=wordy.tokenizer())
    return exported(hs.fit(RidgeProbe(), made, wordy.reviews(20)), folder)


def of_tables(folder):
    """A model of the table below, likewise."""
    write_table(folder)
    return exported(hs.fit(RidgeProbe(), "table", hs.data.load(folder / "table.csv")), folder)


def write_table(folder):
    """A table with gaps, names, truth values and dates, `table.csv` with labels and `rows.csv` without."""
    columns, labels = grown.table(60)
    columns["when"] = [f"2026-{1 + n % 12:02}-{1 + n % 28:02} {n % 24:02}:30" for n in range(60)]
    columns["new"] = [("yes", "no")[n % 2] for n in range(60)]
    lines = [
        ",".join("" if cell is None else str(cell) for cell in row)
        for row in zip(*columns.values(), strict=True)
    ]
    (folder / "rows.csv").write_text("\n".join([",".join(columns), *lines]) + "\n", "utf-8")
    full = [f"{line},{label}" for line, label in zip(lines, labels, strict=True)]
    (folder / "table.csv").write_text("\n".join([",".join([*columns, "label"]), *full]) + "\n", "utf-8")


def exported(model, folder):
    """The model, whose file lies in the folder."""
    export_model(model, folder / "model.onnx")
    return model
