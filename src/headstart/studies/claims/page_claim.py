"""A claim of the gallery: verdict, figure, effects, and what was done."""

import re
from typing import Any

from headstart.face import spell
from headstart.records.claims import MeasuredEffect, Panel, TestedClaim, Verdict
from headstart.report.effects import TONES, draw_effects, effect_margin, effect_size
from headstart.report.figures import written
from headstart.report.panels import draw_curves, draw_marks, in_words, legend, looks, sample, value_axes
from headstart.report.text import pluralise, seconds

VERDICTS: dict[Verdict, str] = {"holds": "holds", "fails": "does not hold here", "open": "not settled"}
NULL_VERDICTS: dict[Verdict, str] = {"holds": "holds", "fails": "does not hold", "open": "not settled"}
PAPER = re.compile(r"(arXiv:\d{4}\.\d{4,5}|doi:10\.\S*[^\s.,;)])")


def word(verdict: Verdict, null: bool) -> str:
    """What a verdict is called."""
    return NULL_VERDICTS[verdict] if null else VERDICTS[verdict]


def tone(verdict: Verdict, null: bool) -> str:
    """Its colour: of a control none may hold."""
    tones = {"holds": "bad", "fails": "even", "open": "even"} if null else TONES
    return tones[verdict]


def claim_view(claim: TestedClaim, null: bool) -> dict[str, Any]:
    """What the template shows of a claim; with `null` its cause was taken away."""
    return {
        "claim": claim,
        "verdict": word(claim.verdict, null),
        "tone": tone(claim.verdict, null),
        "panels": panels_view(claim.panels),
        "effects": draw_effects(claim.effects, NULL_VERDICTS if null else VERDICTS),
        "paper": linked(claim.paper),
        "about": [
            *([("Taken away", claim.null)] if null else []),
            ("Compared", claim.compared),
            ("Data", claim.data),
            ("Rule, fixed before", claim.rule),
            *([] if null else [("Control", f"Without its cause ({claim.null}) it may not hold.")]),
            ("Computed", f"{pluralise(claim.seeds, 'seed')}, {seconds(claim.seconds)} of one core"),
        ],
        "meaning": "" if null else take_home(claim),
        "advice": "" if null else advice(claim),
    }


def take_home(claim: TestedClaim) -> str:
    """What a newcomer does with it, or how much of one that is not settled holds, in a sentence."""
    if claim.verdict != "open":
        return claim.meaning
    held, count = sum(each.verdict == "holds" for each in claim.effects), len(claim.effects)
    return f"{held} of {pluralise(count, 'effect')} {'holds' if held == 1 else 'hold'}; the rest is open."


def advice(claim: TestedClaim) -> str:
    """What to do with it; of one that is not settled, where it does not hold, too."""
    if claim.verdict != "open":
        return claim.meaning
    return f"More seeds may settle it: {spell('seeds', 20)}. Where it does not hold: {claim.meaning}"


def panels_view(panels: list[Panel]) -> list[dict[str, Any]]:
    """The panels of a figure: title, legend of (drawing, name), drawing."""
    look = looks(panels)
    return [
        {
            "title": panel.title,
            "legend": [(written(sample(one)), name) for name, one in legend(panel, look)],
            "figure": draw_curves(panel, look, axis).figure(in_words(panel))
            if panel.curves
            else draw_marks(panel, look, axis),
        }
        for panel, axis in zip(panels, value_axes(panels), strict=True)
    ]


def linked(paper: str) -> list[tuple[str, str]]:
    """The text of a citation in pieces (text, address); "" is the address of what can't be linked.

    >>> linked("arXiv:2202.10054, fig. 2")
    [('arXiv:2202.10054', 'https://arxiv.org/abs/2202.10054'), (', fig. 2', '')]
    """
    return [(piece, address(piece)) for piece in PAPER.split(paper) if piece]


def address(paper: str) -> str:
    """Where a paper is found; "" if it is not known."""
    kind, _, number = paper.partition(":")
    homes = {"arXiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}
    return homes[kind] + number if PAPER.fullmatch(paper) else ""


def effect_words(effect: MeasuredEffect) -> tuple[str, str]:
    """Size with its interval, and margin."""
    return str(effect_size(effect)), effect_margin(effect)
