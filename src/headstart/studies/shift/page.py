"""The page of a shift: whether the two domains can be separated, by what, and what can be done."""

from collections.abc import Iterator
from typing import Any

from headstart.data.times import written
from headstart.report.axis import Axis, linear
from headstart.report.figures import Plot
from headstart.report.metric import SHARE, Metric, get_metric
from headstart.report.text import Terminal, fixed, join_words, pluralise, shorten_middle
from headstart.studies._page import Cell, page_view
from headstart.studies.shift import ClassShare, Drifted, LabelShift, LeastSimilarRow, Shift
from headstart.studies.shift.verdict import says_reach

MOST = 30  # quantities, or classes, that are shown
FEW = 5  # classes that a sentence names
NAME = 18  # letters of a class under a figure
AUC = get_metric("auc")
VALUE = Metric("value", "value", "units")
HEADINGS = ("quantity", "source", "target", "difference", "adjusted p", "verdict")

Part = dict[str, Any]


def view(record: Shift) -> Part:
    """What the template shows."""
    return page_view(
        record,
        kind="shift",
        task=f"{record.source} \u2192 {record.target}",
        headline=record.headline,
        say=record.say,
        **_scores(record),
        facts=_facts(record),
        reading=_reading(record),
        headings=HEADINGS,
        rows=[_row(*pair) for pair in zip(record.drift, rows(record), strict=False)],
        more=[*_classes_and_rows(record), *_next(record)],
        smallprint=list(_smallprint(record)),
    )


def terminal(record: Shift) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    return Terminal(
        title=f"{record.target} beside {record.source}, quantity by quantity",
        headings=HEADINGS,
        rows=rows(record),
        sentences=[*record.say, *(f"Next:   {command}" for command in record.next)],
        answer=[record.headline],
    )


def parts(record: Shift) -> list[Part]:
    """All of it as further parts of the page of another study."""
    scores = {"id": "shift", "heading": "How the target differs", "say": [record.headline, *record.say]}
    quantities = {
        "id": "quantities",
        "heading": "Quantity by quantity",
        "say": [_reading(record)],
        "headings": HEADINGS,
        "rows": rows(record),
    }
    return [scores | _scores(record), quantities, *_classes_and_rows(record)]


def rows(record: Shift) -> list[list[str]]:
    """The table of single quantities, the largest difference first."""
    return [
        [
            _name(quantity),
            *_figures(quantity),
            fixed(quantity.statistic, 2),
            _p_value(quantity.adjusted),
            "differs" if quantity.drifted else "not clearly",
        ]
        for quantity in record.drift[:MOST]
    ]


def _name(quantity: Drifted) -> str:
    suffixes = {"missing": ": empty", "names": f" = {quantity.detail}"}
    return quantity.name + suffixes.get(quantity.kind, "")


def _figures(quantity: Drifted) -> list[str]:
    """In the source and in the target: a mean or a share."""
    if quantity.kind == "dates":
        return [written(quantity.source)[:10], written(quantity.target)[:10]]
    metric = VALUE if quantity.kind == "numbers" else SHARE
    return [metric.value(quantity.source), metric.value(quantity.target)]


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else fixed(p, 3)


def _row(quantity: Drifted, shown: list[str]) -> tuple[str, str, list[Cell | None]]:
    name, *figures, verdict = shown
    hover = f"difference {quantity.statistic:.2f}, adjusted p {_p_value(quantity.adjusted)}"
    last = Cell("", "", verdict, "bad" if quantity.drifted else "", hover)
    return name, "", [*(Cell(value) for value in figures), last]


def _facts(record: Shift) -> list[tuple[str, str, str]]:
    auc, p = AUC.plain().shown(record.auc), _p_value(record.mmd_p)
    worth = f"{record.effective:,.0f} of {record.source_taken:,}"
    reach = SHARE.value(record.inside), f"of target rows; {SHARE.value(record.expected)} without shift"
    if not says_reach(record.inside, record.width):
        reach = "not known", f"in {record.width:,} columns all rows are much alike in their distances"
    return [
        ("domain classifier", f"AUC {auc.value}", f"{auc.interval}; 0.5 is chance"),
        ("within reach", *reach),
        ("weights", worth, "source rows that the weighted ones are worth"),
        (
            "kernel test",
            f"p {p if p.startswith('<') else f'= {p}'}",
            f"proxy A-distance {fixed(record.distance, 2)} of 2",
        ),
        ("features", record.features, pluralise(record.width, "feature")),
    ]


def _reading(record: Shift) -> str:
    cut = len(record.drift) - MOST
    more = f" {pluralise(cut, 'quantity', 'quantities')} that differ less are left out." if cut > 0 else ""
    return (
        f"Means of numbers; of categories the share of the one that differs most. The difference is the "
        f"largest between the two distribution functions, or the share of rows that would have to change: 0 "
        f"is none, 1 is all.{more}"
    )


def _scores(record: Shift) -> Part:
    """The figure of the domain classifier's scores."""
    top = max([*record.source_scores, *record.target_scores])
    x = Axis(0, 1, tuple((at, f"{at:g}") for at in (0, 0.25, 0.5, 0.75, 1)), "probability of the target")
    plot = Plot(x, linear(0, top, SHARE.tick, SHARE.title), 300)
    for style, shares in (("s2", record.target_scores), ("s1", record.source_scores)):
        bins = zip(record.edges, record.edges[1:], shares, strict=False)
        steps = [point for left, right, share in bins for point in ((left, share), (right, share))]
        plot.band(steps, [(0, 0), (1, 0)], style)
        plot.line(steps, style)
    reach = ""
    if says_reach(record.inside, record.width):
        reach = f"; {SHARE.value(record.inside)} of the target lies where the source has rows"
    return {
        "legend": [("s1", f"source: {record.source}"), ("s2", f"target: {record.target}")],
        "figure": plot.figure(
            f"Scores of the domain classifier: source and target, AUC {AUC.shown(record.auc)}{reach}"
        ),
        "caption": f"Probability that a held-out row is of the target, by the domain classifier: 0 is surely "
        f"source, 1 surely target. AUC {AUC.shown(record.auc)}; where the two curves overlap, the domains "
        f"do. Rows of the source far to the right would carry the most weight.",
    }


