"""The modality in CONTRIBUTING.md is built as it stands there: its files are loaded and predicted."""

import importlib
import subprocess
import sys

import numpy as np
import pytest
from tests.docs.pages import ROOT, Page

import headstart as hs
from headstart.core import BadData, find
from headstart.data import modalities as package
from headstart.data.modality import modalities
from headstart.predictor.save import save_model
from headstart.runtime.predictions import Decision

TITLE = "src/headstart/data/modalities/elevations.py"
TEXT = next(block.text for block in Page(ROOT / "CONTRIBUTING.md").blocks() if block.title == TITLE)
NAME = "headstart.data.modalities.elevations"


@pytest.fixture(autouse=True)
def _found(tmp_path, monkeypatch):
    """The modality, found by walking as if its file lay in the package."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "elevations.py").write_text(TEXT, "utf-8")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path / "package")])
    importlib.invalidate_caches()
    modalities.cache_clear()
    yield
    sys.modules.pop(NAME, None)
    modalities.cache_clear()


@pytest.fixture
def maps(tmp_path):
    """Slopes to the east and to the south, eight of each; the last two are equal but for scale."""
    draw = np.random.default_rng(0)
    for name, slope in (("east", np.arange(12)[None, :]), ("south", np.arange(12)[:, None])):
        (tmp_path / "maps" / name).mkdir(parents=True)
        for place in range(8):
            heights = slope + draw.normal(size=(12, 12))
            np.savetxt(tmp_path / "maps" / name / f"{place}.elev", heights)
    np.savetxt(tmp_path / "maps" / "south" / "6.elev", 10 * heights)
    return tmp_path / "maps"


def test_it_is_loaded_checked_learned_saved_and_predicted(maps, tmp_path):
    data = hs.data.load(maps)
    assert (data.kind, len(data)) == ("elevations", 16)
    checked = hs.data.check(data)
    assert checked.groups[14] == checked.groups[15]
    train, test = np.arange(16) % 8 < 6, np.arange(16) % 8 >= 6
    fitted = hs.fit(find("nearest-centroid")(), "efficientnet_lite0", data.subset(np.flatnonzero(train)))
    save_model(fitted.model, tmp_path / "model", data.classes, Decision(), "card")
    opened = hs.open(tmp_path / "model")
    assert opened.modality.kind == "elevations"
    answers = opened.predict([maps / data.items[row] for row in np.flatnonzero(test)])
    assert [answer.label for answer in answers] == ["east", "east", "south", "south"]


def test_what_can_not_be_read_is_named(maps):
    (maps / "east" / "0.elev").write_text("1 2\nthree")
    found = {one.kind: one for one in hs.data.check(hs.data.load(maps)).findings}
    assert found["unreadable"].items == ["east/0.elev"]
    with pytest.raises(BadData, match="no table of heights"):
        hs.data.load(maps).picture(0)


def test_it_is_tidy(tmp_path):
    path = tmp_path / TITLE
    path.parent.mkdir(parents=True)
    path.write_text(TEXT, "utf-8")
    ours = 'lint.isort.known-first-party=["headstart", "tests"]'
    config = ["--no-cache", "--config", str(ROOT / "pyproject.toml"), "--config", ours]
    command = [sys.executable, "-m", "ruff", "check", *config, "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
