"""Each column of numbers: predicted against true, and how the errors lie."""

from typing import Any

from headstart.report.figures.axis import Axis, linear
from headstart.report.figures.plot import Plot
from headstart.report.metric import get_metric
from headstart.report.text import (
    SPACE,
    amount,
    minus,
    percent,
    pluralise,
    quoted,
    shorten_middle,
    significant,
)
from headstart.studies.adapt import ColumnFigures
from headstart.studies.adapt.run_records import Given

MOST = 12  # columns that are drawn
LEAN = 0.1  # of the mean error: what is off in one direction by less is not worth a word
FAR = 2.0  # root mean squared errors; beyond lie one of twenty if errors are normal


def view(given: Given) -> dict[str, Any]:
    """Two figures a column, and a table if there are several."""
    columns = given.result.columns
    if not columns:
        return {"say": ["This run recorded no predictions of numbers."], "columns": [], "rows": []}
    shown = columns[:MOST]
    return {
        "say": [_best_and_worst(columns), *(_typical(one) for one in columns[:1] if len(columns) == 1)],
        "columns": [_panel(one, len(columns) > 1) for one in shown],
        "cut": f"The first {MOST} of {len(columns)} columns are drawn." if len(columns) > MOST else "",
        "rows": [_row(one) for one in columns] if len(columns) > 1 else [],
    }


def _best_and_worst(columns: list[ColumnFigures]) -> str:
    if len(columns) == 1:
        return ""
    ordered = sorted(columns, key=lambda one: one.r2.value)
    low, high = ordered[0], ordered[-1]
    r2 = get_metric("r2")
    return (
        f"Predicted best is {quoted(high.name)}, with R\u00b2 {r2.shown(high.r2)}; "
        f"worst is {quoted(low.name)}, with {r2.shown(low.r2)}."
    )


def _typical(column: ColumnFigures) -> str:
    error = get_metric("mae").shown(column.mae)
    less = 1 - column.mae.value / column.mean_mae if column.mean_mae else 0.0
    than = f"{percent(abs(less))} {'less' if less >= 0 else 'more'} than by always telling the mean"
    return (
        f"A prediction is off by {error.value} on average (95{SPACE}% interval {error.interval}), {than}, "
        f"which is off by {get_metric('mae').value(column.mean_mae)}. {_lean(column)}"
    )


def _lean(column: ColumnFigures) -> str:
    """Whether errors go one way, as far as the bars tell."""
    total, width = sum(column.errors), (column.high - column.low) / max(1, len(column.errors))
    middles = [column.low + (i + 0.5) * width for i in range(len(column.errors))]
    mean = sum(n * m for n, m in zip(column.errors, middles, strict=True)) / max(1, total)
    chance = 2 * column.rmse.value / max(1, total) ** 0.5
    if abs(mean) <= max(chance, LEAN * column.mae.value):
        return "Predictions are not clearly too large or too small on the whole."
    way = "large" if mean > 0 else "small"
    return f"On the whole predictions are too {way}, by about {significant(abs(mean), 2)}."


def _panel(column: ColumnFigures, named: bool) -> dict[str, str]:
    return {
        "name": column.name if named else "",
        "scatter": _scatter(column),
        "points": f"{pluralise(len(column.truth), 'test row')}; on the dashed line both are equal.",
        "errors": _errors(column),
    }


def _scatter(column: ColumnFigures) -> str:
    values = [*column.truth, *column.answers]
    axis = linear(min(values), max(values), amount, most=6)
    name = shorten_middle(column.name, 24)
    x, y = (
        Axis(axis.low, axis.high, axis.ticks, f"true {name}"),
        Axis(axis.low, axis.high, axis.ticks, "predicted"),
    )
    plot = Plot(x, y, 300)
    plot.line([(axis.low, axis.low), (axis.high, axis.high)], "ideal")
    style = "s1 seed" if len(column.truth) > 40 else "s1"
    for truth, answer in zip(column.truth, column.answers, strict=True):
        hover = f"true {minus(significant(truth, 4))}, predicted {minus(significant(answer, 4))}"
        plot.dot((truth, answer), style, hover, 3.2)
    r2 = get_metric("r2").shown(column.r2)
    return plot.figure(
        f"Predicted against true {column.name} of {pluralise(len(column.truth), 'test row')}; R\u00b2 {r2}"
    )


def _errors(column: ColumnFigures) -> str:
    width = (column.high - column.low) / len(column.errors)
    axis = linear(column.low, column.high, amount, most=6)
    x = Axis(axis.low, axis.high, axis.ticks, "predicted less true")
    rows = linear(0, max(1, *column.errors), lambda v: f"{v:,.0f}" if v % 1 == 0 else "", "rows", 6)
    plot = Plot(x, rows, 300)
    for i, count in enumerate(column.errors):
        left = column.low + i * width
        between = f"{minus(significant(left, 3))} to {minus(significant(left + width, 3))}"
        if count:
            plot.bar(left, left + width, count, "s1", f"{pluralise(count, 'row')}: {between}")
    spread = get_metric("rmse").shown(column.rmse)
    return plot.figure(f"Errors of {column.name}: predicted less true; root mean squared error {spread}")


def _row(column: ColumnFigures) -> dict[str, Any]:
    return {
        "name": column.name,
        "figures": [get_metric(name).shown(getattr(column, name)) for name in ("r2", "mae", "rmse")],
        "mean": get_metric("mae").value(column.mean_mae),
    }
