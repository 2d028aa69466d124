"""The page of the experiment of Yosinski et al.: five series by cut."""

from typing import Any

from headstart.records.record import Interval
from headstart.report.axis import WIDE, Axis
from headstart.report.figures import Plot
from headstart.report.metric import Metric, get_metric
from headstart.report.text import SPACE, Terminal, capitalise, join_words, pluralise, short
from headstart.studies._page import (
    Cell,
    cell_text,
    explain_intervals,
    explain_lines,
    explain_means,
    over_seeds,
    page_view,
)
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
    counts, metric = seed_counts(record), get_metric(record.selection)
    legend = [(STYLES[name], MEANING[name]) for name in SERIES if record.of(name)]
    return page_view(
        record,
        kind="transfer by depth",
        task=record.base_b.task,
        headline=headline(record),
        say=claims(record),
        legend=[*legend, ("base", "base B: all of it on its own task")],
        figure=_figure(record) if record.cuts else "",
        caption=f"At cut n the first n blocks are copied and the rest, the head too, begins anew; then it "
        f"is trained on task B. {explain_lines(counts, 'bars')}",
        facts=_facts(record),
        reading=explain_means(metric, "the held-out part of task B", "base B of the same seed", counts),
        headings=headings(record),
        rows=rows(record),
        smallprint=[
            _tasks(record),
            *explain_intervals("Other random weights, another order of the rows", counts),
        ],
    )


def terminal(record: Transfer) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    metric, means = capitalise(get_metric(record.selection).title), over_seeds(seed_counts(record))
    return Terminal(
        title=f"{metric} on {record.base_b.test_rows} held-out rows of {record.base_b.task}, mean of {means}",
        headings=headings(record),
        rows=[(f"{cut} ({last})", *map(cell_text, cells)) for cut, last, cells in rows(record)],
        sentences=claims(record),
    )


def seed_counts(record: Transfer) -> list[int]:
    """Seeds that were trained for each mean."""
    return [len(record.base_b.seeds), *(len(cut.seeds) for cut in record.cuts)]


def headings(record: Transfer) -> list[str]:
    """Of the table."""
    return ["cut", *(name for name in SERIES if record.of(name))]


def rows(record: Transfer) -> list[tuple[str, str, list[Cell | None]]]:
    """A row a cut: what it is called, the last block that is copied, a cell for each series."""
    metric, (_, *names) = get_metric(record.selection), headings(record)
    cells = {(c.series, c.cut): Cell.compare(metric, c.mean, c.interval, c.gain) for c in record.cuts}
    table: list[tuple[str, str, list[Cell | None]]] = []
    for cut in sorted({c.cut for c in record.cuts}):
        last = record.blocks[cut - 1]  # may be a mere number
        copied = f"up to block {last}" if last.isdigit() else f"up to {last}"
        table.append((f"{cut}", copied, [cells.get((name, cut)) for name in names]))
    return table


def headline(record: Transfer) -> str:
    """Up to which depth frozen blocks of A transfer to B."""
    compared = _compared(record, "AnB")
    if not compared:
        return f"Transfer by depth from A to {record.base_b.task}: too few seeds to exclude chance."
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
    """Whether the findings of the paper hold here, each by the intervals of the paired differences."""
    findings = (("BnB", _fragile), ("AnB", _general), ("AnB+", _boost))
    compared = ((claim, _compared(record, series)) for series, claim in findings)
    return [_level(record), *(claim(record, cuts) for claim, cuts in compared if cuts)]


def _level(record: Transfer) -> str:
    base, metric = record.base_b, get_metric(record.selection)
    if base.mean is None:
        return "Base B could not be trained."
    level = _shown(metric, base.mean, base.interval)
    return f"Base B, trained on its task alone, has {metric.title} {level}."


def _fragile(record: Transfer, compared: list[Cut]) -> str:
    low = [cut for cut in compared if _worse(cut)]
    if not low:
        return (
            "Fragile co-adaptation does not show: own blocks, frozen under new ones (BnB), are at no cut "
            "clearly below base B."
        )
    tuned = [cut.cut for cut in record.of("BnB+") if _worse(cut)]
    too = f"they are at {_cuts(tuned)}" if tuned else "they nowhere are"
    return (
        f"Fragile co-adaptation shows: own blocks, frozen under new ones (BnB), are clearly below base B at "
        f"{_most(low, get_metric(record.selection))}; tuned (BnB+), {too}."
    )


def _general(record: Transfer, compared: list[Cut]) -> str:
    low = [cut for cut in compared if _worse(cut)]
    metric, slope = get_metric(record.selection), ""
    if len(compared) > 1:
        change = metric.change(compared[-1].mean - compared[0].mean)
        by = f"{change}{SPACE}points" if metric.is_share else change
        slope = f"; from cut {compared[0].cut} to {compared[-1].cut} the mean of AnB changes by {by}"
    if not low:
        return (
            f"That blocks higher up are more specific to task A does not show clearly: no cut of AnB is "
            f"clearly below base B{slope}."
        )
    return f"Blocks of A, frozen (AnB), are clearly below base B at {_most(low, metric)}{slope}."


def _boost(_: Transfer, compared: list[Cut]) -> str:
    better = [cut.cut for cut in compared if cut.gain and cut.gain.low > 0]
    worse = [cut.cut for cut in compared if _worse(cut)]
    parts = [
        f"clearly {word} than base B at {_cuts(cuts)}"
        for word, cuts in (("better", better), ("worse", worse))
        if cuts
    ]
    which = " and ".join(parts) or "at no cut clearly better or worse than base B"
    return f"Blocks of A, tuned (AnB+), are {which}."


def _compared(record: Transfer, series: str) -> list[Cut]:
    return [cut for cut in record.of(series) if cut.gain]


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
    b, metric = record.base_b, get_metric(record.selection)
    bases = [("base B", b)] + ([("base A", record.base_a)] if record.base_a is not None else [])
    size = f"{pluralise(len(record.blocks), 'block')}, {short(record.backbone_parameters)} parameters"
    return [
        *(
            (name, _level_of(base, metric), f"{base.task}, {len(base.classes)} classes")
            for name, base in bases
        ),
        ("network", record.backbone, size),
        ("trained on", f"{b.train_rows:,} rows of B", f"{b.test_rows:,} held out"),
    ]


def _level_of(network: Network, metric: Metric) -> str:
    return "given" if network.mean is None else metric.value(network.mean)


def _tasks(record: Transfer) -> str:
    a, b = record.base_a, record.base_b
    task_a = "" if a is None else f"Task A: {join_words(a.classes)}. "
    return (
        f"{task_a}Task B: {join_words(b.classes)}. {pluralise(b.test_rows, 'row')} of task B were held out "
        f"before the first training and test every point. All trainings are alike; with one seed, new blocks "
        f"have the same random weights in all series."
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
            plot.intervals([(end, base.interval) for end in ends], "base")
        plot.line([(e, base.mean) for e in ends], "base")
    for place, name in enumerate(SERIES):
        _series(plot, record.of(name), metric, SHIFT * (place - 1.5))
    described = (
        f"{name} {', '.join(f'{c.cut}: {metric.value(c.mean)}' for c in record.of(name))}"
        for name in SERIES
        if record.of(name)
    )
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
