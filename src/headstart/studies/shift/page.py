"""The page of a shift: can the two domains be told apart, by what, and what can be done."""

from collections.abc import Iterator
from typing import Any

from headstart.report.text import fixed, percent, pluralise
from headstart.studies._page import Cell, settings, versions
from headstart.studies.shift.record import Drifted, Shift
from headstart.studies.shift.tables import MOST, figures, named, others, p_value, quantities, scored

TONES = {True: ("differs", "bad"), False: ("not clearly", "")}


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
        "headings": ["quantity", "source", "target", "difference", "adjusted p", "verdict"],
        "rows": [_row(one) for one in record.drift[:MOST]],
        "more": [*others(record), *_next(record)],
        "smallprint": list(_smallprint(record)),
        "settings": settings(record),
        "versions": versions(record),
    }


def _facts(record: Shift) -> list[tuple[str, str, str]]:
    auc = record.auc
    return [
        (
            "told apart",
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


def _row(one: Drifted) -> tuple[str, str, list[Cell | None]]:
    text, tone = TONES[one.drifted]
    hover = f"difference {one.statistic:.2f}, adjusted p {p_value(one.adjusted)}"
    last = Cell("", "", text, tone, hover)
    told = (*figures(one), fixed(one.statistic, 2), p_value(one.adjusted))
    return named(one), "", [*(Cell(value, "", "", "", "") for value in told), last]


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
        f"were looked at. No label of the target was read. Rows that are the same, or nearly, are held out "
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
