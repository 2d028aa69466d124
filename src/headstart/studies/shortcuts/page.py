"""The page of shortcuts: the groups that a model fails, and what is left of it without a cue."""

from collections.abc import Iterator, Sequence
from typing import Any

from headstart.report.figures.dots import Dot, dots
from headstart.report.metric import Metric, get_metric
from headstart.report.terminal import Terminal
from headstart.report.text import capitalise, join_words, pluralise
from headstart.studies._page import Cell, settings, text, versions
from headstart.studies.shortcuts import Change, Conflict, GroupScore, Shortcuts

METRIC = "accuracy"
FIRM = 0.1  # Cramer's V from which attribute and class are said to go together
FEW = 20  # rows of a group below which little can be said of it
NAMED = 3  # columns that are named in a sentence
HEADINGS = ["rows", "accuracy", "predictions that changed"]
CUES = {"texture": "texture", "colour": "colours"}


def view(record: Shortcuts) -> dict[str, Any]:
    """What the template shows."""
    metric = get_metric(METRIC)
    return {
        "kind": "shortcuts",
        "task": record.task,
        "headline": headline(record),
        "say": list(sentences(record)),
        "legend": [],
        "figure": _figure(record, metric),
        "caption": "Accuracy with 95 % intervals: of all rows, of each group, and of changed copies. The "
        "heavier line is always the largest class.",
        "facts": _facts(record, metric),
        "reading": "Accuracy with its 95 % interval. Below that of a group how far it is from all rows; "
        "below that of a change how far it moves the same rows, coloured where that is more than chance.",
        "headings": HEADINGS,
        "rows": list(rows(record)),
        "smallprint": list(_smallprint(record)),
        "settings": settings(record),
        "versions": versions(record),
    }


def terminal(record: Shortcuts) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    first, *others = HEADINGS
    return Terminal(
        title=f"Cues that {record.model} relies on, in {record.task}",
        headings=[first, "", *others],
        rows=[(name, detail, *(text(cell) for cell in cells)) for name, detail, cells in rows(record)],
        sentences=[headline(record), *sentences(record)],
    )


def headline(record: Shortcuts) -> str:
    """The gravest that the figures prove."""
    metric, worst = get_metric(METRIC), record.worst_group
    if record.gap is not None and record.gap.low > 0 and worst is not None:
        return (
            f"{capitalise(worst.name)}: only {metric.value(worst.accuracy.value)} are classified correctly."
        )
    followed = [one for one in record.conflicts if one.share is not None and one.share.high < 0.5]
    if followed:
        cues = join_words([CUES[one.cue] for one in followed])
        return f"{capitalise(record.model)} relies on {cues}, not on shape."
    tags = [change for change in record.of("tag", "word in") if change.drop.low > 0]
    if tags:
        return f"{capitalise(named(max(tags, key=_lost)))} is enough to mislead {record.model}."
    return f"No shortcut of {record.model} is seen in these rows."


def sentences(record: Shortcuts) -> Iterator[str]:
    """What the figures say, and only where the intervals allow it."""
    metric = get_metric(METRIC)
    yield from _of_groups(record, metric)
    for one in record.conflicts:
        yield _of_conflict(one, metric)
    yield from _of_cues(record, metric)
    yield from _of_tags(record, metric)
    yield from _of_columns(record, metric)


def named(change: Change) -> str:
    """A change in words."""
    return {
        "word out": f"without the word {change.name!r}",
        "word in": f"the word {change.name!r} in front",
        "tag": f"a {change.name} in the corner",
        "column": f"{change.name} shuffled",
        "column within classes": f"{change.name} shuffled within classes",
    }.get(change.kind, change.name)


