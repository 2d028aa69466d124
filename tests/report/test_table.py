"""The methods table, axes and number words."""

import doctest
import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.report import axis, figures
from headstart.report.metric import get_metric
from headstart.report.text import SPACE, megabytes, round_percent
from headstart.studies.adapt.page import terminal
from headstart.studies.adapt.page_training import methods
from headstart.studies.adapt.summary import RunRecords, metrics, table

from .example import example, timings


def test_rows_are_selected_first_then_by_accuracy_then_dropped() -> None:
    rows = table(example(), timings())
    assert [row.candidate.name for row in rows] == [
        "lp-ft",
        "ridge-probe",
        "logistic-probe",
        "surgical",
        "bit-fit",
        "prototypes",
        "full",
    ]
    assert [row.selected for row in rows] == [True] + 6 * [False]
    other = table(replace(example(), selected="prototypes"), None)
    assert [row.candidate.name for row in other[:2]] == ["prototypes", "lp-ft"]


def test_figures_are_plain_text_in_the_order_of_the_metrics() -> None:
    first, *_, last = table(example(), timings())
    figures = dict(zip(metrics(example()), map(str, first.figures), strict=True))
    assert figures["accuracy"] == f"93.8{SPACE}% (91.6 to 95.5)"
    assert figures["log_loss"] == "0.208 (0.179 to 0.243)"
    assert first.trained_parameters == f"3.4{SPACE}M"
    assert (first.seconds, first.peak_memory) == (f"4.1{SPACE}s", f"705{SPACE}MB")
    assert (first.folds, first.candidate.dropped) == ("5 of 5", "")
    assert last.folds == "2 of 5"
    assert last.candidate.dropped.startswith("after 2 of 5 folds")


def test_untried_candidates_and_missing_timings_are_blank() -> None:
    result = example()
    untried = replace(result.candidates[0], scores=None, folds=0, dropped="no time left")
    row = table(replace(result, candidates=[untried]), None)[0]
    assert (row.figures, row.main) == ((None,) * 5, None)
    assert (row.seconds, row.peak_memory) == ("", "")


@pytest.mark.parametrize("name", ["text", "figures"])
def test_examples_in_the_docstrings(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"headstart.report.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


def test_words_never_show_a_negative_zero() -> None:
    assert get_metric("accuracy").size(-0.0004) == f"0.0{SPACE}points"
    assert get_metric("accuracy").size(-0.0006) == f"\u22120.1{SPACE}points"
    assert round_percent(-1e-12) == f"0{SPACE}%"
    assert round_percent(0.125) == f"12.5{SPACE}%"
    assert megabytes(1240.0) == f"1.2{SPACE}GB"


def test_linear_axes_have_round_ends_that_hold_the_values() -> None:
    found = axis.linear(0.313, 0.958, round_percent)
    assert (found.low, found.high) == pytest.approx((0.2, 1.0))
    assert [text.replace(SPACE, "") for _, text in found.ticks] == ["20%", "40%", "60%", "80%", "100%"]
    assert found.at(0.6) == pytest.approx(0.5)
    assert (found.at(-3), found.at(3)) == (0.0, 1.0)
    for low, high in ((0.0, 1.0), (0.9, 0.9), (0.0, 0.0), (-0.05, 0.6), (1e-9, 3e-9), (0, 123456)):
        made = axis.linear(low, high, str, most=5)
        assert made.low <= low + 1e-9
        assert made.high >= high - 1e-9
        assert made.low < made.high
        assert 2 <= len(made.ticks) <= 6


def test_values_that_hardly_move_do_not_fill_an_axis() -> None:
    """A curve within a point spans a fifth of the height at most, wherever it lies."""
    for metric, values in (
        ("accuracy", (0.695, 0.705)),
        ("accuracy", (0.99, 1.0)),
        ("accuracy", (0.0, 0.01)),
        ("auc", (0.701, 0.702)),
        ("mae", (12000.0, 12100.0)),
        ("log_loss", (2.30, 2.31)),
    ):
        made = get_metric(metric).axis(values)
        assert made.low <= values[0] < values[1] <= made.high
        assert made.at(values[1]) - made.at(values[0]) <= 0.2 + 1e-9, metric
        assert get_metric(metric).least <= made.low
        assert made.high <= max(1.0, get_metric(metric).most)
    wide = get_metric("accuracy").axis((0.2, 0.9))
    assert (wide.low, wide.high) == pytest.approx((0.0, 1.0), abs=0.2)
    still = axis.around((-0.693, -0.693), lambda v: f"{v:.3g}")
    texts = [text for _, text in still.ticks]
    assert len(texts) == len(set(texts)) >= 2


def test_doubling_axis_spreads_factors_evenly() -> None:
    made = axis.doubling([1, 2, 4, 8, 16], "labels")
    assert made.at(4) == pytest.approx(0.5)
    assert made.at(8) - made.at(4) == pytest.approx(made.at(2) - made.at(1))
    crowded = axis.doubling(list(range(1, 65)), "labels")
    assert len(crowded.ticks) <= 12
    assert axis.doubling([5], "labels").at(5) == pytest.approx(0.5)


def test_elements_escape_their_texts() -> None:
    made = figures.tag("text", '<b>"&', aria_label='"><script>', class_=None, x=1.5)
    assert (
        figures.written(made) == '<text aria-label="&quot;&gt;&lt;script&gt;" x="1.5">&lt;b&gt;"&amp;</text>'
    )


def test_one_method_has_no_chart_and_no_pale_row_is_named() -> None:
    result = example()
    alone = replace(result, candidates=[one for one in result.candidates if one.name == result.selected])
    several, one = (methods(RunRecords(Path("run"), some, None)) for some in (result, alone))
    assert (bool(several["figure"]), one["figure"], one["pale"]) == (True, "", False)


def test_methods_that_were_not_tried_are_a_sentence_below_the_table_of_the_terminal() -> None:
    first, *others = example().candidates
    idle = replace(first, folds=0, scores=None, dropped="the budget is too small")
    shown = terminal(replace(example(), candidates=[idle, *others]), None)
    assert first.title not in [row[0] for row in shown.rows]
    assert f"Not tried: {first.title}; the budget is too small." in shown.sentences
