"""A large CSV file says the same by pyarrow as by Python's csv."""

import numpy as np
import pytest

import headstart as hs
from headstart.core import BadData
from headstart.data import csv_columns, table_files
from headstart.data.cells import Place, cells_of

pytest.importorskip("pyarrow")

CELLS = {
    "n": ["1", " 2.5 ", "-3e2", "", "NA", ".5", "1.", "+4", "nan", "12345678.25"],
    "whole": [*map(str, range(9, -1, -1))],
    "name": ["a", "b ", "", "None", "c", "\u00e9", "a", "b", "a", "?"],
    "flag": ["yes", "no", "", "Yes", "y", "n", "no", "no", "no", "yes"],
    "when": ["2020-01-01", "", *(f"2020-02-0{day}" for day in range(1, 9))],
    "label": ["01", "02", "01", "01", "02", "01", "02", "02", "01", "02"],
}


def text(cells, delimiter=",", end="\n", quote=""):
    rows = [list(cells), *zip(*cells.values(), strict=True)]
    lines = [
        delimiter.join(f"{quote if number else ''}{cell}{quote if number else ''}" for cell in row)
        for number, row in enumerate(rows)
    ]
    return end.join([*lines, ""])


def both(path, monkeypatch):
    """The columns by pyarrow, and those by csv."""
    monkeypatch.setattr(csv_columns, "LARGE", 0)
    fast = csv_columns.read_columns(path)
    monkeypatch.setattr(csv_columns, "LARGE", 1 << 60)
    return fast, table_files.read_table(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_every_cell_is_the_same(delimiter, end, quote, tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text(CELLS, delimiter, end, quote).encode())
    fast, slow = both(path, monkeypatch)
    assert list(fast) == list(slow)
    for name, column in fast.items():
        assert list(column) == slow[name]
        assert (len(column), column[3], column[1:4]) == (10, slow[name][3], slow[name][1:4])
        one, other = (cells_of(cells, Place("t", name)) for cells in (column, slow[name]))
        assert (one.kind, one.words) == (other.kind, other.words)
        np.testing.assert_array_equal(one.values, other.values)


def test_the_data_set_is_the_same(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text(text(CELLS), "utf-8")
    monkeypatch.setattr(csv_columns, "LARGE", 0)
    fast = hs.data.load(path)
    monkeypatch.setattr(csv_columns, "LARGE", 1 << 60)
    slow = hs.data.load(path)
    assert fast.classes == slow.classes == ("01", "02")  # as written
    assert fast.digests == slow.digests
    assert fast.content == slow.content


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,2\n3\n",  # rows of different length
        b"a,a\n1,2\n",
        b"",
        b"a,b\n\xff,2\n",  # no UTF-8
        b'"a",b\n1,2\n',
    ],
)
def test_what_needs_a_closer_look_is_left_to_it(content, tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    monkeypatch.setattr(csv_columns, "LARGE", 0)
    assert csv_columns.read_columns(path) is None


def test_a_line_break_in_a_cell(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_bytes(b'a,b\n"one\ntwo",2\n"x, y","3"\n')
    fast, slow = both(path, monkeypatch)
    assert {name: list(column) for name, column in fast.items()} == slow


@pytest.mark.parametrize("rows", [40, 90_000])
@pytest.mark.parametrize("names", [(), ("label", "x")])
def test_a_quotation_mark_that_is_never_closed_is_named(tmp_path, rows, names):
    """All lines after it were one cell, and were gone without a word."""
    lines = [f"{'ab'[n % 2]},film number {n}" for n in range(rows)]
    lines[7] = 'b,"film number 7'
    head = [] if names else ["label,x"]
    (tmp_path / "rows.csv").write_text("\n".join([*head, *lines]))
    with pytest.raises(BadData, match=r"rows.csv: in row 8 a quotation mark is never closed"):
        hs.data.load(tmp_path / "rows.csv", columns=names or None, text_column="x")
    lines[7], lines[-1] = 'b,"film ""number"" 7"', 'b,"film\nof two lines"'
    (tmp_path / "rows.csv").write_text("\n".join([*head, *lines]))
    data = hs.data.load(tmp_path / "rows.csv", columns=names or None, text_column="x")
    assert (len(data), data.texts[7], data.texts[-1]) == (rows, 'film "number" 7', "film\nof two lines")
