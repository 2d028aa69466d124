"""The selected model and the baselines on the test part."""

from typing import Any

from headstart.report.figures.dots import Dot, dots
from headstart.report.metric import VERDICTS, Metric, get_metric, tone
from headstart.report.text import capitalise, short
from headstart.studies.adapt import Tested
from headstart.studies.adapt.run_records import Given
from headstart.studies.adapt.table import headings, metrics


def view(given: Given) -> dict[str, Any]:
    """Scores of every tested model and the paired differences."""
    metric = get_metric(given.result.metric)
    return {
        "say": [_promise(given, metric)],
        "headings": headings(given.result),
        "rows": [_row(tested, metrics(given.result), metric) for tested in given.result.tested],
        "metric": capitalise(metric.title),
        "gained": "Points gained" if metric.is_share else f"{capitalise(metric.title)} gained",
        "figures": _figures(given.result.tested, metric),
        "gains": _gains(given.baselines, metric),
    }


def _promise(given: Given, metric: Metric) -> str:
    """What cross-validation foretold, against what the test part gave."""
    chosen, winner = given.chosen, given.winner
    if not chosen or not winner or not winner.scores:
        return ""
    foretold, found = winner.scores.main_figure, chosen.scores.main_figure.value
    if found < foretold.low:
        where = "below that interval, so the choice was made on figures that were too good"
    elif found > foretold.high:
        where = "above that interval"
    else:
        where = "inside that interval"
    return (
        f"Cross-validation foretold {metric.shown(foretold)} for the selected method. "
        f"The test part, which took no part in the choice, gave {metric.value(found)}, {where}."
    )


def _row(tested: Tested, names: list[str], metric: Metric) -> dict[str, Any]:
    known, gain = tested.scores.figures, tested.gain
    figures = [get_metric(name).shown(known[name]) if name in known else None for name in names]
    return {
        "title": tested.title,
        "figures": figures,
        "parameters": short(tested.trained_parameters),
        "gain": metric.gained(gain) if gain else None,
        "tone": tone(gain) if gain else "",
        "verdict": VERDICTS[tone(gain)] if gain else "",
    }


def _figures(tested: list[Tested], metric: Metric) -> str:
    if not tested:
        return ""
    rows = []
    for t in tested:
        figure = t.scores.main_figure
        style = "" if t.gain else "selected"
        rows.append(Dot(t.title, figure, metric.value(figure.value), style))
    axis = metric.axis([v for row in rows for v in (row.interval.low, row.interval.high)], metric.title, 5)
    said = [f"{row.name} {metric.shown(row.interval)}" for row in rows]
    label = f"{capitalise(metric.title)} on the test part with 95 % intervals: {', '.join(said)}"
    return dots(rows, axis, label)


def _gains(baselines: list[Tested], metric: Metric) -> str:
    gains = [(t.title, t.gain) for t in baselines if t.gain]
    if not gains:
        return ""
    rows = [Dot(title, gain, metric.change(gain.value), tone(gain)) for title, gain in gains]
    low = min(0.0, *(gain.low for _, gain in gains))
    high = max(0.0, *(gain.high for _, gain in gains))
    axis = metric.change_axis(low, high, "points" if metric.is_share else metric.title)
    said = [f"against {title} {metric.gained(gain)}" for title, gain in gains]
    label = f"{capitalise(metric.title)} gained by the selected model with 95 % intervals: {', '.join(said)}"
    return dots(rows, axis, label, zero=0.0)
