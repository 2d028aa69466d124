"""The methods compared by cross-validation on the training part."""

from typing import Any

from headstart.report.figures.axis import linear, within
from headstart.report.figures.dots import Dot, dots
from headstart.report.given import Given
from headstart.report.table import ranked, table
from headstart.report.words import counted, in_percent, listed, overlap, percent, round_percent
from headstart.study.records import Candidate, Scores


def view(given: Given) -> dict[str, Any]:
    """The table, the figure and what to read from them."""
    result = given.result
    return {
        "say": [_leader(given), _dropped(result.candidates)],
        "why": result.why,
        "rows": table(result, given.timings),
        "figure": _figure(ranked(result), result.selected),
    }


def _finished(candidates: list[Candidate]) -> list[tuple[Candidate, Scores]]:
    """The candidates tried on every fold, by falling accuracy."""
    done = [(c, c.scores) for c in candidates if c.scores and not c.dropped]
    return sorted(done, key=lambda pair: -pair[1].accuracy.value)


def _leader(given: Given) -> str:
    done = _finished(given.result.candidates)
    if not done:
        return "No method was tried on all folds."
    (first, top), others = done[0], done[1:]
    accuracy = in_percent(top.accuracy)
    if not others:
        return f"{first.title} is the only method tried on all folds: {accuracy}."
    if first.name == given.result.selected:
        second, runner_up = others[0]
        told = f"The runner-up, {second.title}, reached {percent(runner_up.accuracy.value)}"
    else:
        found = [scores for c, scores in others if c.name == given.result.selected]
        reached = percent(found[0].accuracy.value) if found else "no figure over all folds"
        runner_up = found[0] if found else others[0][1]
        told = f"{given.title} was selected all the same, with {reached}"
    return (
        f"{first.title} had the highest cross-validated accuracy, {accuracy}. "
        f"{told}; {_apart(top, runner_up)}."
    )


def _apart(a: Scores, b: Scores) -> str:
    if overlap(a.accuracy, b.accuracy):
        return "their intervals overlap, so the order of the two may be chance"
    return "their intervals do not overlap"


def _dropped(candidates: list[Candidate]) -> str:
    dropped = [c.title for c in candidates if c.dropped]
    if not dropped:
        return f"All {counted(len(candidates), 'method')} were tried on every fold."
    some = counted(len(dropped), "method was", "methods were")
    return f"{some} dropped before the last fold: {listed(dropped)}."


def _figure(candidates: list[Candidate], selected: str) -> str:
    scored = [(c, c.scores.accuracy) for c in candidates if c.scores]
    if not scored:
        return ""
    rows = []
    for c, accuracy in scored:
        style = "selected" if c.name == selected else "faint" if c.dropped else ""
        rows.append(Dot(c.title, accuracy, percent(accuracy.value), style))
    ends = within(0, 1, [v for _, accuracy in scored for v in (accuracy.low, accuracy.high)])
    told = [f"{row.name} {in_percent(row.interval)}" for row in rows]
    label = f"Cross-validated accuracy with 95 % intervals: {', '.join(told)}"
    return dots(rows, linear(*ends, round_percent, "accuracy", 5), label)
