"""The page of a probing: what each block knows, beside what the same probe makes of random labels."""

from collections.abc import Iterator
from typing import Any

from headstart.report.figures import Plot
from headstart.report.metric import Metric, get_metric
from headstart.report.text import Terminal, capitalise, join_words, pluralise, short
from headstart.studies._curves import best_block, block_axis, describe_peak, describe_rise, note_anchor
from headstart.studies._page import Cell, cell_text, page_view
from headstart.studies.probe import TITLES, Probed, Probing

MUCH, SOME = 0.5, 0.1  # of the way from chance to all: what a probe memorises
GUESS = {"classes": "always the largest class", "tags": "an order at random", "numbers": "always the mean"}


def view(record: Probing) -> dict[str, Any]:
    """What the template shows."""
    metric, top, guess = get_metric(record.metric), record.best(), GUESS[record.label_kind]
    headline = f"{top.block} knows most of {record.task}: {metric.value(top.score.value)} by {_a(top.probe)}."
    if not _knows(record, top):
        headline = f"No block of {record.backbone} is seen to know anything of {record.task}."
    grouped = record.groups < record.rows
    return page_view(
        record,
        kind="probe of every block",
        task=record.task,
        headline=headline,
        say=list(sentences(record)),
        legend=[
            *((f"s{i}", TITLES[name]) for i, name in enumerate(record.probes, 1)),
            *([("ideal", "with random labels")] if _controlled(record) else []),
            ("fold", "chance"),
        ],
        figure=_figure(record, metric),
        caption=f"{capitalise(metric.title)} on rows that the probe has not seen; bands are 95 % "
        f"intervals. Dashed grey: the same probe with random labels. Thin grey: {guess}.",
        facts=[
            ("best block", top.block, f"{metric.value(top.score.value)} by {_a(top.probe)}"),
            (
                "rows",
                f"{record.rows:,}",
                f"in {record.groups:,} groups" if grouped else "each predicted by fits without it",
            ),
            ("chance", metric.value(record.chance), guess),
            ("backbone", record.backbone, f"{short(record.backbone_parameters)} parameters, all frozen"),
        ],
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
        rows=[(block, width, *map(cell_text, cells)) for block, width, cells in rows(record)],
        sentences=list(sentences(record)),
    )


def headings(record: Probing) -> list[str]:
    """Of the table."""
    titles = [TITLES[name] for name in record.probes]
    if not _controlled(record):
        return ["block", *titles]
    pairs = [(title, f"{title.split()[0]}, random labels") for title in titles]
    return ["block", *(heading for pair in pairs for heading in pair)]


def rows(record: Probing) -> Iterator[tuple[str, str, list[Cell | None]]]:
    """A row for each block: its name, its width, one or two cells for each probe."""
    results = {(each.probe, each.block): each for each in record.table}
    for first in _blocks(record):
        cells: list[Cell | None] = []
        for name in record.probes:
            cells += _cells(record, results.get((name, first.block)))
        yield first.block, pluralise(first.width, "feature"), cells


def _blocks(record: Probing) -> list[Probed]:
    """The first result of each block."""
    first: dict[str, Probed] = {}
    for result in record.table:
        first.setdefault(result.block, result)
    return list(first.values())


def _cells(record: Probing, result: Probed | None) -> list[Cell | None]:
    metric = get_metric(record.metric)
    if result is None:
        return [None] * (2 if _controlled(record) else 1)
    shown = metric.shown(result.score)
    if result.control is None or result.memory is None or result.selectivity is None:
        return [Cell.of(shown)]
    tone, verdict = ("good", "clearly above") if _knows(record, result) else ("even", "not clearly above")
    change = metric.change(result.selectivity)
    score = Cell(shown.value, shown.interval, change, tone, f"{change}: {verdict} the control and chance")
    return [score, Cell(metric.value(result.control), f"on training rows {metric.value(result.memory)}")]


def sentences(record: Probing) -> Iterator[str]:
    """Where the knowledge lies, and whether it is more than chance and memorising."""
    metric, blocks = get_metric(record.metric), record.of(record.probes[0])
    yield describe_peak(blocks, metric)
    yield describe_rise(blocks, metric)
    first, *others = [record.best(name) for name in record.probes]
    if first.control is not None and first.memory is not None:
        yield f"{_verdict(record, first, first.control)} {_capacity(record, first.memory)}"
    if others:
        yield f"Other probes read, at best: {join_words([_short(each, metric) for each in others])}."


def _short(top: Probed, metric: Metric) -> str:
    """The best block of a further probe."""
    sentence = f"the {_title(top.probe)} {metric.value(top.score.value)} from {top.block}"
    if top.control is None or top.memory is None:
        return sentence
    return (
        f"{sentence} (random labels {metric.value(top.control)}, on training rows {metric.value(top.memory)})"
    )


