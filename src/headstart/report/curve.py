"""The page of a size curve: accuracy against labels a class."""

from typing import Any

from headstart.study.curve_record import CurvePoint, SizeCurve

from .experiment import Cell, air, cell, seeds_say, settings, versions
from .figures.axis import doubling, linear
from .figures.plot import Plot
from .sections.labels import STYLES, by_method, ends, headstart
from .words import counted, listed, percent, round_percent, short


def view(record: SizeCurve) -> dict[str, Any]:
    """What the template shows."""
    curves = by_method(record.points, record.methods[0])
    seeds = counted(max((len(p.seeds) for p in record.points), default=0), "seed")
    first = curves[0][0].title if curves else ""
    return {
        "kind": "size curve",
        "task": record.task,
        "headline": ends(curves) if curves else "Every training diverged.",
        "say": [headstart(curves) if curves else "", *(_crossing(curve, first) for curve in curves[1:])],
        "legend": [(_style(i), curve[0].title) for i, curve in enumerate(curves)],
        "figure": _figure(curves) if curves else "",
        "caption": f"Lines join the means of {seeds}, bands are their 95 % intervals, dots single seeds. "
        f"With one seed all methods learn from the same rows, and smaller subsets lie in larger ones.",
        "facts": _facts(record),
        "reading": f"Mean balanced accuracy on the held-out part with its 95 % interval; below it the points "
        f"gained over {first} on the same subsets, coloured where their interval does not reach zero.",
        "headings": headings(record),
        "rows": [(name, "", cells) for name, cells in rows(record)],
        "smallprint": [
            _held(record),
            seeds_say("Other subsets, other random weights, another order of the rows"),
        ],
        "settings": settings(record),
        "versions": versions(record),
    }


def headings(record: SizeCurve) -> list[str]:
    """Of the table: labels a class."""
    return ["method", *(counted(k, "label") for k in record.labels_per_class)]


def rows(record: SizeCurve) -> list[tuple[str, list[Cell | None]]]:
    """A row a method, the one that the others are compared with first."""
    found = []
    for curve in by_method(record.points, record.methods[0]):
        known = {p.labels_per_class: cell(p.mean, p.interval, p.gain) for p in curve}
        found.append((curve[0].title, [known.get(k) for k in record.labels_per_class]))
    return found


def _style(number: int) -> str:
    return f"s{number % STYLES + 1}"


def _crossing(curve: list[CurvePoint], first: str) -> str:
    """Where a method is clearly better or worse than the first one."""
    better = [p.labels_per_class for p in curve if p.gain and p.gain.low > 0]
    worse = [p.labels_per_class for p in curve if p.gain and p.gain.high < 0]
    if not better and not worse:
        return f"{curve[0].title} is nowhere clearly better or worse than {first}."
    parts = [
        f"clearly {word} with {listed([f'{k:,}' for k in sizes])}"
        for word, sizes in (("better", better), ("worse", worse))
        if sizes
    ]
    return f"{curve[0].title} is {', and '.join(parts)} labels a class, compared with {first}."


def _held(record: SizeCurve) -> str:
    return (
        f"{counted(record.test_rows, 'row')} were held out before the first training, stratified and by "
        f"whole groups, duplicates together; they judge every point. The subsets come from the other "
        f"{record.train_rows:,}."
    )


def _facts(record: SizeCurve) -> list[tuple[str, str, str]]:
    known = f"{short(record.backbone_parameters)} parameters"
    return [
        ("held out", f"{record.test_rows:,} rows", "the same for every point"),
        ("to learn from", f"{record.train_rows:,} rows", f"{len(record.classes):,} classes"),
        ("chance", percent(1 / len(record.classes)), "of balanced accuracy"),
        ("backbone", record.backbone, known),
    ]


def _figure(curves: list[list[CurvePoint]]) -> str:
    points = [p for curve in curves for p in curve]
    x = doubling([p.labels_per_class for p in points], "labels per class")
    spread = [v for p in points for v in p.balanced_accuracy]
    if all(len(p.seeds) > 2 for p in points):
        spread += [v for p in points if p.interval for v in (p.interval.low, p.interval.high)]
    plot = Plot(x, linear(*air(spread), round_percent, "balanced accuracy"), 380)
    for i, curve in reversed(list(enumerate(curves))):
        sure = [(p.labels_per_class, p.interval) for p in curve if p.interval]
        if sure:
            plot.band([(k, a.high) for k, a in sure], [(k, a.low) for k, a in sure], f"{_style(i)} many")
    for i, curve in reversed(list(enumerate(curves))):
        plot.line([(p.labels_per_class, p.mean) for p in curve], _style(i))
        for p in curve:
            for value in p.balanced_accuracy:
                hover = f"{p.title}, {counted(p.labels_per_class, 'label')}: {percent(value)}"
                plot.dot((p.labels_per_class, value), f"{_style(i)} seed", hover, 2.5)
            hover = f"{p.title}, {counted(p.labels_per_class, 'label')}: {percent(p.mean)} on average"
            plot.dot((p.labels_per_class, p.mean), _style(i), hover, 4)
    told = [
        f"{c[0].title} {', '.join(f'{p.labels_per_class:,}: {percent(p.mean)}' for p in c)}" for c in curves
    ]
    return plot.figure(f"Mean balanced accuracy by labels per class. {'; '.join(told)}")
