"""`headstart runs`: what lies in a folder, finished or not, damaged or not."""

import json
import shutil

import pytest
from tests.cli.conftest import away as away
from tests.cli.conftest import headstart as headstart
from tests.study import tiny

import headstart as hs
from headstart.studies._history import list_runs


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two finished runs, one below the other's folder, and one that was only begun."""
    root = tmp_path_factory.mktemp("runs")
    photos = tiny.folders(root / "photos")
    base = hs.models.backbone(tiny.BACKBONE, weights="random")
    hs.adapt(base, str(photos), out=root / "runs" / "first", methods=("ridge-probe",), **tiny.QUICK)
    hs.probe(base, str(photos), out=root / "runs" / "old" / "probed")
    begun = root / "runs" / "begun"
    begun.mkdir()
    (begun / "study.json").write_text('{"command": "headstart adapt photos --out runs/begun"}')
    return root


def test_runs_are_listed_with_what_came_out(headstart, place):
    found = {run["folder"]: run for run in json.loads(headstart("runs", str(place), "--json").out)}
    first, probed, begun = (found[str(place / "runs" / name)] for name in ("first", "old/probed", "begun"))
    assert (first["study"], first["finished"], probed["study"]) == ("adapt", True, "probe")
    record = json.loads((place / "runs" / "first" / "result.json").read_text())
    assert first["answer"] == record["headline"]
    assert (begun["study"], begun["finished"]) == ("adapt", False)
    assert begun["answer"] == "Not finished; headstart adapt photos --out runs/begun --resume goes on."
    times = [run.changed for run in list_runs(place)]
    assert times == sorted(times, reverse=True)
    said = headstart("runs", str(place)).out
    assert all(name in said for name in ("adapt", "probe", "Not finished"))


def test_a_damaged_record_is_named_and_hides_no_other(headstart, place, tmp_path):
    copied = shutil.copytree(place / "runs", tmp_path / "runs")
    (copied / "first" / "result.json").write_text("{")
    said = headstart("runs", str(tmp_path))
    assert said.code == 0
    assert "is not a record of headstart" in " ".join(said.out.split())
    assert "probe" in said.out


def test_no_run_and_no_folder(headstart, tmp_path):
    assert "There is no run" in headstart("runs", str(tmp_path)).out
    said = headstart("runs", str(tmp_path / "none"))
    assert said.code == 2
    assert "There is no folder" in said.err
