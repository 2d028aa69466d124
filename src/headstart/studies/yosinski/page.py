"""The page of the experiment of Yosinski et al.: five series by cut."""

from typing import Any

from headstart.records.record import Interval
from headstart.report.axis import WIDE, Axis
from headstart.report.figures import Plot
from headstart.report.metric import Metric, get_metric
from headstart.report.text import SPACE, Terminal, capitalise, join_words, pluralise, short
from headstart.studies._page import Cell, cell, points, seeds_say, settings, text, versions
from headstart.studies.yosinski import SERIES, Cut, Network, Transfer

STYLES = {"BnB": "s1 frozen", "BnB+": "s1 tuned", "AnB": "s2 frozen", "AnB+": "s2 tuned"}
MEANING = {
    "BnB": "BnB: own blocks, frozen",
    "BnB+": "BnB+: own blocks, tuned",
    "AnB": "AnB: blocks of A, frozen",
    "AnB+": "AnB+: blocks of A, tuned",
}
SHIFT = 0.05  # between the series at one cut, so that bars don't hide each other


def view(record: Transfer) -> dict[str, Any]:
    """What the template shows."""
    seeds, metric = pluralise(len(record.base_b.seeds), "seed"), get_metric(record.selection)
    return {
        "kind": "transfer by depth",
        "task": record.base_b.task,
        "headline": headline(record),
        "say": claims(record),
        "legend": [
            *((STYLES[name], MEANING[name]) for name in SERIES if record.of(name)),
            ("base", "base B: all of it on its own task"),
        ],
        "figure": _figure(record) if record.cuts else "",
        "caption": f"At cut n the first n blocks are copied and the rest, the head too, begins anew; then it "
        f"is trained on task B. Lines join the means of {seeds}, bars are their 95 % intervals.",
        "facts": _facts(record),
        "reading": f"Mean {metric.title} on the held-out part of task B with its 95 % interval; below it "
        f"{points(metric)} gained over base B of the same seed, coloured where their interval does not reach "
        f"zero.",
        "headings": headings(record),
        "rows": rows(record),
        "smallprint": [_tasks(record), seeds_say("Other random weights, another order of the rows")],
        "settings": settings(record),
        "versions": versions(record),
    }


def terminal(record: Transfer) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    metric = capitalise(get_metric(record.selection).title)
    return Terminal(
        title=f"{metric} on {record.base_b.test_rows} held-out rows of {record.base_b.task}",
        headings=headings(record),
        rows=[(f"{cut} ({last})", *(text(cell) for cell in cells)) for cut, last, cells in rows(record)],
        sentences=claims(record),
    )


def headings(record: Transfer) -> list[str]:
    """Of the table."""
    return ["cut", *(name for name in SERIES if record.of(name))]


def rows(record: Transfer) -> list[tuple[str, str, list[Cell | None]]]:
    """A row a cut: what it is called, the last block that is copied, a cell for each series."""
    names = [name for name in SERIES if record.of(name)]
    known = {
        (c.series, c.cut): cell(get_metric(record.selection), c.mean, c.interval, c.gain) for c in record.cuts
    }
    return [
        (f"{cut}", _last(record.blocks[cut - 1]), [known.get((name, cut)) for name in names])
        for cut in sorted({c.cut for c in record.cuts})
    ]


def _last(block: str) -> str:
    """What is copied, by the name of the last block, which may be a mere number."""
    return f"up to block {block}" if block.isdigit() else f"up to {block}"


def headline(record: Transfer) -> str:
    """How far up blocks carry over from A to B when they are frozen."""
    frozen = record.of("AnB")
    compared = [cut for cut in frozen if cut.gain]
    if not compared:
        return f"Transfer by depth from A to {record.base_b.task}: too few seeds to tell what is chance."
    lost = next((cut.cut for cut in compared if _worse(cut)), None)
    if lost is None:
        most = "" if len(compared) == len(record.blocks) else f" up to cut {compared[-1].cut}"
        return f"Frozen blocks of every depth carry over from A to B without a clear loss{most}."
    if lost == compared[0].cut:
        return f"Frozen blocks of A clearly lose on B from cut {lost} on, the first that was tried."
    before = max(cut.cut for cut in compared if cut.cut < lost)
    return (
        f"Frozen blocks of A carry over to B without a clear loss up to cut {before} of {len(record.blocks)}."
    )


def claims(record: Transfer) -> list[str]:
    """Whether what the paper found shows here, each from the intervals of the paired differences."""
    return [said for said in (_level(record), _fragile(record), _general(record), _boost(record)) if said]


def _level(record: Transfer) -> str:
    base, metric = record.base_b, get_metric(record.selection)
    if base.mean is None:
        return "Base B could not be trained."
    level = _shown(metric, base.mean, base.interval)
    if record.selection != "balanced_accuracy":
        return f"Base B, trained on its task alone, has {level} of {metric.title}."
    return f"Base B, trained on its task alone, answers {level} right."


def _fragile(record: Transfer) -> str:
    compared = [cut for cut in record.of("BnB") if cut.gain]
    if not compared:
        return ""
    low = [cut for cut in compared if _worse(cut)]
    if not low:
        return (
            "Fragile co-adaptation does not show: own blocks, frozen under new ones (BnB), are at no cut "
            "clearly below base B."
        )
    tuned = [cut.cut for cut in record.of("BnB+") if _worse(cut)]
    too = f"tuned (BnB+), they are at {_cuts(tuned)}" if tuned else "tuned (BnB+), they nowhere are"
    return (
        f"Fragile co-adaptation shows: own blocks, frozen under new ones (BnB), are clearly below base B at "
        f"{_most(low, get_metric(record.selection))}; {too}."
    )