def _of_groups(record: Shortcuts, metric: Metric) -> Iterator[str]:
    worst, best, gap = record.worst_group, record.best_group, record.gap
    if worst is None or best is None or gap is None:
        return
    pair = (
        f"The worst group, {worst.name} ({pluralise(worst.rows, 'row')}), is classified correctly in "
        f"{metric.shown(worst.accuracy)}, the best, {best.name}, in {metric.shown(best.accuracy)}; over all "
        f"rows it is {metric.value(record.accuracy.value)}."
    )
    if gap.low > 0:
        yield f"{pair} The gap of {metric.size(gap.value)} is more than chance."
    else:
        yield f"{pair} The intervals overlap: a gap of {metric.size(gap.value)} may be chance."
    if record.association is not None and record.association >= FIRM:
        yield (
            f"In these rows class and attribute go together (Cramér's V {record.association:.2f}), so "
            "accuracy over all rows flatters a model that relies on the attribute."
        )
    small = [group.name for group in record.groups if group.rows < FEW]
    if small:
        many = join_words(small[:NAMED]) + (" and others" if len(small) > NAMED else "")
        yield f"Of {many} there are fewer than {FEW} rows: little can be said of so few."


def _of_conflict(one: Conflict, metric: Metric) -> str:
    what = CUES[one.cue]
    if one.share is None:
        return (
            f"Shape of one class, {what} of another: neither is ever predicted "
            f"({pluralise(one.rows, 'picture')})."
        )
    undecided = one.rows - one.shape - one.other
    said = (
        f"Where shape and {what} disagree, {metric.shown(one.share)} of the decided predictions follow shape "
        f"({one.shape} to {one.other}, {pluralise(undecided, 'prediction')} with neither)"
    )
    if one.share.low > 0.5:
        return f"{said}: mostly shape."
    return f"{said}: mostly {what}." if one.share.high < 0.5 else f"{said}: neither is seen to prevail."


def _of_cues(record: Shortcuts, metric: Metric) -> Iterator[str]:
    cues = {change.name: change for change in record.of("cue")}
    costly = [change for change in cues.values() if change.drop.low > 0 and change.name in ("grey", "edges")]
    for change in costly:
        yield (
            f"Without {change.loses} it loses {metric.size(change.drop.value)} "
            f"({metric.value(change.plain)} to {metric.value(change.accuracy.value)})."
        )
    for name, reads in (("shuffled patches", "texture and colour"), ("middle hidden", "the surroundings")):
        if name in cues and cues[name].accuracy.low > record.chance:
            right = metric.shown(cues[name].accuracy)
            yield (
                f"Left with {cues[name].keeps} alone it still classifies {right} correctly, above the "
                f"{metric.value(record.chance)} of always the largest class: it can read {reads}."
            )


def _of_tags(record: Shortcuts, metric: Metric) -> Iterator[str]:
    found = record.of("tag", "word in", "word out")
    bad = [change for change in found if change.drop.low > 0]
    for change in sorted(bad, key=_lost, reverse=True)[:NAMED]:
        yield (
            f"{capitalise(named(change))} costs {metric.size(change.drop.value)} and changes "
            f"{metric.value(change.changed)} of the predictions."
        )
    if found and not bad:
        what = "tag" if record.kind == "pictures" else "word"
        yield f"No {what} is seen to cost accuracy."


def _of_columns(record: Shortcuts, metric: Metric) -> Iterator[str]:
    columns = record.of("column")
    used = sorted((one for one in columns if one.drop.low > 0), key=_lost, reverse=True)
    if not columns:
        return
    if not used:
        yield "No column is seen to matter by itself: shuffling it costs nothing that is more than chance."
        return
    said = [f"{one.name} ({metric.size(one.drop.value)})" for one in used[:NAMED]]
    yield f"Shuffled over all rows, these columns cost most: {join_words(said)}."
    inside = {one.name: one for one in record.of("column within classes")}
    top = used[0]
    if top.name in inside and inside[top.name].drop.high < top.drop.low:
        yield (
            f"Shuffled among rows of the same class, {top.name} costs "
            f"{metric.size(inside[top.name].drop.value)}: the model takes from it mostly how it goes with "
            "the class. If that should not matter, it is a shortcut."
        )


def _lost(change: Change) -> float:
    return change.drop.value


