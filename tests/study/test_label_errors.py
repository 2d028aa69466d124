"""Which labels to check: `adapt` finds flipped ones, shows them, and takes the fixes."""

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from tests.cli.conftest import away as away
from tests.cli.conftest import headstart as headstart
from tests.study import tiny

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.records.label_errors import LabelErrors
from headstart.studies.adapt.page_labels import about, hint, next_command

HOW = {"methods": ("ridge-probe",), **tiny.QUICK}
FLIPPED = {f"row {n}" for n in (3, 17, 40)}


def table(flips=FLIPPED, kind="classes"):
    """Rows that a linear model tells apart, with some labels wrong."""
    rng = np.random.default_rng(0)
    true = np.arange(90) % 3
    x = rng.normal(0, 0.3, (90, 3)) + 4 * np.eye(3)[true]
    rows = [{"a": a, "b": b, "c": c} for a, b, c in x.tolist()]
    for number, row in enumerate(rows):
        wrong = f"row {number}" in flips
        if kind == "numbers":
            row["label"] = float(true[number]) + rng.normal(0, 0.05) + 50.0 * wrong
        else:
            row["label"] = "uvw"[(true[number] + wrong) % 3]
    return rows


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return hs.adapt(table(), out=tmp_path_factory.mktemp("labels") / "run", **HOW)


@pytest.fixture
def run(done, tmp_path):
    """A copy that may be written to."""
    return shutil.copytree(done.folder, tmp_path / "run")


def test_the_flipped_rows_of_the_training_part_are_found_and_set_right(done):
    found = done.label_errors()
    listed = {row.item: row for row in found.rows}
    assert set(listed) <= FLIPPED
    assert len(listed) >= 2  # one of them may be in the test part
    truth = {f"row {n}": "uvw"[n % 3] for n in range(90)}
    assert all(row.suggestion == truth[item] != row.label for item, row in listed.items())
    assert found.checked == done.result.train_rows
    assert len(listed) == found.found <= found.estimated <= len(FLIPPED) + 2
    assert found.columns()["item"] == [row.item for row in found.rows]
    assert [row.quality for row in found.rows] == sorted(row.quality for row in found.rows)


def test_page_report_and_terminal_show_them(done):
    first = done.label_errors().rows[0]
    page = (done.folder / "labels.html").read_text("utf-8")
    report = done.report.read_text("utf-8")
    assert f'"item": "{first.item}"' in page
    assert 'id="label_errors"' in report
    assert first.item in report
    assert 'href="labels.html"' in report
    assert f"headstart labels {done.folder}" in repr(done)


def test_the_command_prints_them_and_writes_a_file_that_is_read_back(run, headstart, away, tmp_path):
    file = tmp_path / "fixes.csv"
    said = headstart("labels", run, "--out", file)
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    assert all(row["action"] == "" for row in rows)
    assert rows[0]["item"] in said.out
    assert f"hs.adapt(data, label_fixes={str(file)!r})" in " ".join(said.out.split())
    assert "is there already" in headstart("labels", run, "--out", file).err
    assert json.loads(headstart("labels", run, "--json", "--out", file, "--replace").out)["rows"]
    assert "--replace goes with --out" in headstart("labels", run, "--replace").err
    place = away()
    usual = headstart("labels", run).out
    (dated,) = (place / "runs").iterdir()
    assert dated.read_bytes() == file.read_bytes()
    assert f"File:   runs/{dated.name}: write" in usual
    assert "more: --rows" not in usual
    few = headstart("labels", run, "--rows", 1).out
    assert f"the first 1 of {len(rows)}" in few
    assert f"{len(rows) - 1} more: --rows {len(rows)} prints all." in few
    errors = LabelErrors.read(run / "label_errors.json")
    texts = replace(errors, rows=[replace(row, text=f"As\n{row.item} says") for row in errors.rows])
    (run / "label_errors.json").write_text(texts.to_json(), "utf-8")
    assert f"| {rows[0]['item']} | As {rows[0]['item']} says |" in headstart("labels", run).out
    file.write_text(file.read_text("utf-8").replace(",\n", ",relabel\n"), "utf-8")
    fixed = hs.adapt(table(), out=tmp_path / "fixed", label_fixes=file, **HOW)
    assert not {row.item for row in fixed.label_errors().rows} & {row["item"] for row in rows}
    assert any(f"Label fixes from fixes.csv: {len(rows)} changed." in note for note in fixed.result.notes)
    assert fixed.label_errors().decided >= 1


