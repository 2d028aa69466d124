"""Sheets of spreadsheet files, such as Excel's, as rows of cells."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from headstart.core import BadData, BadInput, MissingPackage, nearest
from headstart.face import spell

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")


def rows_of_sheet(file: Path, sheet: str | None = None) -> list[list[Any]]:
    """The rows of a sheet, the first of which names the columns; None where a cell is empty.

    Dates and durations are texts, as CSV files hold them. Empty rows are left out.

    Args:
        file: a workbook.
        sheet: its name; None takes the only one with rows below its first.

    Raises:
        BadInput: there is no such sheet.
        BadData: it can't be read, or several sheets have rows and none is named.
        MissingPackage: python-calamine is not there.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise MissingPackage("python-calamine", "Reading spreadsheets", "excel") from error
    try:
        book = CalamineWorkbook.from_path(file)
        names = [name for name in book.sheet_names if name == sheet] or book.sheet_names
        sheets: dict[str, Any] = {name: book.get_sheet_by_name(name).to_python() for name in names}
    except (CalamineError, OSError) as error:
        raise BadData(f"{file} can't be read as a spreadsheet: {error}. Save it again, or as CSV.") from error
    if sheet is not None and sheet not in sheets:
        near = f" Did you mean {nearest(sheet, sheets, 1)[0]!r}?" if nearest(sheet, sheets, 1) else ""
        raise BadInput(
            f"{file} has no sheet {sheet!r}.{near} Its sheets: {', '.join(map(repr, sheets))}. Name one with "
            f"{spell('sheet', ..., stands='NAME')}."
        )
    found = {name: rows for name, cells in sheets.items() if (rows := _filled(cells))}
    found = {name: rows for name, rows in found.items() if len(rows) > 1} or found
    if len(found) > 1:
        said = ", ".join(f"{name!r} ({len(rows) - 1} rows)" for name, rows in found.items())
        raise BadData(
            f"{file} has several sheets: {said}. Say which one to take with "
            f"{spell('sheet', ..., stands='NAME')}."
        )
    if not found:
        raise BadData(f"{file} is empty. The first row of a sheet should name its columns.")
    return next(iter(found.values()))


def _filled(cells: list[list[Any]]) -> list[list[Any]]:
    rows = [[_plain(cell) for cell in row] for row in cells]
    return [row for row in rows if any(cell is not None for cell in row)]


def _plain(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        hours, seconds = divmod(cell.seconds, 3600)
        return f"{cell.days} days {hours:02}:{seconds // 60:02}:{seconds % 60:02}"
    return cell
