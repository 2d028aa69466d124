"""The folder that examples run in: pictures of three classes in photos/, and new.jpg."""

from pathlib import Path

import numpy as np
import pytest

from headstart.data.load import load

PER_CLASS = 12
SIDE = 32  # pixels: a backbone takes small pictures at their own size


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
    return tmp_path
