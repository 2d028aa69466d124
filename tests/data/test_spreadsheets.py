"""Spreadsheets are read as CSV files of the same rows are."""

import zipfile
from xml.sax.saxutils import escape

import pytest

import headstart as hs
from headstart.core import BadData, BadInput, MissingPackage
from headstart.data.columns import Columns
from headstart.data.table_files import read_table
from headstart.data.table_rows import rows_of

HEAD = ["age", "kind", "smoker", "label"]
ROWS = [
    [30.5, "a", True, "ill"],
    [None, "b", False, "well"],
    [41, "a", False, "ill"],
    [52, "b", True, "well"],
]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def cell(value):
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def workbook(path, **sheets):
    """An .xlsx file of rows of cells by the name of their sheet."""
    numbered = list(enumerate(sheets, 1))
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in numbered)
    links = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n, _ in numbered
    )
    types = '<Default Extension="rels" ContentType="x"/><Default Extension="xml" ContentType="x"/>'
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types">{types}</Types>')
        first = f'<Relationship Id="r" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        for name, inside in (("_rels/.rels", first), ("xl/_rels/workbook.xml.rels", links)):
            book.writestr(name, f'<Relationships xmlns="{PACKAGE}/relationships">{inside}</Relationships>')
        sheets_of = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
        book.writestr("xl/workbook.xml", sheets_of)
        for n, rows in enumerate(sheets.values(), 1):
            cells = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
            book.writestr(
                f"xl/worksheets/s{n}.xml",
                f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>',
            )
    return path


def test_without_the_package_its_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    with pytest.raises(MissingPackage, match=r"'python-calamine'.*pip install .*(python-calamine|excel)"):
        read_table(workbook(tmp_path / "rows.xlsx", one=[HEAD]))


def test_a_sheet_goes_with_a_spreadsheet_alone(tmp_path):
    (tmp_path / "rows.csv").write_text("x,label\n1,a\n2,b\n")
    with pytest.raises(BadInput, match=r"sheet='one' can't be used: .*rows\.csv is no spreadsheet"):
        hs.data.load(tmp_path / "rows.csv", sheet="one")
    with pytest.raises(BadInput, match="sheet='one' can't be used: it is for files"):
        hs.data.load({"x": [1.5, 2.5], "label": ["a", "b"]}, sheet="one")


class TestReading:
    @pytest.fixture(autouse=True)
    def _needs_the_package(self):
        pytest.importorskip("python_calamine")

    def test_a_sheet_is_a_csv_file_of_the_same_rows(self, tmp_path):
        book = hs.data.load(workbook(tmp_path / "rows.xlsx", rows=[[], HEAD, *ROWS], empty=[]))
        lines = [",".join("" if one is None else str(one) for one in row) for row in (HEAD, *ROWS)]
        (tmp_path / "rows.csv").write_text("\n".join(lines))
        csv = hs.data.load(tmp_path / "rows.csv")
        assert book.table.kinds == csv.table.kinds == ("numeric", "categorical", "boolean")
        assert (book.digests, book.items, book.classes) == (csv.digests, csv.items, csv.classes)

    def test_of_several_sheets_one_is_named(self, tmp_path):
        book = workbook(tmp_path / "b.xlsx", Rows=[HEAD, *ROWS], Notes=[["x", "label"], [1, "a"], [2, "b"]])
        with pytest.raises(BadData, match=r"'Rows' \(4 rows\), 'Notes' \(2 rows\)\. Say which.*sheet="):
            hs.data.load(book)
        assert len(hs.data.load(book, sheet="Notes")) == 2
        with pytest.raises(BadInput, match=r"no sheet 'notes'\. Did you mean 'Notes'\? Its sheets: 'Rows'"):
            hs.data.load(book, sheet="notes")

    def test_a_sheet_of_names_alone_is_none_to_choose(self, tmp_path):
        book = workbook(tmp_path / "b.xlsx", Notes=[["remark"]], Rows=[HEAD, *ROWS])
        assert len(hs.data.load(book)) == 4
        both = workbook(tmp_path / "names.xlsx", a=[["x"]], b=[["y"]])
        with pytest.raises(BadData, match=r"several sheets: 'a' \(0 rows\), 'b' \(0 rows\)"):
            hs.data.load(both)

    def test_without_a_row_of_names(self, tmp_path):
        book = workbook(tmp_path / "b.xlsx", rows=ROWS)
        assert hs.data.load(book, columns="a,b,c,label").table.names == ("a", "b", "c")
        with pytest.raises(BadData, match="row 1 has 4 cells, columns has 2"):
            hs.data.load(book, columns="a,label")

    def test_what_can_t_be_read_is_said(self, tmp_path):
        (tmp_path / "torn.xlsx").write_bytes(b"PK\x03\x04 torn")
        with pytest.raises(BadData, match=r"torn\.xlsx can't be read as a spreadsheet"):
            hs.data.load(tmp_path / "torn.xlsx")
        with pytest.raises(BadData, match="is empty"):
            hs.data.load(workbook(tmp_path / "none.xlsx", one=[]))
        with pytest.raises(BadData, match="two columns called 'x'"):
            hs.data.load(workbook(tmp_path / "twice.xlsx", one=[["x", "x"], [1, 2]]))

    def test_new_rows_are_predicted_and_evaluated(self, tmp_path):
        rows = {"x": [0.0, 1.0] * 10, "label": ["low", "high"] * 10}
        model = hs.fit(hs.methods.LogisticProbe(), "table", hs.data.load(rows))
        new = workbook(tmp_path / "new.xlsx", a=[["x", "label"], [1, "high"], [0, "low"]], b=[["x"], [1]])
        known = rows_of(new, model.schema, Columns(sheet="a"))
        assert [one.label for one in model.predict(known)] == ["high", "low"]
        record = hs.evaluate(model, new, columns={"sheet": "a"})
        assert (record.rows, record.scores["accuracy"].value) == (2, 1.0)