def _general(record: Transfer) -> str:
    compared = [cut for cut in record.of("AnB") if cut.gain]
    if not compared:
        return ""
    low = [cut for cut in compared if _worse(cut)]
    metric, change = get_metric(record.selection), compared[-1].mean - compared[0].mean
    by = f"{metric.change(change)}{SPACE}points" if metric.is_share else metric.change(change)
    slope = f"; from cut {compared[0].cut} to {compared[-1].cut} the mean of AnB changes by {by}"
    slope *= len(compared) > 1
    if not low:
        return (
            f"That blocks higher up are more special to task A does not show clearly: no cut of AnB is "
            f"clearly below base B{slope}."
        )
    return f"Blocks of A, frozen (AnB), are clearly below base B at {_most(low, metric)}{slope}."


def _boost(record: Transfer) -> str:
    compared = [cut for cut in record.of("AnB+") if cut.gain]
    if not compared:
        return ""
    up = [cut.cut for cut in compared if cut.gain and cut.gain.low > 0]
    down = [cut.cut for cut in compared if _worse(cut)]
    if not up and not down:
        return "Blocks of A, tuned (AnB+), are at no cut clearly better or worse than base B."
    parts = [
        f"clearly {word} than base B at {_cuts(cuts)}"
        for word, cuts in (("better", up), ("worse", down))
        if cuts
    ]
    return f"Blocks of A, tuned (AnB+), are {' and '.join(parts)}."


def _worse(cut: Cut) -> bool:
    return cut.gain is not None and cut.gain.high < 0


def _most(cuts: list[Cut], metric: Metric) -> str:
    """Where they are, and how far the lowest of them is below base B."""
    worst = min(cuts, key=lambda cut: cut.gain.value if cut.gain else 0.0)
    assert worst.gain is not None
    where = _cuts([cut.cut for cut in cuts])
    return f"{where}, {'by' if len(cuts) == 1 else f'most at {worst.cut},'} {metric.gained(worst.gain)}"


def _cuts(cuts: list[int]) -> str:
    return f"{'cut' if len(cuts) == 1 else 'cuts'} {join_words([str(cut) for cut in cuts])}"


def _shown(metric: Metric, mean: float, interval: Interval | None) -> str:
    level = metric.value(mean)
    return f"{level} (95 % interval {metric.shown(interval).interval})" if interval else level


def _facts(record: Transfer) -> list[tuple[str, str, str]]:
    a, b, metric = record.base_a, record.base_b, get_metric(record.selection)
    facts = [("base B", _level_of(b, metric), f"{b.task}, {len(b.classes)} classes")]
    if a is not None:
        facts.append(("base A", _level_of(a, metric), f"{a.task}, {len(a.classes)} classes"))
    known = f"{pluralise(len(record.blocks), 'block')}, {short(record.backbone_parameters)} parameters"
    rows = f"{b.train_rows:,} rows of B"
    facts += [("network", record.backbone, known), ("trained on", rows, f"{b.test_rows:,} held out")]
    return facts


def _level_of(network: Network, metric: Metric) -> str:
    return "given" if network.mean is None else metric.value(network.mean)


def _tasks(record: Transfer) -> str:
    a, b = record.base_a, record.base_b
    described = f"Task B: {join_words(b.classes)}. "
    if a is not None:
        described = f"Task A: {join_words(a.classes)}. {described}"
    return (
        f"{described}{pluralise(b.test_rows, 'row')} of task B were held out before the first training and "
        f"judge every point. All trainings are alike; with one seed, new blocks have the same random weights "
        f"in all series."
    )


def _figure(record: Transfer) -> str:
    base, metric = record.base_b, get_metric(record.selection)
    last = max(cut.cut for cut in record.cuts)
    spread = [v for cut in record.cuts for v in cut.score] + list(base.score)
    if all(len(cut.seeds) > 2 for cut in record.cuts):
        spread += [v for cut in record.cuts if cut.interval for v in (cut.interval.low, cut.interval.high)]
    x = Axis(0.5, last + 0.5, tuple((float(n), str(n)) for n in range(1, last + 1)), "blocks copied")
    plot = Plot(x, metric.axis(spread, f"{metric.title} on task B", air=WIDE), 400)
    if base.mean is not None:
        ends = (0.5, last + 0.5)
        if base.interval:
            high, low = base.interval.high, base.interval.low
            plot.band([(e, high) for e in ends], [(e, low) for e in ends], "base")
        plot.line([(e, base.mean) for e in ends], "base")
    for place, name in enumerate(SERIES):
        _series(plot, record.of(name), metric, SHIFT * (place - 1.5))
    described = [
        f"{n} {', '.join(f'{c.cut}: {metric.value(c.mean)}' for c in record.of(n))}"
        for n in SERIES
        if record.of(n)
    ]
    level = "" if base.mean is None else f"Base B {metric.value(base.mean)}. "
    return plot.figure(f"Mean {metric.title} on task B by blocks copied. {level}{'; '.join(described)}")


def _series(plot: Plot, cuts: list[Cut], metric: Metric, shift: float) -> None:
    if not cuts:
        return
    style = STYLES[cuts[0].series]
    colour = style.split()[0]
    for cut in cuts:
        if cut.interval:
            x = cut.cut + shift
            plot.line([(x, cut.interval.low), (x, cut.interval.high)], f"{colour} whisker")
    plot.line([(cut.cut + shift, cut.mean) for cut in cuts], style)
    for cut in cuts:
        kind = f"{colour} {'open' if 'tuned' in style else ''}".strip()
        hover = f"{MEANING[cut.series]}, cut {cut.cut}: {_shown(metric, cut.mean, cut.interval)}"
        plot.dot((cut.cut + shift, cut.mean), kind, hover, 4.5)