def test_rows_that_were_decided_are_not_listed_again(done, tmp_path):
    kept = [f"{row.item},{row.label},,keep" for row in done.label_errors().rows]
    file = tmp_path / "kept.csv"
    file.write_text("\n".join(["item,old_label,new_label,action", *kept]), "utf-8")
    again = hs.adapt(table(), out=tmp_path / "run", label_fixes=[file], **HOW)
    assert again.label_errors().rows == []
    assert again.label_errors().decided == len(kept)
    assert 'id="label_errors"' not in again.report.read_text("utf-8")
    assert hint(again.folder) == []


def test_evaluate_recognises_the_data_of_a_run_by_its_fixes(tmp_path):
    file = tmp_path / "fixes.csv"
    file.write_text("item,old_label,new_label,action\nrow 0,u,,remove\nrow 3,v,u,relabel\n", "utf-8")
    run = hs.adapt(table(), out=tmp_path / "run", label_fixes=file, **HOW)
    assert run.result.train_rows + run.result.test_rows == 89
    found = run.evaluate(table(), label_fixes=file)
    assert found.rows == run.result.test_rows
    assert found["accuracy"].value == run.result.tested[0].scores["accuracy"].value
    assert any("1 changed, 1 removed" in note for note in found.notes)


@pytest.mark.slow
def test_all_that_learns_from_labels_or_measures_on_them_takes_fixes(done, tmp_path, monkeypatch):
    """Each tells in its notes what the fixes did."""
    file = tmp_path / "fixes.csv"
    file.write_text("item,old_label,new_label,action\nrow 0,u,,remove\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    small = {"epochs": 1, "methods": ("ridge-probe",)}
    curve = hs.curve("table", table(), label_fixes=file, labels_per_class=(4,), seeds=1, **small)
    probed = hs.probe("table", table(), label_fixes=[file])
    ranked = hs.rank(["table"], table(), label_fixes=file)
    other = [{**row, "a": row["a"] + 1} for row in table()]
    aligned = hs.align(table(), other, label_fixes=file, methods=("coral",), seeds=1, epochs=1).result
    told = hs.explain(done.folder, labelled=table(), label_fixes=file)
    found = [curve, probed, ranked, aligned, told]
    for one in found:
        notes = getattr(one, "notes", None) or one.result.notes
        assert any("Label fixes from fixes.csv: 1 removed" in note for note in notes)


def test_numbers_far_from_what_is_predicted_are_found(tmp_path):
    done = hs.adapt(table(kind="numbers"), out=tmp_path / "run", **HOW)
    found = done.label_errors()
    assert {row.item for row in found.rows} <= FLIPPED
    assert len(found) >= 2
    assert all(abs(float(row.suggestion) - float(row.label)) > 30 for row in found.rows)
    assert "further off than a number of their kind" in " ".join(about(found))


def test_what_does_not_fit_is_refused_before_anything_is_written(tmp_path):
    file = tmp_path / "fixes.csv"
    file.write_text("item,old_label,new_label,action\nrow 999,u,v,relabel\n", "utf-8")
    with pytest.raises(BadData, match="no row 'row 999'"):
        hs.adapt(table(), out=tmp_path / "run", label_fixes=file, **HOW)
    assert not (tmp_path / "run").exists()
    with pytest.raises(BadInput, match=r"holds no label_errors\.json"):
        hs.Adapted(tmp_path, None).label_errors()


def test_the_next_command_is_that_of_the_run_with_the_fixes(run):
    record = run / "result.json"
    typed = "headstart adapt my.csv --label-column kind --out=runs/a --budget 60 --out runs/b --quiet"
    values = json.loads(record.read_text("utf-8")) | {"command": typed}
    record.write_text(json.dumps(values), "utf-8")
    assert next_command(run) == (
        "headstart adapt my.csv --label-column kind --budget 60 "
        "--label-fixes label-fixes.csv --out runs/fixed"
    )


def test_many_errors_are_said_to_be_the_models():
    weak = LabelErrors("", "t", "tables", "classes", ["u", "v"], "Probe", checked=10, estimated=4, found=4)
    assert "more about the model than about the labels" in " ".join(about(weak))
    assert "Of 10 training labels none looks wrong" in about(replace(weak, found=0))[0]
