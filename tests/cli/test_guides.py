"""Scouts and guided training on the command line, on pictures, texts and tables."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests import wordy
from tests.cli.telling import refused
from tests.models import masked_models
from tests.study import tiny

import headstart as hs
from headstart.core import Mismatch

SCOUTS = ("--scouts", 2, "--cousin-classes", 2, "--steps", 3, "--batch", 4)
ADAPT = ("--method", "fine-tune", "--epochs", 2, "--folds", 2, "--lr", 0.01)
SMALL = ("--size", 32)


def topics(file, first):
    """Texts of three classes, each with words of its own."""
    draw, words = np.random.default_rng(first), [*wordy.GOOD, *wordy.BAD]
    rows = [
        (" ".join([*draw.choice(wordy.FILL, 6), words[first + c]]), f"t{first + c}")
        for c in range(3)
        for _ in range(8)
    ]
    return write(file, ("text", "label"), rows)


def numbers(file, first):
    """Rows of a table of three classes."""
    draw = np.random.default_rng(first)
    rows = [(*(draw.normal(size=3) + c).round(4), f"k{first + c}") for c in range(3) for _ in range(8)]
    return write(file, ("a", "b", "c", "label"), rows)


def write(file, names, rows):
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([names, *rows])
    return file


@pytest.fixture(scope="module", params=["pictures", "texts", "tables"])
def kind(request, tmp_path_factory):
    """Data of scouts, other data, and what names the backbone."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "tables":
        return numbers(folder / "old.csv", 0), numbers(folder / "new.csv", 3), ("--backbone", "table")
    if request.param == "texts":
        pytest.importorskip("transformers")
        for part in masked_models.model()[:2]:
            part.save_pretrained(folder / "bert")
        return topics(folder / "old.csv", 0), topics(folder / "new.csv", 3), ("--backbone", folder / "bert")
    old, new = tiny.folders(folder / "old", 8), folder / "new"
    for number, name in enumerate(tiny.CLASSES):
        (new / name).mkdir(parents=True)
        for index in range(8):
            tiny.shape(name, 100_000 + 1000 * number + index).save(new / name / f"{index}.png")
    given = ("--backbone", tiny.BACKBONE, "--weights", tiny.weights(folder / "w.safetensors"), *SMALL)
    return old, new, given


@pytest.fixture
def scouted(kind, headstart, tmp_path):
    """Guides that `headstart scouts` made, their folder, and a function that trains with a file of guides."""
    old, new, backbone = kind
    said = headstart("scouts", old, *backbone, *SCOUTS, "--out", tmp_path / "guides")
    assert said.code == 0, said.err

    def adapt(guides, data=new):
        return headstart("adapt", data, *backbone, *ADAPT, "--guides", guides, "--out", tmp_path / "run")

    return hs.open_guides(tmp_path / "guides"), tmp_path, adapt


def test_from_scouts_to_a_guided_run(kind, scouted):
    guides, folder, adapt = scouted
    said = adapt(folder / "guides", kind[0])
    assert refused(said, 2, "learned from 24 of the rows of old"), said.err
    assert not (folder / "run").exists()
    said = adapt(folder / "guides")
    assert said.code == 0, said.err
    assert "each weight takes the share of its updates that its guide says" in said.out
    trained = hs.open(folder / "run").model.backbone
    list(guides.pairs(trained))  # the same parameters
    with pytest.raises(Mismatch, match="other weights"):  # which moved
        guides.require_base(trained)


@pytest.mark.parametrize("kind", ["tables"], indirect=True)
def test_guides_of_nought_keep_the_backbone_and_are_told(scouted):
    guides, folder, adapt = scouted
    assert "table has learned nothing yet" in (folder / "guides" / "scouts.json").read_text()
    zeros = {name: torch.zeros_like(one) for name, one in guides.values.items()}
    replace(guides, values=zeros).save(folder / "still.safetensors")
    said = adapt(folder / "still.safetensors")
    assert said.code == 0, said.err
    assert "All guides are 0" in said.out
    guides.require_base(hs.open(folder / "run").model.backbone)
