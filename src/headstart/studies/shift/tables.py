"""How a target differs from a source: figures, tables and rows, for its own page or part of another."""

from collections.abc import Iterator
from typing import Any

from headstart.records.record import Interval
from headstart.report.figures.axis import Axis, linear
from headstart.report.figures.plot import Plot
from headstart.report.metric import Metric
from headstart.report.text import (
    fixed,
    minus,
    percent,
    pluralise,
    round_percent,
    shorten_middle,
    significant,
)
from headstart.studies.shift import Drifted, LabelShift, LeastSimilarRow, Shift

MOST = 30  # quantities, or classes, that are shown
NAME = 18  # letters of a class under a figure
SHARE = Metric("share", "share of rows", "share")
UNIT = {"missing": "cells with nothing in them"}

Part = dict[str, Any]


def parts(record: Shift) -> list[Part]:
    """All of it as the further parts of a page: the classifier's scores, quantities, classes, rows."""
    scores = {
        "id": "shift",
        "heading": "How the target differs",
        "say": [record.headline, *record.say],
        **scored(record),
    }
    return [scores, quantities(record), *others(record)]


def scored(record: Shift) -> Part:
    """The figure of the classifier's scores."""
    return {
        "legend": [("s1", f"source: {record.source}"), ("s2", f"target: {record.target}")],
        "figure": _figure(record),
        "caption": f"How sure a classifier is that a row is of the target, on rows that it has not seen: 0 "
        f"is surely source, 1 surely target. AUC {_auc(record.auc)}; where the two curves cover each other, "
        f"the domains do. Rows of the source far to the right would carry the most weight.",
    }


def quantities(record: Shift) -> Part:
    """The table of single quantities."""
    return {
        "id": "quantities",
        "heading": "Quantity by quantity",
        "say": [_reading(record)],
        "headings": headings(),
        "rows": list(rows(record)),
    }


def others(record: Shift) -> Iterator[Part]:
    """What is only there for some: classes, and the rows that are most unlike the source."""
    if record.labels is not None:
        yield _classes(record.labels)
    if record.unlike:
        yield _unlike(record)


def headings() -> list[str]:
    """Of the same."""
    return ["quantity", "source", "target", "difference", "adjusted p", "verdict"]


def rows(record: Shift) -> Iterator[list[str]]:
    """The same, the largest difference first."""
    for one in record.drift[:MOST]:
        said = "differs" if one.drifted else "not clearly"
        yield [named(one), *figures(one), fixed(one.statistic, 2), p_value(one.adjusted), said]


def named(one: Drifted) -> str:
    """A quantity, and what of it is told."""
    if one.kind == "missing":
        return f"{one.name}: empty"
    return f"{one.name} = {one.detail}" if one.kind == "names" else one.name


def figures(one: Drifted) -> tuple[str, str]:
    """In the source and in the target: a mean or a share."""
    if one.kind == "numbers":
        return minus(significant(one.source)), minus(significant(one.target))
    return percent(one.source), percent(one.target)


def p_value(p: float) -> str:
    """A p-value that is told no more exactly than it is known."""
    return "< 0.001" if p < 0.001 else fixed(p, 3)


def _auc(found: Interval) -> str:
    return f"{fixed(found.value, 3)} ({fixed(found.low, 3)} to {fixed(found.high, 3)})"


def _reading(record: Shift) -> str:
    cut = len(record.drift) - MOST
    more = f" {pluralise(cut, 'quantity', 'quantities')} that differ less are left out." if cut > 0 else ""
    return (
        f"Means of numbers; of names the share of the one that differs most. The difference is the largest "
        f"between the two distribution functions, or the share of rows that would have to change: 0 is none, "
        f"1 is all.{more}"
    )


