"""The gallery of claims: what to take home, then each claim with its figure, numbers, rule and paper."""

from typing import Any

from headstart.records.claims import MeasuredEffect
from headstart.report.text import Terminal, pluralise
from headstart.studies._page import page_view
from headstart.studies.claims import Claims

VERDICTS = {"holds": "holds", "fails": "does not hold here", "open": "not settled"}


def view(record: Claims) -> dict[str, Any]:
    """What the template shows."""
    return page_view(
        record,
        kind="claims",
        task=record.subject,
        headline=headline(record),
        reading="Each effect with its 95 % interval over seeds, and its margin.",
        headings=["claim", "verdict"],
        rows=[],
    )


def terminal(record: Claims) -> Terminal:
    """What the command prints."""
    rows = [
        (claim.title, VERDICTS[claim.verdict], effect.title, shown(effect))
        for claim in record.claims
        for effect in claim.effects
    ]
    say = [claim.meaning for claim in record.claims] if len(record.claims) == 1 else []
    return Terminal(
        headings=("claim", "verdict", "effect", "size"), rows=rows, sentences=say, answer=[headline(record)]
    )


def headline(record: Claims) -> str:
    """How many claims hold."""
    held = sum(claim.verdict == "holds" for claim in record.claims)
    return f"{held} of {pluralise(len(record.claims), 'claim')} hold here."


def shown(effect: MeasuredEffect) -> str:
    """An effect in words."""
    scale, unit = (100, "points") if effect.unit == "points" else (1, effect.unit)
    mean = effect.mean
    return f"{scale * mean.value:.3g} ({scale * mean.low:.3g} to {scale * mean.high:.3g}) {unit}".strip()
