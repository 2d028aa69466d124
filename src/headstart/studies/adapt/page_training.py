"""What happened on the training part: methods compared, blocks probed, few labels, learning curves."""

import math
from statistics import fmean, pvariance
from typing import Any

from headstart.report.axis import Axis, doubling, linear
from headstart.report.figures import Plot, metric_dots
from headstart.report.metric import Metric, drawn_metric, get_metric
from headstart.report.text import capitalise, join_words, overlap, pluralise, whole
from headstart.studies._curves import (
    CLASS,
    best_block,
    block_axis,
    by_method,
    describe_ends,
    describe_figure,
    describe_headstart,
    describe_peak,
    describe_rise,
    label_axis,
    mean,
    note_anchor,
    style,
)
from headstart.studies.adapt import Candidate, Curve, Layer, SizePoint
from headstart.studies.adapt.page_added import added_figure
from headstart.studies.adapt.page_reading import readings
from headstart.studies.adapt.summary import RunRecords, about_added, metrics, ranked, table

LEAST = 3  # losses whose spread can be known
POINTS = 160  # of a learning curve that are drawn
FINAL = -1  # the fold of the training on all of the training part


# --- the methods compared by cross-validation


def methods(run: RunRecords) -> dict[str, Any]:
    """The table, the figure and what to read from them."""
    result, metric = run.result, get_metric(run.result.metric)
    styles = {c.name: "faint" if c.dropped else "" for c in result.candidates} | {result.selected: "selected"}
    figures = [(c.title, c.scores.main_figure, styles[c.name]) for c in ranked(result) if c.scores]
    return {
        "say": [_leader(run, metric), *tried_on(result.candidates), *about_added(result)],
        "added": added_figure(result),
        "why": result.why,
        "rows": [row for row in table(result, run.timings) if row.tried],
        "headings": [get_metric(name).title for name in metrics(result)],
        "metric": capitalise(metric.title),
        "figure": metric_dots(metric, figures, f"Cross-validated {metric.title}") if figures[1:] else "",
        "pale": any(style == "faint" for _, _, style in figures),
    }


def _leader(run: RunRecords, metric: Metric) -> str:
    finished = [(c, c.scores) for c in run.result.candidates if c.scores and not c.dropped]
    if not finished:
        return "No method was tried on all folds."
    finished.sort(key=lambda pair: -metric.merit(pair[1].main_figure.value))
    (first, top), others = finished[0], finished[1:]
    highest = metric.shown(top.main_figure)
    if not others:
        return f"{first.title} is the only method tried on all folds: {highest}."
    best = f"{first.title} had the {metric.best} cross-validated {metric.title}, {highest}"
    second, other = others[0]
    if first.name == run.result.selected:
        comparison = f"The runner-up, {second.title}, reached {metric.value(other.main_figure.value)}"
    else:
        selected = next((scores for c, scores in others if c.name == run.result.selected), None)
        if selected is None:
            return f"{best}. {run.title} was selected all the same, on fewer folds; why stands below."
        other = selected
        comparison = f"{run.title} was selected all the same, with {metric.value(selected.main_figure.value)}"
    apart = "their intervals do not overlap"
    if overlap(top.main_figure, other.main_figure):
        apart = "their intervals overlap, so the order of the two may be chance"
    return f"{best}. {comparison}; {apart}."


def tried_on(candidates: list[Candidate]) -> list[str]:
    """Which methods were tried on all folds, on some and on none, and why not, a sentence each."""
    fewer, none = (
        [f"{c.title} on {c.folds}" for c in candidates if c.dropped and c.folds],
        untried(candidates),
    )
    if not fewer and not none:
        return [f"All {pluralise(len(candidates), 'method')} were tried on every fold."]
    of = max(candidate.of_folds for candidate in candidates)
    some = f"{pluralise(len(fewer), 'method was', 'methods were')} tried on fewer than {of} folds"
    return [*([f"{some}: {join_words(fewer)}."] if fewer else []), *none]