def _verdict(record: Probing, top: Probed, control: float) -> str:
    """Whether the score of a probe on its best block is more than luck."""
    metric = get_metric(record.metric)
    luck = (
        f"With random labels the {_title(top.probe)} scores {metric.value(control)} on unseen rows; "
        f"{GUESS[record.label_kind]} would be {metric.value(record.chance)}. With the true ones it is"
    )
    if not _knows(record, top):
        return f"{luck} not clearly above both: that may be luck."
    above = metric.size(top.score.value - _floor(record, top))
    return f"{luck} {above} above both: that is knowledge of the block, not luck."


def _capacity(record: Probing, memory: float) -> str:
    """How much a probe can memorise, and what follows."""
    figure = get_metric(record.metric).value(memory)
    heart = f"On the rows that it was fitted to it scores {figure} with random labels"
    room = (memory - record.chance) / max(1e-9, 1 - record.chance)
    if room >= MUCH:
        return f"{heart}: it can memorise labels, and only rows that it has not seen prove anything."
    if room >= SOME:
        return f"{heart}: it memorises some of them."
    return f"{heart}: it can hardly memorise labels."


def _knows(record: Probing, result: Probed) -> bool:
    return result.score.low > _floor(record, result)


def _floor(record: Probing, result: Probed) -> float:
    """What is reached without any knowledge."""
    return record.chance if result.control is None else max(record.chance, result.control)


def _controlled(record: Probing) -> bool:
    return any(result.control is not None for result in record.table)


def _title(probe: str) -> str:
    title = TITLES[probe]
    return title if title[1].isupper() else title.lower()


def _a(probe: str) -> str:
    return f"{'an' if probe == 'attentive' else 'a'} {_title(probe)}"


def _smallprint(record: Probing) -> Iterator[str]:
    folds = record.settings.get("folds", 5)
    yield (
        f"The ridge and the kNN probe predict each row by an exact fit without it, and without rows that "
        f"belong to it; the logistic and the attentive probe by {folds} folds. What a probe chooses "
        f"(penalty, neighbours, steps) is chosen on such rows too, which flatters it a little, and the "
        f"control as much."
    )
    if count := max((len(result.controls) for result in record.table), default=0):
        yield (
            f"A control task gives each row, or group of rows, a label drawn with the shares of the true "
            f"ones; the control is the mean over {pluralise(count, 'such task')}. A probe can know such "
            f"labels by luck or by memorising only."
        )
    if record.label_kind == "classes" and any(each.score.high < record.chance for each in record.table):
        yield (
            "A score below chance is an artefact of leaving rows out of balanced classes: a probe that reads "
            "nothing predicts the other classes, as the class of the row left out is the rarer one then."
        )
    if "attentive" in record.probes:
        yield "The attentive probe reads up to 7 x 7 places of a map, 64 of a sequence; others read the mean."
    yield (
        "A probe shows what can be read off a block, not what the network makes use of. The intervals are of "
        "these rows; of twenty such intervals one may miss by chance."
    )


def _figure(record: Probing, metric: Metric) -> str:
    blocks, chance = _blocks(record), record.chance
    place = {result.block: float(i) for i, result in enumerate(blocks)}
    intervals = [end for result in record.table for end in (result.score.low, result.score.high)]
    controls = [result.control for result in record.table if result.control is not None]
    plot = Plot(block_axis(blocks), metric.axis([*intervals, *controls, chance], metric.title), 380, True)
    plot.line([(-0.5, chance), (len(blocks) - 0.5, chance)], "fold")
    many = " many" if len(record.probes) > 1 else ""
    for number, name in reversed(list(enumerate(record.probes, 1))):
        results, style = [(place[result.block], result) for result in record.of(name)], f"s{number}"
        plot.line([(x, result.control) for x, result in results if result.control is not None], "ideal")
        plot.intervals([(x, result.score) for x, result in results], style + many)
        plot.line([(x, result.score.value) for x, result in results], style)
        peaks = best_block(record.of(name))
        for i, (x, result) in enumerate(results):
            hover = f"{TITLES[name]}, {result.block}: {metric.shown(result.score)}"
            plot.dot((x, result.score.value), style, hover, 6 if i == peaks else 3.5)
    top = record.best()
    at = place[top.block]
    plot.note((at, top.score.high), metric.value(top.score.value), note_anchor(int(at), len(blocks)), 8)
    scores = [f"{TITLES[each.probe]} {each.block} {metric.value(each.score.value)}" for each in record.table]
    return plot.figure(f"{capitalise(metric.title)} of probes by block: {', '.join(scores)}")
