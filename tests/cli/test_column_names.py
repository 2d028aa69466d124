"""Names of columns that are mistyped, or given where something else is meant."""

import inspect
from pathlib import Path

import pytest

import headstart as hs
from headstart.core import BadData, BadInput, nearest


@pytest.fixture
def rows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("size,Review,Status\n" + "1.5,fine,ok\n2.5,awful,bad\n" * 6)


def test_letters_count_alike_in_either_case():
    assert nearest("STATUS", ["size", "Status", "status "]) == ["Status", "status "]
    assert nearest("xyz", ["Status"]) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"label_column": "status"}, "no column 'status'. Did you mean 'Status'?"),
        ({"label_column": "Staus"}, "Did you mean 'Status'?"),
        ({"label_column": "Status", "text_column": "review"}, "take with text_column='Review'"),
        ({"label_column": "Status", "path_column": "reviews"}, "path_column='Review'"),
        ({"label_column": "Status", "group_column": "sise"}, "group_column='size'"),
        ({"label_column": "Status", "split_column": "sise"}, "split_column='size'"),
        ({"label_column": "Status", "attribute_column": "SIZE"}, "Did you mean 'size'?"),
        ({"label_column": "Status", "categorical": ["SIZE"]}, "Did you mean 'size'?"),
        ({"label_column": "Status", "keep": ["SIZE"]}, "Did you mean 'size'?"),
        ({"label_column": "Status", "text_column": "Review", "beside": ["SIZE"]}, "Did you mean 'size'?"),
    ],
)
def test_a_column_that_is_mistyped_gets_the_nearest_names(rows, options, says):
    with pytest.raises((BadData, BadInput)) as raised:
        hs.data.load("rows.csv", **options)
    assert says in str(raised.value)


def test_many_columns_are_not_all_listed(tmp_path):
    names = [f"gene{place}" for place in range(100)]
    with pytest.raises(BadInput, match=r"'gene29' and 70 more\. Say which"):
        hs.data.load({name: [1.0, 2.0] for name in names})


def test_in_python_columns_are_named_as_options_are(rows):
    quick = {"folds": 2}
    lines = [f"{n / 2},{'ab'[n % 2]}{n},{('ok', 'bad')[n % 2]}" for n in range(18)]
    Path("rows.csv").write_text("\n".join(["size,Review,Status", *lines]))
    whole = hs.probe("rows.csv", columns={"label_column": "Status"}, **quick)
    assert hs.probe("rows.csv", label_column="Status", **quick).table == whole.table
    assert "label_column" in inspect.signature(hs.adapt).parameters
    with pytest.raises(BadInput, match="Did you mean 'label_column'"):
        hs.probe("rows.csv", columns={"lable_column": "Status"})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["adapt", "rows.csv", "--target", "Status"],
            "column to predict is named by --label-column NAME.",
        ),
        (["curve", "rows.csv", "--text=Review"], "The column of texts is named by --text-column NAME."),
        (["adapt", "rows.csv", "Status"], "Columns are named by options, that to predict by --label-column"),
        (
            ["align", "--source", "rows.csv", "--target", "Status", "--label-column", "Status"],
            "--target Status is a column of rows.csv, and --target takes a data set of its own",
        ),
        (
            ["adapt", "rows.csv", "--source", "Status", "--label-column", "Status"],
            "The column to predict is named by --label-column Status",
        ),
    ],
)
def test_a_column_where_data_are_meant_is_told_its_option(headstart, rows, words, says):
    said = headstart(*words)
    assert said.code == 2
    assert says in " ".join(said.err.replace("│", " ").split())