def _classes_and_rows(record: Shift) -> list[Part]:
    """What only some have: classes, and the rows that are least like the source."""
    classes = [_classes(record.labels)] if record.labels is not None else []
    return classes + ([_unlike(record.unlike)] if record.unlike else [])


def _classes(labels: LabelShift) -> Part:
    how = (
        f"Estimated from the predictions of a probe that was fitted on the source (accuracy "
        f"{SHARE.value(labels.accuracy)} on held-out source rows), assuming that rows of a class look alike "
        f"in both domains."
    )
    say = [how]
    half = max(share.target.high - share.target.low for share in labels.shares) / 2
    moved = [s.name for s in labels.shares if not s.target.low <= s.source <= s.target.high]
    say.append(
        f"With so many rows and such a probe shares are known to about {100 * half:.0f} points: a smaller "
        f"change can't be told from none. {_moved(moved)}"
    )
    if labels.auc is not None:
        explained = "the shares explain" if labels.auc.low <= 0.5 else "they don't explain all of"
        say.append(
            f"A classifier of the target and source rows drawn with these shares has AUC "
            f"{AUC.shown(labels.auc)}: {explained} the difference."
        )
    return {
        "id": "classes",
        "heading": "Shares of the classes",
        "say": say,
        "headings": ["class", "source", "target, estimated", "interval", "points"],
        "rows": [_class_row(share) for share in labels.shares],
        **(_class_figure(labels.shares) if len(labels.shares) <= MOST else {}),
    }


def _moved(names: list[str]) -> str:
    if not names:
        return "No share has changed as far as can be seen."
    more = [f"{len(names) - FEW} more"] if len(names) > FEW else []
    return f"Changed beyond chance: {join_words([*names[:FEW], *more])}."


def _class_row(share: ClassShare) -> list[str]:
    target, change = SHARE.shown(share.target), SHARE.change(share.target.value - share.source)
    return [share.name, SHARE.value(share.source), target.value, target.interval, change]


def _class_figure(shares: list[ClassShare]) -> Part:
    ticks = tuple((float(i), shorten_middle(share.name, NAME)) for i, share in enumerate(shares))
    top = max(max(share.source, share.target.high) for share in shares)
    plot = Plot(Axis(-0.5, len(shares) - 0.5, ticks), linear(0, top, SHARE.tick, SHARE.title), 240, True)
    for i, share in enumerate(shares):
        x, now, name = i + 0.12, share.target, share.name
        plot.line([(x, now.low), (x, now.high)], "s2 whisker")
        plot.dot((i - 0.12, share.source), "s1", f"{name} in the source: {SHARE.value(share.source)}", 5)
        plot.dot((x, now.value), "s2", f"{name} in the target: {SHARE.value(now.value)}, estimated", 5)
    changes = (
        f"{share.name} {SHARE.value(share.source)} to {SHARE.value(share.target.value)}" for share in shares
    )
    return {
        "legend": [("s1", "source"), ("s2", "target, estimated")],
        "figure": plot.figure(f"Shares of the classes in source and target: {', '.join(changes)}"),
        "caption": "Lines are 95 % intervals of the estimate.",
    }


def _unlike(least_similar: list[LeastSimilarRow]) -> Part:
    outside = sum(not row.inside for row in least_similar)
    say = (
        f"Of these {pluralise(len(least_similar), 'row')} of the target {outside:,} "
        f"{'lies' if outside == 1 else 'lie'} where the source has no rows. What they have in common is "
        f"often what the shift is."
    )
    return {
        "id": "unlike",
        "heading": "Rows least like the source",
        "say": [say],
        "cards": [_card(row) for row in least_similar],
    }


def _card(row: LeastSimilarRow) -> dict[str, str]:
    return {
        "text": row.text,
        "source": f"data:image/webp;base64,{row.picture}" if row.picture else "",
        "alt": f"{row.item}, a row of the target",
        "part": f"{row.probability:.3f}",
        "value": SHARE.value(row.probability),
        "item": row.item,
        "detail": "where the source has rows" if row.inside else "out of reach of the source",
    }


def _next(record: Shift) -> list[Part]:
    if not record.next:
        return []
    commands = "\n".join(record.next)
    return [{"id": "next", "heading": "What to do next", "say": [record.say[-1]], "command": commands}]


def _smallprint(record: Shift) -> Iterator[str]:
    yield (
        f"{pluralise(record.source_taken, 'row')} of the source and {record.target_taken:,} of the target "
        f"were used. No label of the target was read. Rows that are the same, or nearly, are held out "
        f"together."
    )
    yield (
        "The classifier is a logistic regression on standardised features, its penalty chosen on held-out "
        "rows. A target row is within reach if it is as near to its fifth source row as source rows mostly "
        "are to theirs. The kernel test has 200 permutations. The weights are those of the classifier."
    )
    yield (
        "None of this shows whether the same row would have the same label in both domains; only labels of "
        "the target do."
    )
