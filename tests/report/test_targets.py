"""Pages about tags and numbers: what they say, and that each figure stands where it belongs."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.report.text import MINUS, SPACE, amount
from headstart.studies import build_page
from headstart.studies.adapt import ColumnFigures, Result
from headstart.studies.adapt.page import headline, sections_of
from headstart.studies.adapt.page_calibration import calibration
from headstart.studies.adapt.page_doubts import check, mistakes
from headstart.studies.adapt.page_outputs import fit, held_out, tags
from headstart.studies.adapt.page_training import labels, layers
from headstart.studies.adapt.summary import RunRecords, metrics, table
from headstart.studies.explain.words import together

from .example import example, timings, write
from .targets import with_numbers, with_tags


def given(result: Result) -> RunRecords:
    return RunRecords(Path("run"), result, None)


def said(view: dict) -> str:
    return " ".join(view["say"]).replace(SPACE, " ")


@pytest.fixture(scope="module", params=["tags", "numbers", "columns"])
def page(request, tmp_path_factory) -> str:
    result = {"tags": with_tags(), "numbers": with_numbers(), "columns": with_numbers(14)}[request.param]
    run = write(tmp_path_factory.mktemp(request.param) / "run", result, timings())
    return build_page(run).read_text("utf-8")


def test_a_page_has_its_own_parts_and_none_of_classes(page):
    ids = re.findall(r'<section id="([a-z]+)"', page)
    assert "confusion" not in ids
    assert ("tags" in ids) == ("calibration" in ids) != ("fit" in ids)
    assert len(ids) == len(set(ids))
    for word in ("accuracy on the held-out", "balanced accuracy", "per class", " a class ", "nan", "None"):
        assert word not in re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.S), word


def test_classes_have_the_parts_that_they_had():
    assert [section.id for section in sections_of("classes")] == [
        *("headline", "methods", "tested", "layers", "labels", "training", "confusion", "two_classes"),
        *("mistakes", "explained", "calibration", "label_errors", "check", "use", "smallprint", "next"),
    ]


def test_a_page_says_nothing_of_other_kinds_of_data(tmp_path):
    classes = build_page(write(tmp_path / "classes", example(), timings())).read_text("utf-8")
    numbers = build_page(write(tmp_path / "numbers", with_numbers(), timings())).read_text("utf-8")
    of_classes, of_numbers = ("quality of a label is its probability",), ("quality of a number is the lower",)
    for page, there, absent in ((classes, of_classes, of_numbers), (numbers, (), of_classes)):
        assert all(words in page for words in there)
        assert not any(words in page for words in absent)
    assert "without it; in nats. The difference" in classes
    assert (
        layers(given(replace(example(), label_kind="numbers", metric="r2")))["unit"]
        == "in units of their variance"
    )
    assert together("pictures", "x") == together("sounds", "x") == ""
    assert together("texts", "both count") == " Where words go together, both count."
    assert together("tables", "both count") == " Where columns go together, both count."


# --- what is told first


def test_the_typical_error_stands_in_the_units_of_the_target():
    found = headline(given(with_numbers()))
    assert found["figure"].value == "0.730"
    assert (
        "was off by 2.30 on average (95 % interval 2.00 to 2.60); always predicting the mean is off by 4.12."
        in said(found)
    )
    assert "R² is 0.730 (95 % interval 0.630 to 0.830)" in said(found)
    assert [card["value"] for card in found["gains"]] == ["+0.120", "+0.731"]
    assert found["gains"][1]["label"] == "over the mean"
    assert ("numbers a row", "1", "price") in found["facts"]


def test_what_is_worse_than_the_mean_is_said_to_be():
    result = with_numbers()
    bad = replace(result.tested[2], gain=None)
    found = headline(given(replace(result, tested=[bad])))
    assert f"R² is {MINUS}0.001" in said(found)
    assert "no better than always predicting the mean" in said(found)
    assert found["bar"].value == 0.0  # the gauge ends there


def test_tags_are_told_by_average_precision():
    found = headline(given(with_tags()))
    assert found["figure"].value.replace(SPACE, " ") == "83.0 %"
    assert "average precision of 83.0 %" in said(found)
    assert "For 80.0 % of the rows all tags were right." in said(found)
    assert ("tags", "3", "a row has 0.6 on average") in found["facts"]


def test_differences_of_r2_are_no_points():
    found = held_out(given(with_numbers()))
    assert found["gained"] == "R² gained"
    assert "points" not in found["gains"]
    assert [row["gain"] and row["gain"].value for row in found["rows"]] == [None, "+0.120", "+0.731"]


def test_the_table_has_a_column_for_each_metric():
    rows = table(with_numbers(), None)
    cells = dict(zip(metrics(with_numbers()), map(str, rows[0].figures), strict=True))
    assert cells["r2"] == "0.700 (0.600 to 0.800)"
    assert cells["mae"] == "2.40 (1.92 to 2.88)"
    assert cells["spearman"] == "0.800 (0.700 to 0.900)"
    assert "Hamming accuracy" in held_out(given(with_tags()))["headings"]


# --- numbers


def test_the_scatter_has_a_dot_a_row_and_the_line_where_both_are_equal():
    (panel,) = fit(given(with_numbers()))["columns"]
    assert panel["scatter"].count("<circle") == 60
    assert "line ideal" in panel["scatter"]
    assert "true 10, predicted 12" in panel["scatter"].replace(".00", "")
    assert panel["errors"].count("<rect") == 6
    assert f"20 rows: {MINUS}4.00 to {MINUS}2.00" in panel["errors"]


def lean(errors: list[int]) -> str:
    (column,) = with_numbers().columns
    return said(fit(given(replace(with_numbers(), columns=[replace(column, errors=errors)]))))


def test_it_says_when_errors_go_one_way():
    assert "not clearly too large or too small" in lean([5, 20, 70, 70, 20, 5])
    assert "too small, by about 1.7" in lean([20, 70, 70, 20, 5, 5])
    assert "too large, by about 1.7" in lean([5, 5, 20, 70, 70, 20])


def test_several_columns_are_told_apart():
    found = fit(given(with_numbers(3)))
    assert "Predicted best is “price”, with R² 0.730" in said(found)
    assert "worst is “size 1”" in said(found)
    assert [row["name"] for row in found["rows"]] == ["price", "size 1", "size 2"]
    assert found["rows"][0]["mean"] == "4.12"
    assert "The first 12 of 14" in fit(given(with_numbers(14)))["cut"]


def test_one_row_and_perfect_answers_are_drawn():
    still = Interval(1.0, 1.0, 1.0)
    none = Interval(0.0, 0.0, 0.0)
    one = ColumnFigures("x", still, none, none, 0.0, [5.0], [5.0], -1.0, 1.0, [0, 1, 0])
    found = fit(given(replace(with_numbers(), columns=[one])))
    assert "0 on average" in said(found)
    assert found["columns"][0]["scatter"].count("<circle") == 1


def test_the_largest_errors_have_their_sign():
    found = mistakes(given(with_numbers()))
    assert [card["confidence"] for card in found["mistakes"]] == ["+6.00", f"{MINUS}3.50"]
    assert [card["part"] for card in found["mistakes"]] == ["1.000", "0.583"]
    assert "Of these 2 rows 1 was predicted too large" in said(found)


# --- tags


def test_each_tag_has_its_row_and_what_no_row_has_is_left_out():
    found = tags(given(with_tags()))
    red, round_, rare = found["rows"]
    assert (red["rows"], red["predicted"]) == ("100", "90")
    assert round_["figures"][1] is None  # said of no row: no precision
    assert rare["figures"] == [None, rare["figures"][1], None]
    assert found["figure"].count("dots-name") == 3  # two tags and the axis
    assert "the hardest tag is “round”, with 50.0 %" in said(found)
    assert "1 tag that no test row has is left out" in said(found)
    assert "1 tag has fewer than 10 test rows" in said(found)


def test_calibration_of_tags_counts_pairs():
    found = calibration(given(with_tags()))
    assert "over all pairs of a row and a tag the model gives the tag 49.0 %" in said(found)
    assert "285 pairs: given 90.0 %, so in 85.0 %".replace(" %", f"{SPACE}%") in found["figure"]
    assert "row" not in said(calibration(given(example()))).replace("rows", "")


# --- the rest


def test_labels_are_counted_as_rows():
    found = labels(given(with_numbers()))
    assert f"With 20 labels, LP-FT has {MINUS}0.050 on average; with 200, 0.400." in said(found)
    assert "labelled rows" in found["figure"]


def test_layers_may_be_worse_than_the_mean():
    found = layers(given(with_numbers()))
    assert "R² of a probe" in found["figure"]
    assert f"gives {MINUS}0.200" in said(found)


def test_the_check_counts_what_there_is():
    assert said(check(given(with_numbers()))).startswith("780 readable rows.")
    found = check(given(with_tags()))
    assert said(found).startswith("780 readable rows with 3 tags: from 3 (“rare”) to 400 (“red”)")
    assert found["sizes"] == "Rows with each tag"


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [
        ("accuracy", 0.931, "93.1 %"),
        ("r2", -0.25, f"{MINUS}0.250"),
        ("mae", 1234.5, "1,230"),
        ("mae", 0.012345, "0.0123"),
        ("log_loss", 0.2345, "0.234"),
        ("of tomorrow", 0.5, "0.500"),
    ],
)
def test_figures_are_written_in_their_unit(metric, value, shown):
    assert get_metric(metric).value(value).replace(SPACE, " ") == shown


def test_differences_and_axes():
    assert get_metric("r2").change(0.0) == "0.000"
    assert get_metric("mae").change(17070.592) == "+17,100"
    assert get_metric("mae").change(-0.0) == "0"
    assert get_metric("mae").tick(25000.0) == "25,000"
    assert get_metric("r2").change(-0.1234) == f"{MINUS}0.123"
    assert get_metric("accuracy").size(0.012).replace(SPACE, " ") == "1.2 points"
    assert (amount(25000.0), amount(-0.5), amount(1e12)) == ("25,000", f"{MINUS}0.5", "1e+12")
    low = get_metric("r2").axis([-3.0, 0.9]).low
    assert low < -3
    assert get_metric("accuracy").axis([0.001, 0.9]).low == 0