def untried(candidates: list[Candidate]) -> list[str]:
    """Which methods were tried on no fold, a sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for candidate in candidates:
        if not candidate.folds:
            reasons.setdefault(candidate.dropped or "no reason is recorded", []).append(candidate.title)
    return [f"Not tried: {join_words(titles)}; {why}." for why, titles in reasons.items()]


# --- what each block of the frozen backbone knows


def layers(run: RunRecords) -> dict[str, Any] | None:
    """The curve over the blocks and its best one, and how samples were read; None without either."""
    blocks, metric = run.result.layers, drawn_metric(run.result.metric, run.result.label_kind)
    read = readings(run.result.readings)
    unit = "in units of their variance" if run.result.label_kind == "numbers" else "in nats"
    table = {"readings": read["rows"], "unit": unit}
    if len(blocks) < 2:  # one has nothing to be compared with
        heading = "How samples are read"
        alone = {"say": read["say"], "figure": "", **table, "heading": heading}
        return alone if read["rows"] else None
    say = [describe_peak(blocks, metric), describe_rise(blocks, metric), *read["say"]]
    figure = _block_figure(blocks, metric)
    return {"say": say, "figure": figure, "metric": metric.title, **table}


def _block_figure(blocks: list[Layer], metric: Metric) -> str:
    bounds = [value for block in blocks for value in (block.score.low, block.score.high)]
    plot = Plot(block_axis(blocks), metric.axis(bounds, f"{metric.title} of a probe"), slanted=True)
    spots = [(float(i), block.score) for i, block in enumerate(blocks)]
    plot.intervals(spots, "s1")
    plot.line([(i, score.value) for i, score in spots], "s1")
    top = best_block(blocks)
    for i, block in enumerate(blocks):
        hover = f"{block.block}: {metric.shown(block.score)}, {pluralise(block.width, 'feature')}"
        kind, radius = ("s1 best", 6.0) if i == top else ("s1", 3.5)
        plot.dot((float(i), block.score.value), kind, hover, radius)
    score = blocks[top].score
    plot.note((float(top), score.high), metric.value(score.value), note_anchor(top, len(blocks)), 8)
    values = ", ".join(f"{block.block} {metric.value(block.score.value)}" for block in blocks)
    return plot.figure(f"{capitalise(metric.title)} of a ridge probe on each block: {values}")


# --- how good methods are with more and more labels


def labels(run: RunRecords) -> dict[str, Any] | None:
    """One line a method, one dot a seed; None if no method was tried with two sizes."""
    result, metric = run.result, drawn_metric(run.result.metric, run.result.label_kind)
    curves = by_method(result.size_curve, result.selected)
    of = CLASS if result.label_kind == "classes" else ""
    if not any(len(curve) > 1 for curve in curves):
        return None
    counts = sorted({len(p.score) for curve in curves for p in curve})
    seeds = f"{counts[0]:,} to {counts[-1]:,} seeds" if len(counts) > 1 else pluralise(counts[0], "seed")
    return {
        "heading": f"{capitalise(metric.title)} against {'labels per class' if of else 'labelled rows'}",
        "say": [describe_ends(curves, metric, of), describe_headstart(curves, metric, of)],
        "figure": _size_figure(curves, metric, of),
        "legend": [(style(i), curve[0].title) for i, curve in enumerate(curves)],
        "seeds": f"A dot is one seed ({seeds} a size), a line joins their means.",
    }


def _size_figure(curves: list[list[SizePoint]], metric: Metric, of: str) -> str:
    points = [p for curve in curves for p in curve]
    x = doubling([p.labels_per_class for p in points], label_axis(of))
    plot = Plot(x, metric.axis([value for p in points for value in p.score], metric.title), 300)
    for i, curve in reversed(list(enumerate(curves))):
        plot.line([(p.labels_per_class, mean(p)) for p in curve], style(i))
        for k, value in ((p.labels_per_class, value) for p in curve for value in p.score):
            plot.dot((k, value), f"{style(i)} seed", f"{curve[0].title}: {metric.value(value)}", 3)
    return plot.figure(describe_figure(curves, metric, of))


# --- the loss of every training, step by step


def training(run: RunRecords) -> dict[str, Any] | None:
    """One small figure a method; None if no loss was recorded twice."""
    curves = [curve for curve in run.result.curves if len(curve.losses) > 1]
    if not curves:
        return None
    by_name: dict[str, list[Curve]] = {}
    for curve in curves:
        by_name.setdefault(curve.method, []).append(curve)
    return {"say": [_falls(curves)], "panels": [_panel(group) for group in by_name.values()]}


def _falls(curves: list[Curve]) -> str:
    ways = [trend(curve.losses) for curve in curves]
    rose, level = (_titles(curves, ways, way) for way in (1, 0))
    if rose:
        return (
            f"In {ways.count(1):,} of {pluralise(len(curves), 'training')} the loss rose: {rose}. Look at "
            f"the learning rate there."
        )
    if not level:
        many = "the one training" if len(curves) == 1 else f"each of the {len(curves):,} trainings"
        return f"The loss of {many} ended lower than it began."
    return (
        f"In {ways.count(-1):,} of {pluralise(len(curves), 'training')} the loss ended clearly lower than it "
        f"began; in the others it changed no more than from one step to the next: {level}."
    )


def _titles(curves: list[Curve], ways: list[int], way: int) -> str:
    found = (curve.title for curve, mine in zip(curves, ways, strict=True) if mine == way)
    return join_words(list(dict.fromkeys(found)))


def trend(losses: list[float]) -> int:
    """Whether a loss fell (-1), rose (1), or neither by more than it changes from step to step (0).

    The mean of the last quarter of the steps is compared with that of the first: each step has its own rows,
    so that single losses say little. Three standard errors tell them apart.
    """
    few = max(1, len(losses) // 4)
    first, last = losses[:few], losses[-few:]
    change = fmean(last) - fmean(first)
    spread = math.sqrt((pvariance(first) + pvariance(last)) / max(1, few - 1))
    if few < LEAST:  # too few to know the spread
        return -1 if change < 0 else 0
    return 0 if abs(change) <= 3 * spread else (1 if change > 0 else -1)


def _panel(curves: list[Curve]) -> dict[str, str]:
    shown = next((curve for curve in curves if curve.fold == FINAL), curves[0])
    which = "final training" if shown.fold == FINAL else f"fold {shown.fold + 1}"
    steps = pluralise(shown.steps[-1], "step")
    caption = f"{which}: {shown.losses[0]:.3g} to {shown.losses[-1]:.3g} in {steps}"
    return {"title": curves[0].title, "caption": caption, "figure": _loss_figure(curves, caption)}


def _loss_figure(curves: list[Curve], caption: str) -> str:
    thinned = [(c, _thin(list(zip(map(float, c.steps), c.losses, strict=True)))) for c in curves]
    losses = [loss for _, points in thinned for _, loss in points]
    last = max(1, *(curve.steps[-1] for curve in curves))
    ticks = linear(0, last, whole, most=4).ticks
    x = Axis(0, last, tuple((value, text) for value, text in ticks if value <= last), "step")
    plot = Plot(x, linear(min(0.0, *losses), max(losses), lambda loss: f"{loss:g}", "loss", 5), 150)
    for curve, points in sorted(thinned, key=lambda pair: pair[0].fold == FINAL):
        plot.line(points, "s1" if curve.fold == FINAL else "fold")
    return plot.figure(f"Loss of {curves[0].title}, {caption}")


def _thin(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most `POINTS` of the points, evenly taken, the first and the last among them."""
    if len(points) <= POINTS:
        return points
    return [points[i * (len(points) - 1) // (POINTS - 1)] for i in range(POINTS)]
