"""The test part: all models on it; which classes are confused, tag by tag, or column by column of numbers."""

from typing import Any

from headstart.records.record import Interval
from headstart.report.axis import Axis, linear
from headstart.report.figures import Dot, Plot, dots, heat, metric_dots
from headstart.report.metric import VERDICTS, Metric, get_metric, tone
from headstart.report.text import (
    SPACE,
    amount,
    capitalise,
    minus,
    percent,
    pluralise,
    quoted,
    short,
    shorten_middle,
    significant,
    whole,
)
from headstart.studies.adapt import ColumnFigures, TagFigures, Tested
from headstart.studies.adapt.summary import RunRecords, forgotten, metrics

CLASSES = 40  # that are drawn
TAGS = 25  # that are drawn
COLUMNS = 12  # that are drawn
LONGEST = 40  # letters of a tag's name
FEW = 10  # rows of which little can be said
LEAN = 0.1  # of the mean error: what is off in one direction by less is not worth a word
AP, R2, MAE, RMSE = map(get_metric, ("average_precision", "r2", "mae", "rmse"))


# --- all models on the held-out test part


def held_out(run: RunRecords) -> dict[str, Any]:
    """Scores of every tested model and the paired differences."""
    result, metric = run.result, get_metric(run.result.metric)
    title = capitalise(metric.title)
    figures = [(t.title, t.scores.main_figure, "" if t.gain else "selected") for t in result.tested]
    return {
        "say": [_promise(run, metric), *forgotten(result)],
        "headings": [get_metric(name).title for name in metrics(result)],
        "rows": [_row(model, metrics(result), metric) for model in result.tested],
        "metric": title,
        "saved": metric.saved,
        "gained": "Points gained" if metric.is_share else f"{title} {metric.saved}",
        "figures": metric_dots(metric, figures, f"{title} on the test part"),
        "gains": _gain_figure(run, metric),
    }


def _promise(run: RunRecords, metric: Metric) -> str:
    """The score that cross-validation estimated, against that on the test part."""
    if not run.selected or not run.candidate or not run.candidate.scores:
        return ""
    estimated, measured = run.candidate.scores.main_figure, run.selected.scores.main_figure.value
    found, chosen = run.result.two_classes, ""
    if found is not None and found.out_of_fold is not None and hasattr(found.out_of_fold, metric.name):
        estimated = getattr(found.out_of_fold, metric.name)
        chosen = " at its threshold"
    where, worse = "inside that interval", False
    if measured < estimated.low:
        where, worse = "below that interval", not metric.lower
    elif measured > estimated.high:
        where, worse = "above that interval", metric.lower
    if worse:
        several = sum(candidate.folds > 0 for candidate in run.result.candidates) > 1
        chance = f"the {pluralise(run.result.test_rows, 'test row')} are harder than most by chance"
        best = ", as those of the best of several are" * several
        where += f": {chance}, or the figures of cross-validation were too good{best}"
    return (
        f"Cross-validation estimated {metric.shown(estimated)} for the selected method{chosen}. "
        f"The test part, which took no part in the choice, gave {metric.value(measured)}, {where}."
    )


def _row(model: Tested, names: list[str], metric: Metric) -> dict[str, Any]:
    figures, gain = model.scores.figures, model.gain
    return {
        "title": model.title,
        "figures": [get_metric(name).shown(figures[name]) if name in figures else None for name in names],
        "parameters": short(model.trained_parameters),
        "gain": metric.gained(gain) if gain else None,
        "tone": tone(gain) if gain else "",
        "verdict": VERDICTS[tone(gain)] if gain else "",
    }


def _gain_figure(run: RunRecords, metric: Metric) -> str:
    gains = run.baselines
    if not gains:
        return ""
    rows = [Dot(model.title, gain, metric.change(gain.value), tone(gain)) for model, gain in gains]
    low, high = min(0.0, *(gain.low for _, gain in gains)), max(0.0, *(gain.high for _, gain in gains))
    axis = metric.change_axis(low, high, "points" if metric.is_share else metric.title)
    words = ", ".join(f"against {model.title} {metric.gained(gain)}" for model, gain in gains)
    title = f"{capitalise(metric.title)} {metric.saved} by the selected model"
    return dots(rows, axis, f"{title} with 95 % intervals: {words}", zero=0.0)


# --- classes


