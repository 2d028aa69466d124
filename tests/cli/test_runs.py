"""`headstart runs`: what lies in a folder, finished or not, damaged or not."""

import json
import re
import shutil
from dataclasses import replace

import pytest
from tests.cli.conftest import away as away
from tests.cli.conftest import headstart as headstart
from tests.report import test_confounding as confounding
from tests.report import test_probing as probing
from tests.report import test_shift_page as shifting
from tests.report import test_streaming as streaming
from tests.report.alignments import alignment, unjudged
from tests.report.example import example
from tests.report.experiments import search_record, size_curve, transfer
from tests.study import tiny

import headstart as hs
from headstart.records.metric_titles import title_of
from headstart.records.record import Interval
from headstart.studies._history import PastRun, compare_runs, list_runs
from headstart.studies._spec import Figure


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
    figure = record["tested"][0]["scores"]["figures"][record["metric"]]
    assert first["figure"] == {
        "metric": record["metric"],
        "value": figure["value"],
        "interval": figure,
        "by": "",
    }
    assert (first["about"], begun["figure"]) == ("photos", None)
    said = " ".join(headstart("runs", str(place)).out.split())
    assert "adapt: photos +---" in said
    assert f"| run | {title_of(record['metric'])} | when |" in said
    assert f"| runs/first | {percents(figure)} | {first['changed']} |" in said
    assert f"{place / 'runs' / 'begun'}: Not finished; headstart adapt photos --out runs/begun" in said
    assert "3 runs, " in said


def percents(figure):
    ends = f"{100 * figure['low']:.1f} to {100 * figure['high']:.1f}"
    return f"{100 * figure['value']:.1f} % ({ends})"


def test_runs_that_can_be_compared_stand_together_the_best_first():
    def run(folder, study="adapt", about="photos", metric="accuracy", value=0.5):
        figure = None if value is None else Figure(metric, value)
        return PastRun(folder, study, "2026-11-29 08:13", 1.0, True, "", about, figure)

    latest_first = [
        run("a", value=0.7),
        run("b", study="probe"),
        run("c", about="texts"),
        run("d", value=0.9),
        run("e", metric="log_loss", value=0.4),
        run("f", metric="log_loss", value=0.3),
        run("g", value=None),
        run("h", value=0.8),
    ]
    assert [found.folder for found in compare_runs(latest_first)] == [*"dhabcfeg"]


SHIPPED = Interval(0.6, 0.5, 0.7)


@pytest.mark.parametrize(
    ("record", "subject", "metric", "value", "low"),
    [
        (example(), "clipart", "accuracy", 0.933, 0.889),
        (replace(alignment(), shipped=SHIPPED), "digits → scans", "accuracy", 0.6, 0.5),
        (size_curve(), "photos", "balanced_accuracy", 0.8, 0.75),
        (search_record(), "photos", "balanced_accuracy", 0.86, None),
        (probing.record(), "photos", "accuracy", 0.7, 0.66),
        (shifting.record(), "photos → scans", "auc", 0.93, 0.9),
        (confounding.record(), "cattle", "accuracy", 0.8, 0.75),
        (streaming.record(), "photos", "accuracy", 0.7, 0.66),
        (transfer(), "photos, task A → photos, task B", "balanced_accuracy", 0.9, 0.875),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_figure_of_a_record_is_that_which_it_is_about(record, subject, metric, value, low):
    found = record.figure
    assert (record.subject, found.metric, round(found.value, 3)) == (subject, metric, value)
    assert (found.interval and round(found.interval.low, 3)) == low


def test_a_record_without_labels_has_none():
    assert unjudged().figure is None
    assert Figure.of("accuracy", None) is None


def test_the_table_fits_a_terminal_of_80_columns(headstart, place, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", headstart("runs", str(place / "runs")).out).splitlines()
    table = lines[: next(number for number, line in enumerate(lines) if "Not finished" in line)]
    assert max(map(len, table)) <= 80
    assert any(line.startswith("adapt: photos") for line in table)
    (first,) = [line.split() for line in table if "first" in line]
    assert (first[0], first[2], len(first)) == ("first", "%", 8)  # all of it on one line


def test_a_damaged_record_is_named_and_hides_no_other(headstart, place, tmp_path):
    copied = shutil.copytree(place / "runs", tmp_path / "runs")
    (copied / "first" / "result.json").write_text("{")
    said = headstart("runs", str(tmp_path))
    assert said.code == 0
    assert "is not a record of headstart" in " ".join(said.out.split())
    assert "probe" in said.out


def test_a_run_without_its_timings_is_compared_all_the_same(headstart, place, tmp_path):
    copied = shutil.copytree(place / "runs" / "first", tmp_path / "first")
    (copied / "timings.json").unlink()
    (found,) = json.loads(headstart("runs", str(tmp_path), "--json").out)
    assert found["answer"] == f"{copied / 'timings.json'} can't be read: No such file or directory."
    assert 0 <= found["figure"]["value"] <= 1


def test_no_run_and_no_folder(headstart, tmp_path):
    assert "There is no run" in headstart("runs", str(tmp_path)).out
    said = headstart("runs", str(tmp_path / "none"))
    assert said.code == 2
    assert "There is no folder" in said.err
