"""Where a page's runtime comes from: given, kept, or packed by npm; and which models have no page."""

import base64
import hashlib
import subprocess

import numpy as np
import pytest
from tests import wordy
from tests.docs import stand_ins
from tests.predictor import exported

import headstart as hs
from headstart.core import BadInput, CannotWrite, HeadstartError
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.predictor import web_runtime
from headstart.predictor.web_demo import write_web_demo
from headstart.predictor.web_runtime import ARCHIVE, FILES, runtime_files


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """An npm that packs what lies in `packed`, and an empty cache; how often it was called."""
    calls = []
    stand_ins.runtime(tmp_path / "packed")

    def run(command, cwd, **settings):
        calls.append(command[1:])
        (web_runtime.Path(cwd) / ARCHIVE).write_bytes((tmp_path / "packed").read_bytes())

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(web_runtime.shutil, "which", lambda name: name)
    monkeypatch.setattr(web_runtime.subprocess, "run", run)
    return calls


def test_it_is_fetched_once_and_kept(npm, tmp_path, monkeypatch):
    digest = hashlib.sha512((tmp_path / "packed").read_bytes()).digest()
    monkeypatch.setattr(web_runtime, "INTEGRITY", base64.b64encode(digest).decode())
    assert sorted(runtime_files()) == sorted(runtime_files()) == sorted(FILES)
    assert npm == [["pack", "onnxruntime-web@1.30.0", "--silent"]]
    (tmp_path / "cache" / "headstart" / ARCHIVE).write_bytes(b"broken")
    runtime_files()
    assert len(npm) == 2


@pytest.mark.usefixtures("npm")
def test_another_file_than_the_published_one_is_refused(tmp_path):
    with pytest.raises(HeadstartError, match=r"is not the file that was published\. .*npm pack"):
        runtime_files()
    assert not (tmp_path / "cache").exists()


@pytest.mark.usefixtures("npm")
@pytest.mark.parametrize("lacking", ["npm", "network"])
def test_without_npm_or_a_network_it_says_how_to_bring_it(lacking, monkeypatch):
    def fail(*args, **settings):
        raise subprocess.CalledProcessError(1, "npm")

    if lacking == "npm":
        monkeypatch.setattr(web_runtime.shutil, "which", lambda name: None)
    monkeypatch.setattr(web_runtime.subprocess, "run", fail)
    why = {"npm": "is not installed", "network": "the network is out of reach"}[lacking]
    with pytest.raises(HeadstartError, match=rf"{why}\. Where there is a network: npm pack .*runtime="):
        runtime_files()


def test_what_is_given_is_taken_as_archive_or_folder(tmp_path):
    stand_ins.runtime(tmp_path / ARCHIVE)
    assert set(runtime_files(tmp_path / ARCHIVE)) == {*FILES}
    (tmp_path / "package" / "dist").mkdir(parents=True)
    with pytest.raises(BadInput, match="is no folder of the package"):
        runtime_files(tmp_path / "package")
    for name in FILES:
        (tmp_path / "package" / "dist" / name).write_bytes(b"x")
    assert set(runtime_files(tmp_path / "package").values()) == {b"x"}
    (tmp_path / "other.tgz").write_bytes(b"x")
    with pytest.raises(BadInput, match="is no package onnxruntime-web as npm packs it"):
        runtime_files(tmp_path / "other.tgz")


def test_a_model_that_the_page_cant_feed_is_refused(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32), [0, 1] * 10
    layers = exported.nn.Sequential(exported.nn.Linear(4, 8), exported.nn.ReLU(), exported.nn.Linear(8, 2))
    of_arrays = hs.fit(RidgeProbe(), layers, (x, y))
    rows = {"note": [f"{word} thing number {n}" for n, word in enumerate(["good", "bad"] * 10)], "label": y}
    rows["size"] = [0.5, 1.5, 2.5, 0.5, 3.5] * 4
    of_notes = hs.fit(RidgeProbe(), "table", hs.data.load(rows, text_column="note", beside=("size",)))
    for model, why in (
        (of_arrays, "it takes arrays of numbers"),
        (of_notes, "no field for columns of texts"),
    ):
        with pytest.raises(BadInput, match=why):
            write_web_demo(model, tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_a_folder_of_others_is_not_replaced(tmp_path):
    made = hs.models.backbone(wordy.Words().eval(), tokenizer=wordy.tokenizer())
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "model.json").write_text("{}")  # of another program
    with pytest.raises(CannotWrite, match="holds no such page"):
        write_web_demo(hs.fit(RidgeProbe(), made, wordy.reviews(10)), tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
