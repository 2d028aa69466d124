"""Cells of CSV files that spreadsheets would take for formulas: a quote before them keeps them texts."""

import re

from .cells import as_number

FORMULA = re.compile(r"'*[=+@\t\r-]")  # begins a formula of a spreadsheet, with a quote before it or not


def quote_formula(cell: str) -> str:
    """A cell with a quote before it if it would be run; numbers stay.

    >>> quote_formula("=A1"), quote_formula("-1.5"), quote_formula("cat")
    ("'=A1", '-1.5', 'cat')
    """
    return f"'{cell}" if FORMULA.match(cell) and as_number(cell) is None else cell


def unquote_formula(cell: str) -> str:
    """The inverse of `quote_formula`."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell
