"""Which classes are taken for which."""

from typing import Any

from headstart.report.figures.confusion import Heat, heat
from headstart.report.text import percent, pluralise, quoted
from headstart.studies.adapt.run_records import Given

MOST = 40  # classes that are drawn


def view(given: Given) -> dict[str, Any]:
    """The heat map and the pair that is confused most."""
    classes, counts = given.result.classes, given.result.confusion
    if not counts or not any(map(sum, counts)):
        return {"say": ["This run recorded no confusion matrix."], "heat": None}
    kept = _kept(counts)
    return {
        "say": [_pair(classes, counts), _hardest(classes, counts)],
        "cut": _cut(len(counts), len(kept)),
        "heat": _heat(classes, counts, kept),
    }


def _heat(classes: list[str], counts: list[list[int]], kept: list[int]) -> Heat:
    names = [classes[i] for i in kept]
    totals = [sum(counts[i]) for i in kept]
    return heat(names, [[counts[i][j] for j in kept] for i in kept], totals)


def _kept(counts: list[list[int]]) -> list[int]:
    """The classes to draw: all, or those with the most errors of either kind."""

    def errors(i: int) -> int:
        return sum(counts[i]) + sum(row[i] for row in counts) - 2 * counts[i][i]

    order = sorted(range(len(counts)), key=lambda i: (-errors(i), i))
    return sorted(order[:MOST])


def _cut(classes: int, kept: int) -> str:
    if kept == classes:
        return ""
    return f"Of {classes:,} classes the {kept} with the most errors are shown."


def _pair(classes: list[str], counts: list[list[int]]) -> str:
    n = len(counts)
    pairs = [(counts[i][j] + counts[j][i], i, j) for i in range(n) for j in range(i + 1, n)]
    most = max((times for times, _, _ in pairs), default=0)
    total = sum(map(sum, counts))
    wrong = total - sum(counts[i][i] for i in range(n))
    if not most:
        return f"None of {pluralise(total, 'test row')} was answered wrongly."
    _, i, j = next(pair for pair in pairs if pair[0] == most)
    if counts[j][i] > counts[i][j]:
        i, j = j, i
    equals = sum(times == most for times, _, _ in pairs) - 1
    tied = f" ({pluralise(equals, 'other pair')} as often)" if equals else ""
    a, b = quoted(classes[i]), quoted(classes[j])
    return (
        f"{wrong:,} of {pluralise(total, 'test row')} {'was' if wrong == 1 else 'were'} answered "
        f"wrongly. Most often confused are {a} and {b}, {pluralise(most, 'time')}{tied}: {a} was "
        f"taken for {b} {pluralise(counts[i][j], 'time')}, the other way round {counts[j][i]:,}."
    )


def _hardest(classes: list[str], counts: list[list[int]]) -> str:
    shares = [(counts[i][i] / sum(row), i) for i, row in enumerate(counts) if sum(row)]
    low, i = min(shares)
    if low == max(shares)[0]:
        return ""
    right = f"{counts[i][i]:,} of {pluralise(sum(counts[i]), 'row')}"
    return f"The hardest class is {quoted(classes[i])}: {right} right, {percent(low)}."
