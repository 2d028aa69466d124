"""The verdict on a shift in plain words, and what to do about it."""

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from headstart.records.record import Interval
from headstart.report.metric import SHARE
from headstart.report.text import pluralise

FEW = 50  # rows of a domain below which little can be seen
CHANCE = 0.01  # p-values below are not taken for chance
EASY, PLAIN = 0.8, 0.6  # areas under the curve: separated easily, plainly
MOST, SOME = 0.8, 0.2  # shares of target rows within reach of the source
WIDE = 100  # columns, in more of which all rows are about as far from each other
CARRY, ROWS = 0.1, 30  # weighted rows must be as good as that share of the source, and as that many
APART = 0.05  # total variation of the classes' shares that is worth a word


class Figures(NamedTuple):
    """All that the verdict depends on."""

    auc: Interval  # of the classifier of the two domains
    mmd_p: float  # of the kernel test
    drifted: int  # quantities with another distribution
    quantities: int  # that were tested
    inside: float  # share of target rows within reach of the source
    effective: float  # source rows that the weighted ones are as good as
    source_rows: int  # that were used
    target_rows: int
    moved: float = 0.0  # total variation of the classes' shares, where it can be estimated
    at_shares: Interval | None = None  # AUC of source rows that have the target's shares of classes
    width: int = 1  # columns of the features

    @property
    def reach_says(self) -> bool:
        """Whether the share within reach is a finding."""
        return says_reach(self.inside, self.width)


def says_reach(inside: float, width: int) -> bool:
    """Whether a share of target rows within reach is a finding: a high one in many columns is none.

    There distances are much alike, and rows that a classifier separates with ease are within reach, too.
    """
    return width <= WIDE or inside < MOST


ADVICE = {
    "none": "Use a model of the source as it is. Whether labels mean the same in both, no figure here shows.",
    "slight": "A model of the source will mostly do; test it on a few labelled rows of the target.",
    "labels": "Correct the model's probabilities, or weight each class, by its share in the target over that "
    "in the source; there is nothing to align.",
    "weights": "Weight the source's rows, and test the result on a few labelled rows of the target.",
    "partly": "Weights choose among source rows and can do nothing for the rows out of reach: look at them "
    "below, then align or translate, or label some of them.",
    "apart": "Too few source rows are like the target to give weight to: align or translate the domains, or "
    "label some rows of the target. Look first at the rows that are least alike: such a gap is often one "
    "simple thing.",
}


def verdict(figures: Figures) -> str:
    """In a word.

    "none": no difference is found. "slight": a test finds one, the classifier hardly. "labels": the shares
    of the classes explain it all. "weights": source rows can stand for nearly all target rows. "partly": for
    some. "apart": for hardly any, or so few source rows would count that weights don't help.
    """
    if figures.auc.low <= 0.5:
        return "slight" if figures.mmd_p < CHANCE or figures.drifted else "none"
    if figures.at_shares is not None and figures.moved >= APART and figures.at_shares.low <= 0.5:
        return "labels"
    enough = max(min(ROWS, figures.source_rows / 2), CARRY * figures.source_rows)
    if figures.inside < SOME or figures.effective < enough:
        return "apart"
    if figures.auc.value < PLAIN and figures.inside >= MOST:
        return "slight"
    return "weights" if figures.inside >= MOST else "partly"


def headline(figures: Figures) -> str:
    """The verdict in a sentence."""
    differs, inside = f"The target differs (AUC {figures.auc.value:.2f})", SHARE.plain().value(figures.inside)
    where = f"{differs}; {inside} of its rows lie where the source has rows: weights can help"
    if not figures.reach_says:
        worth = f"{figures.effective:,.0f} of {figures.source_rows:,}"
        where = f"{differs}; weighted to be like it, the source is worth {worth} rows: weights can help"
    why = f"weights would leave {figures.effective:,.0f} of {figures.source_rows:,} source rows"
    if figures.inside < SOME:
        why = f"only {inside} of its rows lie where the source has rows"
    return {
        "none": f"The two can hardly be distinguished (AUC {figures.auc.value:.2f}).",
        "slight": f"The two are very similar (AUC {figures.auc.value:.2f}).",
        "labels": f"{differs}, and other shares of the same classes explain it.",
        "weights": f"{where}.",
        "partly": f"{where} for those, alignment or translation for the rest.",
        "apart": f"{differs}; {why}: align or translate.",
    }[verdict(figures)]


def sentences(figures: Figures) -> list[str]:
    """What the figures mean one by one, and what follows."""
    worth = f"{figures.effective:,.0f} of {figures.source_rows:,}"
    weighted = f"ith weights that make it like the target, the source would be worth {worth} rows."
    reach = f"W{weighted}"
    if figures.reach_says:
        share = SHARE.plain().value(figures.inside)
        reach = f"{share} of the target's rows lie as near to the source as its own rows do; w{weighted}"
    return [_separation(figures), *_quantities(figures), reach, ADVICE[verdict(figures)]]


def warnings(figures: Figures) -> list[str]:
    """What makes the figures less sure."""
    few = min(figures.source_rows, figures.target_rows)
    which = "source" if figures.source_rows <= figures.target_rows else "target"
    text = f"The {which} has {few} rows that could be used: only a large shift can be seen with so few."
    return [text] if few < FEW else []


def commands(figures: Figures, source: str, target: str, options: Sequence[str] = ()) -> list[str]:
    """What to type next, with options that say how the files are read."""
    if verdict(figures) in ("none", "labels"):
        return [shlex.join(["headstart", "adapt", source, *options])]
    return [shlex.join(["headstart", "align", "--source", source, "--target", target, *options])]


def _separation(figures: Figures) -> str:
    auc, p = figures.auc, figures.mmd_p
    test = f"a difference (p = {p:.3f})" if p < CHANCE else f"none (p = {p:.2f})"
    if auc.low <= 0.5:
        how = "does no better than chance"
    elif auc.value >= EASY:
        how = "does so easily"
    else:
        how = "does so in part" if auc.value >= PLAIN else "does so barely"
    return (
        f"A classifier that is to separate target rows from source rows {how}: AUC {auc.value:.3f} "
        f"({auc.low:.3f} to {auc.high:.3f}; 0.5 is chance). A kernel test finds {test}."
    )


def _quantities(figures: Figures) -> list[str]:
    tested, drifted = pluralise(figures.quantities, "quantity", "quantities"), figures.drifted
    which = f"{drifted:,} {'is' if drifted == 1 else 'are'} distributed differently"
    if not drifted:
        which = "none is distributed differently beyond chance"
    return [f"Of {tested} tested one by one, {which}."] if figures.quantities else []
