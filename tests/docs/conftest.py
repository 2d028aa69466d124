"""The folder that examples run in: pictures of three classes in photos/, and new.jpg."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.docs.stage import tiny_lab

from headstart.data.load import load
from headstart.models import lite0

PER_CLASS = 12
SIDE = 32  # pixels
BACKBONE_SIDE = 64  # pixels; at the 224 of the default backbone examples take 12 times as long


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """photos/birds, photos/flags and photos/vehicles, made of the built-in clip art."""
    folder = tmp_path_factory.mktemp("pictures")
    clipart = load("clipart")
    for name in ("birds", "flags", "vehicles"):
        (folder / "photos" / name).mkdir(parents=True)
        rows = np.flatnonzero(clipart.labels == clipart.classes.index(name))
        for row in rows[:PER_CLASS]:
            save(clipart, row, folder / "photos" / name / f"{Path(clipart.items[row]).stem}.jpg")
        save(clipart, rows[PER_CLASS], folder / "new.jpg")
    return folder


def save(data, row, path):
    data.picture(int(row)).resize((SIDE, SIDE)).save(path)


@pytest.fixture
def workplace(pictures, tmp_path, monkeypatch):
    """An empty current folder but for the pictures; the command line is short."""
    (tmp_path / "photos").symlink_to(pictures / "photos")
    (tmp_path / "new.jpg").symlink_to(pictures / "new.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["example"])
    monkeypatch.setattr("headstart.studies.claims.run.Lab", tiny_lab)
    return tmp_path


@pytest.fixture
def quick_backbone(page, monkeypatch):
    """The default backbone takes small pictures, unless the page shows what it does at its own size."""
    if not page.full_size:
        small = replace(lite0.PREPROCESS, size=(BACKBONE_SIDE, BACKBONE_SIDE))
        monkeypatch.setattr(lite0, "PREPROCESS", small)