def confusion(run: RunRecords) -> dict[str, Any]:
    """The heat map and the pair that is confused most."""
    classes, counts = run.result.classes, run.result.confusion
    if not counts or not any(map(sum, counts)):
        return {"say": ["This run recorded no confusion matrix."], "heat": None}

    def errors(i: int) -> int:
        return sum(counts[i]) + sum(row[i] for row in counts) - 2 * counts[i][i]

    most = sorted(range(len(counts)), key=lambda i: (-errors(i), i))[:CLASSES]
    drawn = sorted(most)
    cut = f"Of {len(counts):,} classes the {CLASSES} with the most errors are shown."
    cells = [[counts[i][j] for j in drawn] for i in drawn]
    return {
        "say": [_pair(classes, counts), _hardest_class(classes, counts)],
        "cut": cut if len(drawn) < len(counts) else "",
        "heat": heat([classes[i] for i in drawn], cells, [sum(counts[i]) for i in drawn]),
    }


def _pair(classes: list[str], counts: list[list[int]]) -> str:
    n = len(counts)
    pairs = [(counts[i][j] + counts[j][i], i, j) for i in range(n) for j in range(i + 1, n)]
    most = max((times for times, _, _ in pairs), default=0)
    rows = pluralise(sum(map(sum, counts)), "test row")
    if not most:
        return f"None of {rows} was misclassified."
    wrong = sum(times for times, _, _ in pairs)
    missed = f"{wrong:,} of {rows} {'was' if wrong == 1 else 'were'} misclassified"
    if most == 1 < wrong:
        return f"{missed}; no two classes were confused more than once."
    _, i, j = next(pair for pair in pairs if pair[0] == most)
    i, j = (j, i) if counts[j][i] > counts[i][j] else (i, j)
    equals = sum(times == most for times, _, _ in pairs) - 1
    tied = f" ({pluralise(equals, 'other pair')} as often)" if equals else ""
    a, b = quoted(classes[i]), quoted(classes[j])
    if wrong == 1:
        return f"{missed}: {a} was predicted as {b}."
    back = f"the other way round {counts[j][i]:,}" if counts[j][i] else "never the other way round"
    often = f"Most often confused are {a} and {b}, {pluralise(most, 'time')}{tied}"
    return f"{missed}. {often}: {a} was predicted as {b} {pluralise(counts[i][j], 'time')}, {back}."


def _hardest_class(classes: list[str], counts: list[list[int]]) -> str:
    shares = [(counts[i][i] / sum(row), i) for i, row in enumerate(counts) if sum(row)]
    low, i = min(shares)
    if low == max(shares)[0]:
        return ""
    right = f"{counts[i][i]:,} of {pluralise(sum(counts[i]), 'row')}"
    return f"The hardest class is {quoted(classes[i])}: {right} classified correctly, {percent(low)}."


# --- tags


def tags(run: RunRecords) -> dict[str, Any]:
    """A figure of the average precisions, best first, and a table of all tags in their order."""
    figures, rows = run.result.tags, run.result.test_rows
    if not figures:
        return {"say": ["This run recorded no figures of single tags."], "figure": "", "cut": "", "rows": []}
    ranked = [(tag, tag.average_precision) for tag in figures if tag.average_precision]
    ranked.sort(key=lambda pair: -pair[1].value)
    return {
        "say": [_hardest_tag(ranked, rows), *_rare(figures)],
        "figure": _precision_figure(ranked[-TAGS:]) if ranked else "",
        "cut": f"The {TAGS} tags with the lowest figures are drawn." if len(ranked) > TAGS else "",
        "rows": [
            {
                "name": tag.name,
                "rows": f"{tag.rows:,}",
                "share": percent(tag.rows / rows) if rows else "",
                "predicted": f"{tag.said:,}",
                "figures": [f and AP.shown(f) for f in (tag.average_precision, tag.precision, tag.recall)],
            }
            for tag in figures
        ],
    }


def _hardest_tag(ranked: list[tuple[TagFigures, Interval]], rows: int) -> str:
    if not ranked:
        return "No test row has a tag."
    (easy, high), (hard, low) = ranked[0], ranked[-1]
    if len(ranked) == 1:
        return f"The one tag, {quoted(easy.name)}, has an average precision of {AP.shown(high)}."
    return (
        f"Predicted best is {quoted(easy.name)}, with an average precision of {AP.shown(high)}; the "
        f"hardest tag is {quoted(hard.name)}, with {AP.shown(low)}, where sorting the rows at random would "
        f"give about {percent(hard.rows / rows)}."
    )


