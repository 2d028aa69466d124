"""Tables of results as data frames, and how a result shows its page."""

import sys
import webbrowser
from dataclasses import dataclass, fields
from types import SimpleNamespace

import pytest
from tests.report.example import example

from headstart.core import BadInput, MissingPackage, Unknown
from headstart.records.frames import frame_of
from headstart.records.record import Interval, Scores
from headstart.studies import _page
from headstart.studies._shown import ShownResult
from headstart.studies._spec import studies


@dataclass
class Row:
    name: str
    gain: Interval | None
    scores: Scores | None
    by_class: dict[str, Interval]


@dataclass
class Made:
    rows: list[Row]
    empty: list[Row]
    words: list[str]


HALF, FULL = Interval(0.5, 0.4, 0.6), Interval(1.0, 0.9, 1.0)
SCORES = Scores(12, {"accuracy": FULL, "log_loss": HALF}, "accuracy")
MADE = Made([Row("a", HALF, SCORES, {"cat": FULL}), Row("b", None, SCORES, {"cat": HALF})], [], ["x"])


def test_a_row_without_scores_makes_no_column_for_them():
    """Nor does a value that is missing in all rows lose its own."""
    pytest.importorskip("pandas")
    frame = frame_of(Made([*MADE.rows, Row("c", None, None, {})], [], []))
    assert "scores" not in frame
    assert frame["accuracy"].isna().tolist() == [False, False, True]
    assert "gain" in frame_of(Made(MADE.rows[1:], [], []))


def test_figures_have_columns_for_the_ends_of_their_intervals():
    pytest.importorskip("pandas")
    frame = frame_of(MADE)
    assert frame.iloc[0].to_dict() == {
        "name": "a",
        "gain": 0.5,
        "gain_low": 0.4,
        "gain_high": 0.6,
        "rows": 12,
        "accuracy": 1.0,
        "accuracy_low": 0.9,
        "accuracy_high": 1.0,
        "log_loss": 0.5,
        "log_loss_low": 0.4,
        "log_loss_high": 0.6,
        "by_class_cat": 1.0,
        "by_class_cat_low": 0.9,
        "by_class_cat_high": 1.0,
    }
    assert frame.isna().sum().to_dict() == {name: int(name.startswith("gain")) for name in frame}


def test_there_are_the_tables_that_are_not_empty():
    pytest.importorskip("pandas")
    for table in ("empty", "words", "row"):
        with pytest.raises(Unknown, match="rows"):
            frame_of(MADE, table)
    assert len(frame_of(MADE, first=("empty", "rows"))) == 2


def test_without_pandas_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackage, match="pip install pandas"):
        frame_of(MADE)


@pytest.mark.parametrize("spec", list(studies()), ids=lambda spec: spec.name)
def test_main_tables_are_fields(spec):
    assert set(spec.record.main_tables) <= {field.name for field in fields(spec.record)}


class Shown(ShownResult):
    """A result with a folder."""

    def __init__(self, folder):
        self.result, self.folder = example(), folder


def test_a_result_gives_the_tables_of_its_record():
    pytest.importorskip("pandas")
    frame = Shown(None).to_frame()
    assert list(frame["name"]) == [row.name for row in example().candidates]
    assert {"title", "accuracy", "accuracy_low"} <= set(frame)
    assert list(Shown(None).to_frame("tested")["name"]) == [row.name for row in example().tested]


def test_the_page_is_shown_in_the_browser_or_below_the_cell(tmp_path, monkeypatch):
    opened, drawn = [], []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.html").touch()
    Shown(tmp_path).show()
    assert opened == [(tmp_path / "report.html").as_uri()]
    monkeypatch.setattr(_page, "in_notebook", lambda: True)
    display = SimpleNamespace(display=drawn.append, IFrame=lambda place, **size: (place, size))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    Shown(tmp_path).show()
    assert drawn == [("report.html", {"width": "100%", "height": _page.HEIGHT})]
    assert len(opened) == 1


def test_nothing_is_shown_where_nothing_was_kept():
    with pytest.raises(BadInput, match="give out,"):
        Shown(None).show()
