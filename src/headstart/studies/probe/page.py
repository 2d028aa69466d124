"""The page of a probing: what each block knows, beside what the same probe makes of random labels."""

from collections.abc import Iterator
from typing import Any

from headstart.report.figures import Plot
from headstart.report.metric import Metric, get_metric
from headstart.report.text import Terminal, capitalise, join_words, pluralise, short
from headstart.studies._curves import anchor, best, block_axis, peak, rise
from headstart.studies._page import Cell, page_view, text
from headstart.studies.probe import TITLES, Probed, Probing

MUCH, SOME = 0.5, 0.1  # of the way from chance to all: what a probe memorises


def view(record: Probing) -> dict[str, Any]:
    """What the template shows."""
    metric = get_metric(record.metric)
    return page_view(
        record,
        kind="probe of every block",
        task=record.task,
        headline=_headline(record, metric),
        say=list(sentences(record)),
        legend=_legend(record),
        figure=_figure(record, metric),
        caption=f"{capitalise(metric.title)} on rows that the probe has not seen; bands are 95 % "
        f"intervals. Dashed grey: the same probe with random labels. Thin grey: {_guess(record)}.",
        facts=_facts(record, metric),
        reading=f"{capitalise(metric.title)} with its 95 % interval, and below it the selectivity: how "
        f"far it is above the control, coloured where the interval lies above both the control and chance. "
        f"By heart is what the probe makes of random labels on the very rows that it was fitted to.",
        headings=headings(record),
        rows=list(rows(record)),
        smallprint=list(_smallprint(record)),
    )


def terminal(record: Probing) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    metric = get_metric(record.metric)
    first, *others = headings(record)
    return Terminal(
        title=f"What each block of {record.backbone} knows of {record.task}: {metric.title} on unseen rows",
        headings=[first, "width", *others],
        rows=[(block, width, *(text(cell) for cell in cells)) for block, width, cells in rows(record)],
        sentences=list(sentences(record)),
    )


def headings(record: Probing) -> list[str]:
    """Of the table."""
    return ["block", *(heading for name in record.probes for heading in _pair(record, name))]


def rows(record: Probing) -> Iterator[tuple[str, str, list[Cell | None]]]:
    """A row for each block: its name, its width, one or two cells for each probe."""
    metric = get_metric(record.metric)
    for results in _by_block(record):
        first = next(result for result in results if result is not None)
        cells = [cell for result in results for cell in _cells(record, result, metric)]
        yield first.block, pluralise(first.width, "feature"), cells


def sentences(record: Probing) -> Iterator[str]:
    """Where the knowledge lies, and whether it is more than chance and memorising."""
    metric, mine = get_metric(record.metric), record.of(record.probes[0])
    yield peak(mine, metric)
    yield rise(mine, metric)
    first, *others = [record.best(name) for name in record.probes]
    if first.control is not None and first.memory is not None:
        yield f"{_verdict(record, first, metric)} {_capacity(record, first, metric)}"
    if others:
        yield f"Other probes read, at best: {join_words([_short(one, metric) for one in others])}."


def _short(top: Probed, metric: Metric) -> str:
    """The best block of a further probe."""
    found = f"{_the(top.probe)} {metric.value(top.score.value)} from {top.block}"
    if top.control is None or top.memory is None:
        return found
    return f"{found} (random labels {metric.value(top.control)}, by heart {metric.value(top.memory)})"


def _headline(record: Probing, metric: Metric) -> str:
    top = record.best()
    if not _knows(record, top):
        return f"No block of {record.backbone} is seen to know anything of {record.task}."
    return f"{top.block} knows most of {record.task}: {metric.value(top.score.value)} by {_a(top.probe)}."


def _verdict(record: Probing, top: Probed, metric: Metric) -> str:
    """Whether the score of a probe on its best block is more than luck."""
    assert top.control is not None
    luck = (
        f"With random labels {_the(top.probe)} scores {metric.value(top.control)} on unseen rows; "
        f"{_guess(record)} would be {metric.value(record.chance)}."
    )
    above = metric.size(top.score.value - _floor(record, top))
    if _knows(record, top):
        return (
            f"{luck} With the true ones it is {above} above both: that is knowledge of the block, not luck."
        )
    return f"{luck} With the true ones it is not clearly above both: that may be luck."


def _capacity(record: Probing, top: Probed, metric: Metric) -> str:
    """How much a probe can learn by heart, and what follows."""
    assert top.memory is not None
    heart = f"On the rows that it was fitted to it scores {metric.value(top.memory)} with random labels"
    room = (top.memory - record.chance) / max(1e-9, 1 - record.chance)
    if room >= MUCH:
        return f"{heart}: it can learn by heart, and only rows that it has not seen prove anything."
    if room >= SOME:
        return f"{heart}: some it learns by heart."
    return f"{heart}: it can hardly learn anything by heart."


def _knows(record: Probing, one: Probed) -> bool:
    return one.score.low > _floor(record, one)


def _floor(record: Probing, one: Probed) -> float:
    """What is reached without any knowledge."""
    return max(record.chance, one.control if one.control is not None else record.chance)


