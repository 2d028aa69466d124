"""The confusion matrix as a table of coloured cells."""

from dataclasses import dataclass

from headstart.report.text import percent, shorten_middle

LONGEST = 14  # letters of a class beside the table


@dataclass(frozen=True)
class Cell:
    """Rows of one class that got one answer."""

    count: str  # "" for none
    heat: str  # strength of the colour, in [0, 1]
    right: bool
    hover: str


@dataclass(frozen=True)
class Heat:
    """A table: one row a true class, one column an answer."""

    size: str  # "small", "medium" or "large"
    names: list[tuple[str, str]]  # short, in full
    rows: list[tuple[tuple[str, str], list[Cell]]]
    label: str


def heat(names: list[str], counts: list[list[int]], totals: list[int]) -> Heat:
    """The table for the classes `names`.

    Args:
        names: of k classes.
        counts: k x k, truth x answer.
        totals: k, the test rows of each true class, also those answered by a class not shown.
    """
    k = len(names)
    heads = [(shorten_middle(name, LONGEST), name) for name in names]
    rows = [(heads[i], [_cell(names, counts, totals, i, j) for j in range(k)]) for i in range(k)]
    size = "large" if k <= 8 else "medium" if k <= 20 else "small"
    label = f"Confusion matrix of {k} classes, truth in rows and answers in columns"
    return Heat(size, heads, rows, label)


def _cell(names: list[str], counts: list[list[int]], totals: list[int], i: int, j: int) -> Cell:
    count = counts[i][j]
    part = count / totals[i] if totals[i] else 0.0
    strength = part if i == j else part**0.5  # so that rare errors can be seen
    hover = f"{names[i]} answered as {names[j]}: {count:,} ({percent(part)})"
    return Cell(f"{count:,}" if count else "", f"{strength:.2f}", i == j, hover)
