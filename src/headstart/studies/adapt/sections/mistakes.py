"""The most confident mistakes, as pictures or words."""

from pathlib import Path
from typing import Any

from headstart.report.html import picture_data
from headstart.report.text import MINUS, minus, percent, pluralise, quoted, significant
from headstart.studies.adapt import Mistake
from headstart.studies.adapt.run_records import Given


def view(given: Given) -> dict[str, Any]:
    """Each mistake with its picture or its words inside the page."""
    mistakes = given.result.mistakes
    if not mistakes:
        return {"say": [_none(given)], "mistakes": []}
    most = max(abs(m.error or 0.0) for m in mistakes)
    say = _errors(mistakes) if given.result.label_kind == "numbers" else _say(mistakes)
    return {"say": [say], "mistakes": [_card(given.run, m, most) for m in mistakes]}


def _none(given: Given) -> str:
    if given.result.label_kind != "classes":
        return "The selected model made no mistake on the test part."
    counts = given.result.confusion
    total = sum(map(sum, counts))
    if total and total == sum(row[i] for i, row in enumerate(counts)):
        return f"The selected model made no mistake on {pluralise(total, 'test row')}."
    return "This run recorded no mistakes one by one."


def _say(mistakes: list[Mistake]) -> str:
    most = max(mistakes, key=lambda m: m.confidence)
    sure = sum(m.confidence >= 0.9 for m in mistakes)
    if len(mistakes) == 1:
        which = f"It took {most.item} for {quoted(most.answer)} with confidence {percent(most.confidence)}"
        return f"{which}; its label says {quoted(most.truth)}."
    return (
        f"Of these {len(mistakes):,} mistakes {sure:,} {'was' if sure == 1 else 'were'} made with "
        f"a confidence of 90 % or more; the highest is {percent(most.confidence)}. "
        "Look for wrong labels among them."
    )


def _errors(mistakes: list[Mistake]) -> str:
    over = sum((m.error or 0.0) > 0 for m in mistakes)
    if len(mistakes) == 1:
        return f"{mistakes[0].item} was predicted as {mistakes[0].answer} and is {mistakes[0].truth}."
    return (
        f"Of these {len(mistakes):,} rows {over:,} {'was' if over == 1 else 'were'} predicted too large, the "
        f"others too small. Look for wrong numbers among them."
    )


def _card(run: Path, mistake: Mistake, most: float) -> dict[str, str]:
    """`most` is the largest error of all."""
    alt = f"{mistake.item}: {mistake.truth}, answered as {mistake.answer}"
    sure, part = percent(mistake.confidence), mistake.confidence
    if mistake.error is not None:
        off = minus(significant(mistake.error))
        sure, part = off if off.startswith(MINUS) else f"+{off}", abs(mistake.error) / (most or 1.0)
    return {
        "source": picture_data(run, mistake.picture),
        "alt": alt,
        "text": mistake.text,
        "item": mistake.item,
        "truth": mistake.truth,
        "answer": mistake.answer,
        "confidence": sure,
        "part": f"{part:.3f}",
    }
