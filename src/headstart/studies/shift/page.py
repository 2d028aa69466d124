"""The page of a shift: can the two domains be told apart, by what, and what can be done."""

from collections.abc import Iterator
from typing import Any

from headstart.report.terminal import Terminal
from headstart.report.text import fixed, percent, pluralise
from headstart.studies._page import Cell, settings, versions
from headstart.studies.shift import Drifted, Shift
from headstart.studies.shift.tables import headings, others, p_value, quantities, rows, scored


def view(record: Shift) -> dict[str, Any]:
    """What the template shows."""
    return {
        "kind": "shift",
        "task": f"{record.source} \u2192 {record.target}",
        "headline": record.headline,
        "say": record.say,
        **scored(record),
        "facts": _facts(record),
        "reading": quantities(record)["say"][0],
        "headings": headings(),
        "rows": [_row(*pair) for pair in zip(record.drift, rows(record), strict=False)],
        "more": [*others(record), *_next(record)],
        "smallprint": list(_smallprint(record)),
        "settings": settings(record),
        "versions": versions(record),
    }


def terminal(record: Shift) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    return Terminal(
        title=f"{record.target} beside {record.source}, quantity by quantity",
        headings=headings(),
        rows=list(rows(record)),
        sentences=[*record.say, *(f"Next:   {command}" for command in record.next)],
        answer=[record.headline],
    )


def _facts(record: Shift) -> list[tuple[str, str, str]]:
    auc = record.auc
    return [
        (
            "domain classifier",
            f"AUC {fixed(auc.value, 2)}",
            f"{fixed(auc.low, 2)} to {fixed(auc.high, 2)}; 0.5 is a guess",
        ),
        ("within reach", percent(record.inside), f"of target rows; {percent(record.expected)} without shift"),
        (
            "weights",
            f"{record.effective:,.0f} of {record.source_taken:,}",
            "source rows that the weighted ones are worth",
        ),
        (
            "kernel test",
            f"p {_is(p_value(record.mmd_p))}",
            f"proxy A-distance {fixed(record.distance, 2)} of 2",
        ),
        ("features", record.features, pluralise(record.width, "feature")),
    ]


def _is(p: str) -> str:
    return p if p.startswith("<") else f"= {p}"


def _row(quantity: Drifted, shown: list[str]) -> tuple[str, str, list[Cell | None]]:
    name, *figures, verdict = shown
    hover = f"difference {quantity.statistic:.2f}, adjusted p {p_value(quantity.adjusted)}"
    last = Cell("", "", verdict, "bad" if quantity.drifted else "", hover)
    return name, "", [*(Cell(value) for value in figures), last]


def _next(record: Shift) -> Iterator[dict[str, Any]]:
    if record.next:
        yield {
            "id": "next",
            "heading": "What to do next",
            "say": [record.say[-1]],
            "command": "\n".join(record.next),
        }


def _smallprint(record: Shift) -> Iterator[str]:
    yield (
        f"{pluralise(record.source_taken, 'row')} of the source and {record.target_taken:,} of the target "
        f"were used. No label of the target was read. Rows that are the same, or nearly, are held out "
        f"together."
    )
    yield (
        "The classifier is a logistic regression on standardised features, its penalty chosen on held-out "
        "rows. A target row is within reach if it is as near to its fifth source row as source rows mostly "
        "are to theirs. The kernel test has 200 deals. The weights are those of the classifier."
    )
    yield (
        "None of this tells whether the same row would have the same label in both domains; only labels of "
        "the target do."
    )
