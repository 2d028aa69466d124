"""The verdict on a shift in plain words, and what to do about it."""

import shlex
from typing import NamedTuple

from headstart.records.record import Interval

FEW = 50  # rows of a domain below which little can be seen
CHANCE = 0.01  # p-values below are not taken for chance
EASY, PLAIN = 0.8, 0.6  # areas under the curve: separated easily, plainly
MOST, SOME = 0.8, 0.2  # shares of target rows within reach of the source
CARRY, ROWS = 0.1, 30  # weighted rows must be as good as that share of the source, and as that many
APART = 0.05  # total variation of the classes' shares that is worth a word


class Figures(NamedTuple):
    """All that the verdict hangs on."""

    auc: Interval  # of the classifier of the two domains
    mmd_p: float  # of the kernel test
    drifted: int  # quantities with another distribution
    quantities: int  # that were used
    inside: float  # share of target rows within reach of the source
    effective: float  # source rows that the weighted ones are as good as
    source_rows: int  # that were used
    target_rows: int
    moved: float = 0.0  # total variation of the classes' shares, where it is known
    at_shares: Interval | None = None  # AUC of source rows that have the target's shares of classes


def verdict(found: Figures) -> str:
    """In a word.

    "none": no difference is found. "slight": a test does, the classifier hardly. "labels": the shares
    of the classes explain it all. "weights": source rows can stand for nearly all target rows. "partly": for
    some. "apart": for hardly any, or so few source rows would count that weights are no cure.
    """
    if found.auc.low <= 0.5:
        return "slight" if found.mmd_p < CHANCE or found.drifted else "none"
    if found.at_shares is not None and found.moved >= APART and found.at_shares.low <= 0.5:
        return "labels"
    if found.inside < SOME or not _carried(found):
        return "apart"
    if found.auc.value < PLAIN and found.inside >= MOST:
        return "slight"
    return "weights" if found.inside >= MOST else "partly"


def headline(found: Figures) -> str:
    """The verdict in a sentence."""
    auc, inside = f"AUC {found.auc.value:.2f}", f"{_percent(found.inside)} of its rows"
    where = f"{inside} lie where the source has rows"
    return {
        "none": f"The two can hardly be distinguished ({auc}).",
        "slight": f"The two are very similar ({auc}).",
        "labels": f"The target differs ({auc}), and other shares of the same classes explain it.",
        "weights": f"The target differs ({auc}); {where}: weights can help.",
        "partly": f"The target differs ({auc}); {where}: weights can help for those, alignment or "
        f"translation for the rest.",
        "apart": f"The target differs ({auc}); {_why_apart(found)}: align or translate.",
    }[verdict(found)]


def sentences(found: Figures) -> list[str]:
    """What the figures say one by one, and what follows."""
    return [part for part in (_told_apart(found), _quantities(found), _reach(found), _advice(found)) if part]


def warnings(found: Figures) -> list[str]:
    """What makes the figures less sure."""
    few = min(found.source_rows, found.target_rows)
    if few >= FEW:
        return []
    which = "source" if found.source_rows <= found.target_rows else "target"
    return [f"The {which} has {few} rows that could be used: only a large shift can be seen with so few."]


def commands(found: Figures, source: str, target: str) -> list[str]:
    """What to type next."""
    if verdict(found) in ("none", "labels"):
        return [shlex.join(["headstart", "adapt", source])]
    return [shlex.join(["headstart", "align", "--source", source, "--target", target])]


def _carried(found: Figures) -> bool:
    """Whether enough source rows would carry the weight."""
    return found.effective >= max(min(ROWS, found.source_rows / 2), CARRY * found.source_rows)


def _why_apart(found: Figures) -> str:
    if found.inside < SOME:
        return f"only {_percent(found.inside)} of its rows lie where the source has rows"
    return f"weights would leave {found.effective:,.0f} of {found.source_rows:,} source rows"


def _told_apart(found: Figures) -> str:
    auc = found.auc
    score = f"AUC {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f}; 0.5 is a guess)"
    test = (
        f"A kernel test finds a difference (p = {found.mmd_p:.3f})"
        if found.mmd_p < CHANCE
        else f"A kernel test finds none (p = {found.mmd_p:.2f})"
    )
    if auc.low <= 0.5:
        how = "does no better than a guess"
    elif auc.value >= EASY:
        how = "does so easily"
    else:
        how = "does so in part" if auc.value >= PLAIN else "does so barely"
    return f"A classifier that is to separate target rows from source rows {how}: {score}. {test}."


def _quantities(found: Figures) -> str:
    if not found.quantities:
        return ""
    many = f"{found.quantities:,} quantit{'y' if found.quantities == 1 else 'ies'}"
    if not found.drifted:
        return f"Of {many} tested one by one, none is distributed differently beyond chance."
    verb = "is" if found.drifted == 1 else "are"
    return f"Of {many} tested one by one, {found.drifted:,} {verb} distributed differently."


def _reach(found: Figures) -> str:
    inside = f"{_percent(found.inside)} of the target's rows lie as near to the source as its own rows do"
    worth = f"{found.effective:,.0f} of {found.source_rows:,}"
    return f"{inside}; with weights that make it like the target, the source would be worth {worth} rows."


def _advice(found: Figures) -> str:
    return {
        "none": "Use a model of the source as it is. Whether labels mean the same in both, no figure here "
        "shows.",
        "slight": "A model of the source will mostly do; test it on a few labelled rows of the target.",
        "labels": "Correct the model's probabilities, or weight each class, by its share in the target over "
        "that in the source; there is nothing to align.",
        "weights": "Weight the source's rows, and test the result on a few labelled rows of the target.",
        "partly": "Weights choose among source rows and can do nothing for the rows out of reach: look at "
        "them below, then align or translate, or label some of them.",
        "apart": "Too few source rows are like the target to give weight to: align or translate the domains, "
        "or label some rows of the target. Look at the rows below first: such a gap is often one simple "
        "thing.",
    }[verdict(found)]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
