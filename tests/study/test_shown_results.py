"""What studies return: shown as their command prints it, in Python and in a notebook."""

import json
import re

import numpy as np
import pytest
from tests.study.evaluated import frame, run_of_frame
from typer.testing import CliRunner

import headstart as hs
from headstart.cli import app
from headstart.records.label_errors import LabelError, LabelErrors
from headstart.report.text import Terminal


@pytest.fixture(scope="module")
def adapted(tmp_path_factory):
    return run_of_frame(tmp_path_factory.mktemp("tables") / "run")


@pytest.fixture(scope="module")
def run(adapted):
    return adapted.folder


def test_what_adapt_returns_is_shown_as_its_command_prints_it(adapted):
    lines = repr(adapted).splitlines()
    assert lines[0] == "Cross-validation on the training part"
    assert lines[2].startswith("Logistic probe")
    assert lines[-2:] == [adapted.result.headline, f"Folder: {adapted.folder}"]
    assert adapted._repr_html_().startswith(f"<div><p><strong>{adapted.result.headline}</strong></p>")
    assert str(adapted.result).splitlines()[-1] == adapted.result.headline
    assert repr(adapted.result) == str(adapted.result)  # not all fields


def test_label_errors_are_shown_shortly():
    row = LabelError("a.jpg", "cat", "dog", 0.014, {"dog": 0.98})
    found = LabelErrors("0.1", "pets", "pictures", "classes", ["cat", "dog"], "kNN", 90, 7, 7, rows=[row] * 7)
    assert repr(found).splitlines() == [
        "7 of 90 labels are probably wrong",
        *["a.jpg: cat, perhaps dog (quality 0.01)"] * 5,
        "and 2 more",
    ]


def test_numbers_that_are_probably_wrong_are_shown_with_four_digits():
    row = LabelError("row 252", "43.1", "30.433025360107422", 0.17, {})
    found = LabelErrors("0.1", "cars", "tables", "numbers", ["mpg"], "Ridge probe", 318, 1, 1, rows=[row])
    assert repr(found).splitlines() == [
        "1 of 318 labels is probably wrong",
        "row 252: 43.1, perhaps 30.43 (quality 0.17)",
    ]


def test_a_record_is_shown_with_its_notes():
    rng = np.random.default_rng(0)
    found = hs.shift(rng.normal(size=(30, 2)), rng.normal(size=(30, 2)) + 3)
    found.notes.append("A note with <b>.")
    assert "Note: A note with <b>." in str(found).splitlines()
    html = found._repr_html_()
    assert f"<details><summary>{len(found.notes)} notes</summary>" in html
    assert html.endswith("<li>A note with &lt;b&gt;.</li></ul></details></div>")


def test_a_terminal_as_text_by_hand():
    shown = Terminal(title="T", headings=("a", "bb"), rows=[("ccc", "\u22121\u00a0%")], answer=["Yes."])
    assert shown.text() == "T\na    bb\nccc  -1 %\nYes."
    first, last = re.findall('<td style="([^"]+)">', shown.html())
    assert "nowrap" in first
    assert "nowrap" not in last
    assert ">ccc</td>" in shown.html()
    assert Terminal(answer=["Yes."]).text() == "Yes."


def test_cells_are_escaped():
    assert ">&lt;b&gt;</td>" in Terminal(headings=("a",), rows=[("<b>",)]).html()


def test_the_page_and_the_text_have_the_figures(run, tmp_path):
    found = hs.evaluate(run, frame(60, 4), out=tmp_path / "out")
    page = hs.build_page(tmp_path / "out").read_text("utf-8")
    shown = f"{100 * found['accuracy'].value:.1f}"
    assert page.count(shown) >= 2
    assert "Which classes are confused" in page
    assert "In the run's report" in page or "in the run&#39;s report" in page
    lines = str(found).splitlines()
    assert lines[2].split()[:2] == ["accuracy", shown]
    assert lines[-1].startswith(f"{shown} % of 60 rows of table classified correctly")
    assert f'">{shown}' in found._repr_html_()


def test_the_command_prints_and_keeps_the_record(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame(60, 4).to_csv(tmp_path / "new.csv", index=False)
    command = ["evaluate", str(run), str(tmp_path / "new.csv"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "rows of new classified correctly (95 % interval" in done.output.replace("\n", " ")
    record = json.loads((tmp_path / "out" / "evaluate.json").read_text())
    assert (tmp_path / "out" / "evaluate.html").is_file()
    done = CliRunner().invoke(app, [*command[:3], "--json"])
    values = json.loads(done.stdout)
    assert values["scores"] == record["scores"]
    quiet = CliRunner().invoke(app, [*command[:3], "--quiet"])
    assert [line.partition(" ")[0] for line in quiet.stdout.strip().splitlines()[1:]] == ["Page:", "Record:"]
