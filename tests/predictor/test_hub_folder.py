"""A model as a folder for the Hugging Face hub: what is in it, that it opens again, and its upload."""

import json
import subprocess
import sys

import huggingface_hub
import numpy as np
import pytest
from tests.predictor import exported
from tests.study import tiny

import headstart as hs
from headstart.core import BadInput, CannotWrite, HeadstartError
from headstart.models import hub
from headstart.predictor.hub_folder import push_model

pytestmark = pytest.mark.slow
pytest.importorskip("onnxscript")
FILES = ["README.md", "config.json", "example.py", "model.onnx", "model.safetensors", "training.json"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on a table; the quickest of all."""
    folder = tmp_path_factory.mktemp("hub")
    exported.write_table(folder)
    hs.adapt("table", folder / "table.csv", out=folder / "run", methods=("ridge-probe",), **tiny.QUICK)
    return folder / "run"


@pytest.fixture(scope="module")
def pushed(run):
    written = push_model(run, run.parent / "pushed")
    assert written == FILES
    return run.parent / "pushed"


def test_the_folder_opens_again_and_its_example_runs_by_itself(run, pushed):
    rows = run.parent / "rows.csv"
    wanted = hs.open(run).probabilities(rows)
    assert sorted(path.name for path in pushed.iterdir()) == FILES
    np.testing.assert_array_equal(hs.open(pushed).probabilities(rows), wanted)
    done = subprocess.run(
        [sys.executable, "example.py", rows], cwd=pushed, capture_output=True, text=True, check=True
    )
    first = eval(done.stdout.splitlines()[0], {})
    assert [first[name] for name in ("no", "yes")] == pytest.approx(wanted[0], abs=1e-5)


def test_the_card_is_read_by_the_hubs_own_reader(run, pushed):
    text = (pushed / "README.md").read_text("utf-8")
    card, record = huggingface_hub.ModelCard(text), json.loads((run / "result.json").read_text("utf-8"))
    assert (card.data.license, card.data.library_name) == ("unknown", "headstart")
    assert card.data.pipeline_tag == "tabular-classification"
    figures = record["tested"][0]["scores"]["figures"]
    told = {one.metric_type: one.metric_value for one in card.data.eval_results}
    assert told == {name: figure["value"] for name, figure in figures.items()}
    rows = f"{record['test_rows']} held-out rows that nothing was chosen by; {record['train_rows']} rows"
    for words in (rows, record["command"], "## Limits", "## Licences", "the licence is yours to choose"):
        assert words in text
    assert "unknown to headstart" in text  # the licence of the data


def test_other_files_of_the_folder_stay_and_others_folders_are_refused(run, tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    assert push_model(run.resolve(), ".") == FILES
    (tmp_path / "notes.txt").write_text("mine")
    push_model(run, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FILES, ".git", "notes.txt"])
    (tmp_path / "config.json").unlink()
    with pytest.raises(CannotWrite, match="is there and holds no model"):
        push_model(run, tmp_path)


SAID = []


class Client:
    """What a hub would be told."""

    def __init__(self):
        self.said = SAID

    def create_repo(self, name, private, exist_ok):
        self.said.append((name, private, exist_ok))

    def upload_folder(self, repo_id, folder_path, commit_message):
        self.said.append((repo_id, sorted(path.name for path in folder_path.iterdir())))


def test_an_upload_makes_the_repository_and_sends_the_folder(run, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "HfApi", Client)
    monkeypatch.setattr(hub, "check_host", lambda address: None)
    SAID.clear()
    push_model(run, "hf:ada/flowers", private=True)
    assert SAID == [("ada/flowers", True, True), ("ada/flowers", FILES)]


def test_what_the_hub_refuses_is_said(run, monkeypatch):
    def refuse(self, name, **settings):
        raise OSError("401 Client Error.\nmore")

    monkeypatch.setattr(huggingface_hub, "HfApi", Client)
    monkeypatch.setattr(Client, "create_repo", refuse)
    monkeypatch.setattr(hub, "check_host", lambda address: None)
    with pytest.raises(
        HeadstartError, match=r"can't be uploaded: 401 Client Error\. Log in with `hf auth login`"
    ):
        push_model(run, "hf:ada/flowers")


def test_without_a_network_it_says_how_to_write_the_folder(run, monkeypatch):
    def unreachable(address):
        raise OSError("no network")

    monkeypatch.setattr(hub, "check_host", unreachable)
    with pytest.raises(
        HeadstartError, match=r"is out of reach. To write the folder alone: headstart push .* FOLDER"
    ):
        push_model(run, "hf:ada/flowers")
    with pytest.raises(BadInput, match=r"names no repository\. Write hf:USER/NAME"):
        push_model(run, "hf:flowers")
    with pytest.raises(BadInput, match=r"private goes with .* hf:USER/NAME"):
        push_model(run, "folder", private=True)