def _rare(figures: list[TagFigures]) -> list[str]:
    none, few = sum(tag.rows == 0 for tag in figures), sum(0 < tag.rows < FEW for tag in figures)
    are, have = "is" if none == 1 else "are", "has" if few == 1 else "have"
    absent = f"{pluralise(none, 'tag')} that no test row has {are} left out of the averages."
    rare = f"{pluralise(few, 'tag')} {have} fewer than {FEW} test rows: look at the intervals."
    return [absent if none else "", rare if few else ""]


def _precision_figure(ranked: list[tuple[TagFigures, Interval]]) -> str:
    rows = [Dot(shorten_middle(tag.name, LONGEST), figure, percent(figure.value)) for tag, figure in ranked]
    axis = AP.axis([value for _, figure in ranked for value in (figure.low, figure.high)], AP.title, 5)
    words = ", ".join(f"{tag.name} {AP.shown(figure)}" for tag, figure in ranked)
    return dots(rows, axis, f"Average precision of each tag with 95 % intervals: {words}")


# --- columns of numbers


def fit(run: RunRecords) -> dict[str, Any]:
    """Two figures a column, and a table if there are several."""
    columns, several = run.result.columns, len(run.result.columns) > 1
    if not columns:
        return {"say": ["This run recorded no predictions of numbers."], "columns": [], "rows": []}
    cut = f"The first {COLUMNS} of {len(columns)} columns are drawn." if len(columns) > COLUMNS else ""
    return {
        "say": [_best_and_worst(columns) if several else _typical(columns[0])],
        "columns": [_panel(column, several) for column in columns[:COLUMNS]],
        "cut": cut,
        "rows": [
            {
                "name": column.name,
                "figures": [R2.shown(column.r2), MAE.shown(column.mae), RMSE.shown(column.rmse)],
                "mean": MAE.value(column.mean_mae),
            }
            for column in columns
            if several
        ],
    }


def _best_and_worst(columns: list[ColumnFigures]) -> str:
    ordered = sorted(columns, key=lambda column: column.r2.value)
    low, high = ordered[0], ordered[-1]
    return (
        f"Predicted best is {quoted(high.name)}, with R\u00b2 {R2.shown(high.r2)}; "
        f"worst is {quoted(low.name)}, with {R2.shown(low.r2)}."
    )


def _typical(column: ColumnFigures) -> str:
    error = MAE.shown(column.mae)
    less = 1 - column.mae.value / column.mean_mae if column.mean_mae else 0.0
    than = f"{percent(abs(less))} {'less' if less >= 0 else 'more'} than by always predicting the mean"
    return (
        f"A prediction is off by {error.value} on average (95{SPACE}% interval {error.interval}), {than}, "
        f"which is off by {MAE.value(column.mean_mae)}. {_lean(column)}"
    )


def _lean(column: ColumnFigures) -> str:
    """Whether errors go one way, as far as the bars show."""
    total, width = max(1, sum(column.errors)), (column.high - column.low) / max(1, len(column.errors))
    mean = sum(n * (column.low + (i + 0.5) * width) for i, n in enumerate(column.errors)) / total
    if abs(mean) <= max(2 * column.rmse.value / total**0.5, LEAN * column.mae.value):
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
    x = linear(min(values), max(values), amount, f"true {shorten_middle(column.name, 24)}", most=6)
    plot = Plot(x, Axis(x.low, x.high, x.ticks, "predicted"), 300)
    plot.line([(x.low, x.low), (x.high, x.high)], "ideal")
    style = "s1 seed" if len(column.truth) > 40 else "s1"
    for truth, answer in zip(column.truth, column.answers, strict=True):
        hover = f"true {minus(significant(truth, 4))}, predicted {minus(significant(answer, 4))}"
        plot.dot((truth, answer), style, hover, 3.2)
    rows = pluralise(len(column.truth), "test row")
    return plot.figure(f"Predicted against true {column.name} of {rows}; R\u00b2 {R2.shown(column.r2)}")


def _errors(column: ColumnFigures) -> str:
    width = (column.high - column.low) / len(column.errors)
    x = linear(column.low, column.high, amount, "predicted less true", most=6)
    plot = Plot(x, linear(0, max(1, *column.errors), whole, "rows", 6), 300)
    for i, count in enumerate(column.errors):
        left = column.low + i * width
        between = f"{minus(significant(left, 3))} to {minus(significant(left + width, 3))}"
        if count:
            plot.bar(left, left + width, count, "s1", f"{pluralise(count, 'row')}: {between}")
    spread = RMSE.shown(column.rmse)
    return plot.figure(f"Errors of {column.name}: predicted less true; root mean squared error {spread}")
