"""The page of a size curve: how good methods are with more and more labels a class."""

from typing import Any

from headstart.report.axis import WIDE, doubling
from headstart.report.figures import Plot
from headstart.report.metric import Metric, get_metric
from headstart.report.text import Terminal, capitalise, join_words, percent, pluralise, short
from headstart.studies._curves import (
    CLASS,
    by_method,
    describe_ends,
    describe_figure,
    describe_headstart,
    label_axis,
    style,
)
from headstart.studies._page import (
    Cell,
    cell_text,
    explain_intervals,
    explain_lines,
    explain_means,
    over_seeds,
    page_view,
)
from headstart.studies.curve import CurvePoint, SizeCurve
from headstart.studies.curve.page_savings import describe_savings, explain_starts, saved_table

CROWDED = 4  # curves up to which bands and single seeds are drawn
DASHES = 4


def view(record: SizeCurve) -> dict[str, Any]:
    """What the template shows."""
    curves, metric = by_method(record.points, record.methods[0]), get_metric(record.selection)
    of = CLASS if record.label_kind == "classes" else ""
    counts = [len(p.seeds) for p in record.points]
    words = {"classes": ("class", "classes"), "tags": ("tag", "tags")}
    outputs = words.get(record.label_kind, ("number a row", "numbers a row"))
    chance = ("chance", percent(1 / len(record.classes)), "of balanced accuracy")
    return page_view(
        record,
        kind="size curve",
        task=record.task,
        headline=describe_ends(curves, metric, of) if curves else "Every training diverged.",
        say=_say(record, curves, metric, of),
        legend=[(_style(record, i, curve), curve[0].title) for i, curve in enumerate(curves)],
        figure=_figure(record, curves, metric, of) if curves else "",
        caption=_caption(record, len(curves), counts),
        facts=[
            ("held out", f"{record.test_rows:,} rows", "the same for every point"),
            ("to learn from", f"{record.train_rows:,} rows", pluralise(len(record.classes), *outputs)),
            *([chance] if record.selection == "balanced_accuracy" else []),
            ("backbone", record.backbone, f"{short(record.backbone_parameters)} parameters"),
        ],
        reading=explain_means(metric, "the held-out part", _reference(record, curves), counts),
        headings=headings(record),
        rows=[(name, "", cells) for name, cells in rows(record)],
        more=saved_table(record, of),
        smallprint=[
            (
                f"{pluralise(record.test_rows, 'row')} were held out before the first training, stratified "
                f"and by whole groups, duplicates together; every point is evaluated on them. The subsets "
                f"come from the other {record.train_rows:,}."
            ),
            *explain_intervals("Other subsets, other random weights, another order of the rows", counts),
            *explain_starts(record),
        ],
    )


def _say(record: SizeCurve, curves: list[list[CurvePoint]], metric: Metric, of: str) -> list[str]:
    """What the curves say, in sentences."""
    if not curves:
        return []
    if record.starts:
        return describe_savings(record, of)
    first = curves[0][0].title
    return [describe_headstart(curves, metric, of), *(_crossing(curve, first, of) for curve in curves[1:])]


def _reference(record: SizeCurve, curves: list[list[CurvePoint]]) -> str:
    """What gains are over."""
    if record.starts:
        return f"the same method from the first start ({record.starts[0].title.lower()}) on the same subsets"
    return f"{curves[0][0].title if curves else ''} on the same subsets"


def _caption(record: SizeCurve, curves: int, counts: list[int]) -> str:
    """What is drawn."""
    crowded = curves > CROWDED
    dots = "Small dots are single seeds. " if max(counts, default=0) > 1 and not crowded else ""
    lines = "Lines join means over the seeds. " if crowded else f"{explain_lines(counts, 'bands')} "
    starts = "Colours tell what was learned before, dashes the method. " if record.starts else ""
    whole = f"{record.labels_per_class[-1]:,} labels are the whole training part. " if record.all_rows else ""
    same = "With one seed all methods learn from the same rows, and smaller subsets lie in larger ones."
    return f"{lines}{dots}{starts}{whole}{same}"


