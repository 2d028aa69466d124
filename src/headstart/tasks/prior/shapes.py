"""The shape of the tables of a step: how many rows with labels, rows that are asked for, and columns."""

from dataclasses import dataclass

from .draws import Draws

QUERIES = 48
_COMMON = (60, 140)  # rows of half of the tables
_ROWS, _COLUMNS = (16, 400), (1.5, 26)
_REGRESSION, _BLIND = 0.12, 0.1
_EASY = 600  # first steps, of few columns and plain functions: from these it is learned to use rows at all
_NUMBERS = (
    range(350, 1200),
    0.4,
)  # steps in which more labels are numbers: likeness of rows says little of them


@dataclass(frozen=True)
class Shape:
    """The shape of the tables of one step.

    Attributes:
        tasks: tables, >= 1.
        support: rows with labels.
        queries: rows that are asked for.
        columns: of each.
        regression: whether labels are numbers.
        blind: whether the layers of the network see no labels.
        easy: whether tables are of the families that are learned first.
    """

    tasks: int
    support: int
    queries: int
    columns: int
    regression: bool
    blind: bool = False
    easy: bool = False

    @property
    def rows(self) -> int:
        """All rows of a table."""
        return self.support + self.queries


def draw_shape(seed: int, step: int, cells: int) -> Shape:
    """A shape that is a function of the arguments, of about so many cells in all, labels included.

    The first steps are half as large, of two to four columns.
    """
    draws = Draws(seed, "shape", step)
    common = bool(draws.chance(1, share=0.5))
    rows = draws.uniform(1, low=_COMMON[0], high=_COMMON[1])
    if not common:
        rows = draws.log_uniform(1, low=_ROWS[0], high=_ROWS[1])
    columns = int(draws.log_uniform(1, low=_COLUMNS[0], high=_COLUMNS[1]))
    if easy := step < _EASY:
        rows, columns, cells = rows.clamp(50, 70), 2 + columns % 3, cells // 2
    share = _NUMBERS[1] if step in _NUMBERS[0] else _REGRESSION
    regression = bool(draws.chance(1, share=share))
    tasks = max(1, round(cells / ((int(rows) + QUERIES) * (columns + 1))))
    blind = not regression and bool(draws.chance(1, share=_BLIND))
    return Shape(tasks, int(rows), QUERIES, columns, regression, blind, easy)
