"""The methods compared by cross-validation on the training part."""

from typing import Any

from headstart.records.record import Scores
from headstart.report.figures.dots import Dot, dots
from headstart.report.metric import Metric, get_metric
from headstart.report.text import capitalise, join_words, overlap, pluralise
from headstart.studies.adapt import Candidate
from headstart.studies.adapt.run_records import Given
from headstart.studies.adapt.table import headings, ranked, table


def view(given: Given) -> dict[str, Any]:
    """The table, the figure and what to read from them."""
    result = given.result
    return {
        "say": [_leader(given), _dropped(result.candidates)],
        "why": result.why,
        "rows": table(result, given.timings),
        "headings": headings(result),
        "metric": capitalise(get_metric(result.metric).title),
        "figure": _figure(ranked(result), result.selected, get_metric(result.metric)),
    }


def _finished(candidates: list[Candidate]) -> list[tuple[Candidate, Scores]]:
    """The candidates tried on every fold, best first."""
    done = [(c, c.scores) for c in candidates if c.scores and not c.dropped]
    return sorted(done, key=lambda pair: -pair[1].main_figure.value)


def _leader(given: Given) -> str:
    done = _finished(given.result.candidates)
    if not done:
        return "No method was tried on all folds."
    (first, top), others = done[0], done[1:]
    metric = get_metric(given.result.metric)
    best = metric.shown(top.main_figure)
    if not others:
        return f"{first.title} is the only method tried on all folds: {best}."
    if first.name == given.result.selected:
        second, runner_up = others[0]
        said = f"The runner-up, {second.title}, reached {metric.value(runner_up.main_figure.value)}"
    else:
        found = [scores for c, scores in others if c.name == given.result.selected]
        reached = metric.value(found[0].main_figure.value) if found else "no figure over all folds"
        runner_up = found[0] if found else others[0][1]
        said = f"{given.title} was selected all the same, with {reached}"
    return (
        f"{first.title} had the highest cross-validated {metric.title}, {best}. "
        f"{said}; {_apart(top, runner_up)}."
    )


def _apart(a: Scores, b: Scores) -> str:
    if overlap(a.main_figure, b.main_figure):
        return "their intervals overlap, so the order of the two may be chance"
    return "their intervals do not overlap"


def _dropped(candidates: list[Candidate]) -> str:
    dropped = [c.title for c in candidates if c.dropped]
    if not dropped:
        return f"All {pluralise(len(candidates), 'method')} were tried on every fold."
    some = pluralise(len(dropped), "method was", "methods were")
    return f"{some} dropped before the last fold: {join_words(dropped)}."


def _figure(candidates: list[Candidate], selected: str, metric: Metric) -> str:
    scored = [(c, c.scores.main_figure) for c in candidates if c.scores]
    if not scored:
        return ""
    rows = []
    for c, figure in scored:
        style = "selected" if c.name == selected else "faint" if c.dropped else ""
        rows.append(Dot(c.title, figure, metric.value(figure.value), style))
    axis = metric.axis([v for _, figure in scored for v in (figure.low, figure.high)], metric.title, 5)
    said = [f"{row.name} {metric.shown(row.interval)}" for row in rows]
    label = f"Cross-validated {metric.title} with 95 % intervals: {', '.join(said)}"
    return dots(rows, axis, label)
