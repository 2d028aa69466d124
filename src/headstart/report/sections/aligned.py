"""The table of an alignment: source-only, last, selected and oracle, for a page or a terminal."""

from headstart.report.experiment import Cell, cell, text
from headstart.report.told import Told, minus, told
from headstart.report.words import fixed
from headstart.study.aligning.record import TITLES, Alignment, Row


def title(record: Alignment) -> str:
    """Of the table."""
    judged = (
        f"{told(record.metric).title} on {record.test_rows:,} target rows"
        if record.test_rows
        else "no labels"
    )
    return f"{record.source} to {record.target}: {judged}"


def headings(record: Alignment) -> list[str]:
    """Of the table; without labels of the target only what needs none."""
    score = f"{TITLES[record.chosen_by]}"
    if not record.test_rows:
        return ["method", score, "source"]
    return ["method", "selected", "last", "oracle", score, "source"]


def rows(record: Alignment) -> list[list[str]]:
    """The same for a terminal, the shipped model marked."""
    found = []
    for row in record.table:
        mark = " *" if row.method == record.chosen else ""
        found.append([f"{row.title}{mark}", *(text(one) for one in cells(record, row))])
    return found


def cells(record: Alignment, row: Row) -> list[Cell | None]:
    """The figures of one method."""
    metric, found = told(record.metric), list[Cell | None]()
    if record.test_rows:
        assert row.selected is not None
        found += [
            cell(metric, row.selected.value, row.selected, row.gain),
            *(None if one is None else cell(metric, one.value, None, None) for one in (row.last, row.oracle)),
        ]
    score = Cell(minus(fixed(row.score, 3)), "", "", "", "")
    return [*found, score, cell(_held(record), row.source, None, None)]


def _held(record: Alignment) -> Told:
    selection = {"accuracy": "balanced_accuracy"}
    return told(selection.get(record.metric, record.metric))