def rows(record: Shortcuts) -> Iterator[tuple[str, str, list[Cell | None]]]:
    """Of the table: all rows, each group, each conflict and each change."""
    metric = get_metric(METRIC)
    yield "all rows", pluralise(record.rows, "row"), [_plain(record.accuracy, metric), None]
    for group in record.groups:
        yield group.name, pluralise(group.rows, "row"), [_group(record, group, metric), None]
    for one in record.conflicts:
        cell = None if one.share is None else _plain(one.share, metric)
        yield f"by shape, not {CUES[one.cue]}", pluralise(one.rows, "mixed picture"), [cell, None]
    for change in record.changes:
        cells: list[Cell | None] = [
            _changed(change, metric),
            Cell(metric.value(change.changed)),
        ]
        yield named(change), f"left: {change.keeps}", cells


def _plain(interval: Any, metric: Metric) -> Cell:
    shown = metric.shown(interval)
    return Cell.of(shown)


def _group(record: Shortcuts, group: GroupScore, metric: Metric) -> Cell:
    shown = metric.shown(group.accuracy)
    away = group.accuracy.value - record.accuracy.value
    apart = group.accuracy.high < record.accuracy.low or group.accuracy.low > record.accuracy.high
    tone = ("good" if away > 0 else "bad") if apart else "even"
    change = metric.change(away)
    says = "clearly another than all rows" if apart else "may be chance"
    return Cell(shown.value, shown.interval, change, tone, f"{change}: {says}")


def _changed(change: Change, metric: Metric) -> Cell:
    shown = metric.shown(change.accuracy)
    tone = "bad" if change.drop.low > 0 else "good" if change.drop.high < 0 else "even"
    moved = metric.change(-change.drop.value)
    return Cell(shown.value, shown.interval, moved, tone, f"drop {metric.gained(change.drop)}")


def _facts(record: Shortcuts, metric: Metric) -> list[tuple[str, str, str]]:
    facts = [("rows", f"{record.rows:,}", f"{metric.value(record.accuracy.value)}classified correctly")]
    if record.worst is not None and record.worst_group is not None:
        facts.append(("worst group", metric.value(record.worst.value), record.worst_group.name))
    if record.balanced is not None:
        facts.append(("mean over groups", metric.value(record.balanced), "each group counts the same"))
    return [*facts, ("chance", metric.value(record.chance), "always the largest class")]


def _smallprint(record: Shortcuts) -> Iterator[str]:
    if record.groups:
        yield (
            f"The intervals of the {pluralise(len(record.groups), 'group')} hold all at once with 95 % "
            "confidence (Wilson, after Bonferroni); a gap counts if those of two groups don't overlap."
        )
    if record.conflicts:
        yield (
            "Cue conflicts are made of pairs of these pictures that the model classifies correctly: the "
            "phase of the spectrum of one with the amplitudes of another (texture), or its light and dark in "
            "the mean colour of another. They are coarser than those drawn by style transfer: compare models "
            "with them, not with figures of papers."
        )
    if record.changes:
        yield (
            "A changed copy differs from the training rows in more than the cue that was taken: a drop shows "
            "that the change matters to the model, and accuracy that stays that it can do without the cue. "
            "Drops are paired."
        )
    yield "Of twenty such intervals one may miss by chance."


def _figure(record: Shortcuts, metric: Metric) -> str:
    shown: list[Dot] = [_dot("all rows", record.accuracy, metric, "selected")]
    worst = record.worst_group
    for group in record.groups:
        bad = record.gap is not None and record.gap.low > 0 and group is worst
        shown.append(_dot(group.name, group.accuracy, metric, "bad" if bad else ""))
    changes = _few(record.changes)
    shown += [
        _dot(named(one), one.accuracy, metric, "bad" if one.drop.low > 0 else "faint") for one in changes
    ]
    values = [end for dot in shown for end in (dot.interval.low, dot.interval.high)]
    said = ", ".join(f"{dot.name} {dot.text}" for dot in shown)
    return dots(shown, metric.axis([*values, record.chance]), f"Accuracy: {said}", record.chance)


def _few(changes: Sequence[Change]) -> list[Change]:
    """The changes that cost most, in the order in which they were made."""
    most = sorted(range(len(changes)), key=lambda place: -changes[place].drop.value)[:12]
    return [changes[place] for place in sorted(most)]


def _dot(name: str, interval: Any, metric: Metric, style: str) -> Dot:
    return Dot(name, interval, metric.value(interval.value), style)