def _style(record: SizeCurve, number: int, curve: list[CurvePoint]) -> str:
    """Of a line: of several starts, colours by start and dashes by method."""
    if not record.starts:
        return style(number)
    start = [each.label for each in record.starts].index(curve[0].start)
    return f"{style(start)} d{record.methods.index(curve[0].method) % DASHES + 1}"


def terminal(record: SizeCurve) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    metric = capitalise(get_metric(record.selection).title)
    means = over_seeds([len(point.seeds) for point in record.points])
    return Terminal(
        title=f"{metric} on {record.test_rows} held-out rows of {record.task}, mean of {means}",
        headings=headings(record),
        rows=[(name, *map(cell_text, cells)) for name, cells in rows(record)],
        sentences=describe_savings(record, CLASS if record.label_kind == "classes" else ""),
    )


def headings(record: SizeCurve) -> list[str]:
    """Of the table: labels a class."""
    sizes = [pluralise(k, "label") for k in _sizes(record)]
    if record.all_rows and sizes and _sizes(record)[-1] == record.labels_per_class[-1]:
        sizes[-1] = f"all ({record.labels_per_class[-1]:,})"
    return ["method", *sizes]


def _sizes(record: SizeCurve) -> list[int]:
    """Those that any method was trained with: a budget may leave out others."""
    tried = {point.labels_per_class for point in record.points}
    return [k for k in record.labels_per_class if k in tried]


def rows(record: SizeCurve) -> list[tuple[str, list[Cell | None]]]:
    """A row a method, the one that the others are compared with first."""
    table, metric = [], get_metric(record.selection)
    for curve in by_method(record.points, record.methods[0]):
        cells = {p.labels_per_class: Cell.compare(metric, p.mean, p.interval, p.gain) for p in curve}
        table.append((curve[0].title, [cells.get(k) for k in _sizes(record)]))
    return table


def _crossing(curve: list[CurvePoint], first: str, of: str) -> str:
    """Where a method is clearly better or worse than the first one."""
    better = [p.labels_per_class for p in curve if p.gain and p.gain.low > 0]
    worse = [p.labels_per_class for p in curve if p.gain and p.gain.high < 0]
    if not better and not worse:
        return f"{curve[0].title} is nowhere clearly better or worse than {first}."
    parts = [
        f"clearly {word} with {join_words([f'{k:,}' for k in sizes])}"
        for word, sizes in (("better", better), ("worse", worse))
        if sizes
    ]
    return f"{curve[0].title} is {', and '.join(parts)} labels{of}, compared with {first}."


def _figure(record: SizeCurve, curves: list[list[CurvePoint]], metric: Metric, of: str) -> str:
    points, crowded = [p for curve in curves for p in curve], len(curves) > CROWDED
    x = doubling([p.labels_per_class for p in points], label_axis(of))
    spread = [v for p in points for v in ([p.mean] if crowded else p.score)]
    if not crowded and all(len(p.seeds) > 2 for p in points):
        spread += [v for p in points if p.interval for v in (p.interval.low, p.interval.high)]
    plot = Plot(x, metric.axis(spread, metric.title, air=WIDE), 380)
    styled = [(_style(record, i, curve), curve) for i, curve in reversed(list(enumerate(curves)))]
    for name, curve in [] if crowded else styled:
        plot.intervals([(p.labels_per_class, p.interval) for p in curve if p.interval], f"{name} many")
    for name, curve in styled:
        plot.line([(p.labels_per_class, p.mean) for p in curve], name)
        for p in curve:
            hover = f"{p.title}, {pluralise(p.labels_per_class, 'label')}"
            for value in [] if crowded else p.score:
                seed = f"{hover}: {metric.value(value)}"
                plot.dot((p.labels_per_class, value), f"{name} seed", seed, 2.5)
            plot.dot((p.labels_per_class, p.mean), name, f"{hover}: {metric.value(p.mean)} on average", 4)
    return plot.figure(describe_figure(curves, metric, of))
