"""`headstart probe`: table, JSON, record and page, and what it refuses."""

import json
import re

import pytest
from tests.cli.telling import kept_in_runs, refused, untouched
from tests.study import tiny

from headstart.studies.probe import Probing

SMALL = ["--backbone", tiny.BACKBONE, "--size", 32]


@pytest.fixture
def words(pictures, weights):
    return [pictures, *SMALL, "--weights", weights]


def test_a_table_of_every_block(headstart, words):
    said = headstart("probe", *words, "--json")
    assert kept_in_runs(said, "probe")
    found = json.loads(said.out)
    assert len(found["table"]) >= 4
    assert found["settings"]["control"] == 3
    for one in found["table"]:
        low, value, high = (one["score"][key] for key in ("low", "value", "high"))
        assert 0 <= low <= value <= high <= 1
        assert one["width"] >= 16
        assert one["selectivity"] == pytest.approx(value - one["control"])
    table = headstart("probe", *words).out.replace("\u00a0", " ")
    assert f"What each block of {tiny.BACKBONE} knows of shapes: accuracy on unseen rows" in table
    for one in found["table"]:
        shown = f"{100 * one['score']['value']:.1f} %"
        assert re.search(rf"{re.escape(one['block'])} .* {re.escape(shown)} ", table)
    assert "With random labels the ridge probe scores" in table
    quiet = headstart("probe", *words, "--control", 0, "--quiet")
    assert quiet.err == ""
    assert "random" not in quiet.out


def test_record_and_page(headstart, words, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.run.progress.BRIEF", 0.0)  # so that quick steps are told, too
    out = tmp_path / "new" / "probes"
    said = headstart("probe", *words, "--probe", "ridge", "--probe", "knn", "--control", 1, "--out", out)
    assert said.code == 0, said.err
    assert "read all blocks" in said.err
    record = Probing.read(out / "probe.json")
    assert record.probes == ["ridge", "knn"]
    assert record.command.startswith("headstart probe")
    assert f"Page:   {out / 'probe.html'}" in said.out
    page = (out / "probe.html").read_text("utf-8")
    for one in record.table:
        assert one.block in page
    assert "kNN probe" in page
    (out / "probe.html").unlink()
    assert headstart("report", out).code == 0
    assert (out / "probe.html").read_text("utf-8") == page


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--probe", "ridg"], 2, "'ridge'"),
        (["--control", "-1"], 2, "--control"),
        (["--folds", "1"], 2, "--folds"),
        (["--device", "abacus"], 2, "abacus"),
        (["--backbone", "resnett18"], 2, "resnett18"),
    ],
)
def test_what_can_not_be_probed(headstart, words, tmp_path, options, code, said):
    out = tmp_path / "out"
    assert refused(headstart("probe", *words, *options, "--quiet", "--out", out), code, said)
    assert untouched(out)


def test_a_full_folder_is_refused_before_anything_is_read(headstart, tmp_path):
    (tmp_path / "file").write_text("")
    assert refused(headstart("probe", "nowhere/", "--out", tmp_path), 8, "not empty")


def test_an_interruption_has_no_traceback_and_says_how_to_go_on(headstart, words, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("headstart.studies.probe.run.probe_block", interrupted)
        said = headstart("probe", *words, "--out", out)
    assert said.code == 130
    assert "Interrupted." in said.err
    assert "Traceback" not in said.err
    assert "--resume" in said.err
    assert headstart("probe", *words, "--out", out, "--resume").code == 0
    assert (out / "probe.html").exists()