def _figure(record: Shift) -> str:
    top = max([*record.source_scores, *record.target_scores])
    x = Axis(0, 1, tuple((at, f"{at:g}") for at in (0, 0.25, 0.5, 0.75, 1)), "probability of the target")
    plot = Plot(x, linear(0, top, round_percent, "share of rows"), 300)
    for style, shares in (("s2", record.target_scores), ("s1", record.source_scores)):
        steps = _steps(record.edges, shares)
        plot.band(steps, [(0, 0), (1, 0)], style)
        plot.line(steps, style)
    return plot.figure(
        f"Scores of the domain classifier: source and target, AUC {_auc(record.auc)}; "
        f"{percent(record.inside)} of the target lies where the source has rows"
    )


def _steps(edges: list[float], shares: list[float]) -> list[tuple[float, float]]:
    """A histogram as an outline."""
    pairs = zip(edges, edges[1:], shares, strict=False)
    return [point for left, right, share in pairs for point in ((left, share), (right, share))]


def _classes(found: LabelShift) -> Part:
    accuracy = percent(found.accuracy)
    how = (
        f"Estimated from the answers of a probe that was fitted on the source (right in {accuracy} of source "
        f"rows that it has not seen), if rows of a class look alike in both domains."
    )
    say = [how]
    if not found.known:
        say.append("That is not enough to estimate these shares: their intervals are wide.")
    if found.auc is not None:
        say.append(
            f"A classifier of the target and source rows drawn with these shares has AUC {_auc(found.auc)}"
            + (
                ": the shares explain the difference."
                if found.auc.low <= 0.5
                else ": they don't explain it all."
            )
        )
    part: Part = {"id": "classes", "heading": "Shares of the classes", "say": say}
    if len(found.shares) <= MOST:
        part |= _class_figure(found)
    headings = ["class", "source", "target, estimated", "interval", "points"]
    return part | {"headings": headings, "rows": [_class_row(one) for one in found.shares]}


def _class_row(one: Any) -> list[str]:
    target, change = SHARE.shown(one.target), SHARE.change(one.target.value - one.source)
    return [one.name, SHARE.value(one.source), target.value, target.interval, change]


def _class_figure(found: LabelShift) -> Part:
    many = len(found.shares)
    ticks = tuple((float(i), shorten_middle(one.name, NAME)) for i, one in enumerate(found.shares))
    top = max(max(one.source, one.target.high) for one in found.shares)
    plot = Plot(Axis(-0.5, many - 0.5, ticks), linear(0, top, round_percent, "share of rows"), 240, True)
    for i, one in enumerate(found.shares):
        here, now = i + 0.12, one.target
        plot.line([(here, now.low), (here, now.high)], "s2 whisker")
        plot.dot((i - 0.12, one.source), "s1", f"{one.name} in the source: {percent(one.source)}", 5)
        plot.dot((here, now.value), "s2", f"{one.name} in the target: {percent(now.value)}, estimated", 5)
    said = ", ".join(
        f"{one.name} {percent(one.source)} to {percent(one.target.value)}" for one in found.shares
    )
    return {
        "legend": [("s1", "source"), ("s2", "target, estimated")],
        "figure": plot.figure(f"Shares of the classes in source and target: {said}"),
        "caption": "Lines are 95 % intervals of the estimate.",
    }


def _unlike(record: Shift) -> Part:
    out = sum(not one.inside for one in record.unlike)
    which = (
        f"Of these {pluralise(len(record.unlike), 'row')} of the target {out:,} "
        f"{'lies' if out == 1 else 'lie'} where the source has no rows. What they have in common is often "
        f"what the shift is."
    )
    return {
        "id": "unlike",
        "heading": "Rows least like the source",
        "say": [which],
        "cards": [_card(one) for one in record.unlike],
    }


def _card(one: LeastSimilarRow) -> dict[str, str]:
    return {
        "text": one.text,
        "source": f"data:image/webp;base64,{one.picture}" if one.picture else "",
        "alt": f"{one.item}, a row of the target",
        "part": f"{one.probability:.3f}",
        "value": percent(one.probability),
        "item": one.item,
        "detail": "where the source has rows" if one.inside else "out of reach of the source",
    }