def _guess(record: Probing) -> str:
    """The best answer that looks at nothing."""
    return {"classes": "always the largest class", "tags": "an order at random"}.get(
        record.label_kind, "always the mean"
    )


def _the(probe: str) -> str:
    title = TITLES[probe]
    return f"the {title if title[1].isupper() else title.lower()}"


def _a(probe: str) -> str:
    return f"{'an' if probe == 'attentive' else 'a'} {_the(probe).removeprefix('the ')}"


def _controlled(record: Probing) -> bool:
    return any(one.control is not None for one in record.table)


def _pair(record: Probing, name: str) -> list[str]:
    """Headings of a probe."""
    return (
        [TITLES[name], f"{TITLES[name].split()[0]}, random labels"] if _controlled(record) else [TITLES[name]]
    )


def _by_block(record: Probing) -> Iterator[list[Probed | None]]:
    """For each block what each probe says, None where it was left out."""
    known = {(one.probe, one.block): one for one in record.table}
    for block in dict.fromkeys(one.block for one in record.table):
        yield [known.get((name, block)) for name in record.probes]


def _cells(record: Probing, one: Probed | None, metric: Metric) -> list[Cell | None]:
    if one is None:
        return [None] * (2 if _controlled(record) else 1)
    shown = metric.shown(one.score)
    if one.control is None or one.memory is None or one.selectivity is None:
        return [Cell.of(shown)]
    tone, says = ("good", "clearly above") if _knows(record, one) else ("even", "not clearly above")
    change = metric.change(one.selectivity)
    score = Cell(shown.value, shown.interval, change, tone, f"{change}: {says} the control and chance")
    return [score, Cell(metric.value(one.control), f"by heart {metric.value(one.memory)}")]


def _facts(record: Probing, metric: Metric) -> list[tuple[str, str, str]]:
    top = record.best()
    together = (
        f"in {record.groups:,} groups" if record.groups < record.rows else "each predicted by fits without it"
    )
    return [
        ("best block", top.block, f"{metric.value(top.score.value)} by {_a(top.probe)}"),
        ("rows", f"{record.rows:,}", together),
        ("chance", metric.value(record.chance), _guess(record)),
        ("backbone", record.backbone, f"{short(record.backbone_parameters)} parameters, all frozen"),
    ]


def _smallprint(record: Probing) -> Iterator[str]:
    folds = record.settings.get("folds", 5)
    yield (
        f"The ridge and the kNN probe predict each row by an exact fit without it, and without rows that "
        f"belong to it; the logistic and the attentive probe by {folds} folds. What a probe chooses "
        f"(penalty, neighbours, steps) is chosen on such rows too, which flatters it a little, and the "
        f"control as much."
    )
    if count := max((len(one.controls) for one in record.table), default=0):
        yield (
            f"A control task gives each row, or group of rows, a label drawn with the shares of the true "
            f"ones; the control is the mean over {pluralise(count, 'such task')}. A probe can know such "
            f"labels by luck or by heart only."
        )
    if "attentive" in record.probes:
        yield "The attentive probe reads up to 7 x 7 places of a map, 64 of a sequence; others read the mean."
    yield (
        "A probe shows what can be read off a block, not what the network makes use of. The intervals are of "
        "these rows; of twenty such intervals one may miss by chance."
    )


def _legend(record: Probing) -> list[tuple[str, str]]:
    probes = [(f"s{i}", TITLES[name]) for i, name in enumerate(record.probes, 1)]
    controls = [("ideal", "with random labels")] if _controlled(record) else []
    return [*probes, *controls, ("fold", "chance")]


def _figure(record: Probing, metric: Metric) -> str:
    blocks = [next(one for one in group if one is not None) for group in _by_block(record)]
    where = {one.block: float(i) for i, one in enumerate(blocks)}
    values = [
        v for one in record.table for v in (one.score.low, one.score.high, one.control) if v is not None
    ]
    y = metric.axis([*values, record.chance], metric.title)
    plot = Plot(block_axis(blocks), y, 380, slanted=True)
    plot.line([(-0.5, record.chance), (len(blocks) - 0.5, record.chance)], "fold")
    many = " many" if len(record.probes) > 1 else ""
    for number, name in reversed(list(enumerate(record.probes, 1))):
        mine, style = record.of(name), f"s{number}"
        plot.line([(where[one.block], one.control) for one in mine if one.control is not None], "ideal")
        plot.band(
            [(where[one.block], one.score.high) for one in mine],
            [(where[one.block], one.score.low) for one in mine],
            style + many,
        )
        plot.line([(where[one.block], one.score.value) for one in mine], style)
        peaks = best(mine)
        for i, one in enumerate(mine):
            hover = f"{TITLES[name]}, {one.block}: {metric.shown(one.score)}"
            plot.dot((where[one.block], one.score.value), style, hover, 6 if i == peaks else 3.5)
    first = record.best()
    at = where[first.block]
    shown = metric.value(first.score.value)
    plot.note((at, first.score.high), shown, anchor(int(at), len(blocks)), 8)
    said = [f"{TITLES[one.probe]} {one.block} {metric.value(one.score.value)}" for one in record.table]
    return plot.figure(f"{capitalise(metric.title)} of probes by block: {', '.join(said)}")
