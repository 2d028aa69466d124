"""The page of shortcuts: the groups that a model fails, and what is left of it without a cue."""

from collections.abc import Iterator
from typing import Any

from headstart.records.record import Interval
from headstart.report.figures import Dot, dots
from headstart.report.metric import get_metric
from headstart.report.text import Terminal, capitalise, join_words, pluralise, quoted
from headstart.studies._page import Cell, cell_text, page_view
from headstart.studies.shortcuts import Change, Conflict, GroupScore, Shortcuts

METRIC = get_metric("accuracy")
ASSOCIATED = 0.1  # Cramer's V from which attribute and class are called associated
FEW = 20  # rows of a group below which its accuracy is uncertain
NAMED = 3  # columns that are named in a sentence
SHOWN = 12  # changes in the figure
HEADINGS = ["rows", "accuracy", "predictions that changed"]
CUES = {"texture": "texture", "colour": "colours"}


def view(record: Shortcuts) -> dict[str, Any]:
    """What the template shows."""
    return page_view(
        record,
        kind="shortcuts",
        task=record.task,
        headline=headline(record),
        say=list(sentences(record)),
        figure=_figure(record),
        caption="Accuracy with 95 % intervals: of all rows, of each group, and of changed copies. The "
        "heavier line is always the largest class.",
        facts=_facts(record),
        reading="Accuracy with its 95 % interval. Below that of a group its difference from all rows; below "
        "that of a change its difference on the same rows, coloured where that is more than chance.",
        headings=HEADINGS,
        rows=list(rows(record)),
        smallprint=list(_smallprint(record)),
    )


def terminal(record: Shortcuts) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    first, *others = HEADINGS
    return Terminal(
        title=f"Cues that {record.model} relies on, in {record.task}",
        headings=[first, "", *others],
        rows=[(name, detail, *map(cell_text, cells)) for name, detail, cells in rows(record)],
        sentences=[headline(record), *sentences(record)],
    )


def headline(record: Shortcuts) -> str:
    """The most serious finding that the figures prove."""
    worst = record.worst_group
    if record.gap is not None and record.gap.low > 0 and worst is not None:
        accuracy = METRIC.value(worst.accuracy.value)
        return f"{capitalise(worst.name)}: only {accuracy} are classified correctly."
    cues = [CUES[c.cue] for c in record.conflicts if c.share is not None and c.share.high < 0.5]
    if cues:
        return f"{capitalise(record.model)} relies on {join_words(cues)}, not on shape."
    tags = [change for change in record.of("tag", "word in") if change.drop.low > 0]
    if tags:
        return f"{capitalise(named(max(tags, key=_drop)))} is enough to mislead {record.model}."
    return f"No shortcut of {record.model} is seen in these rows."


def sentences(record: Shortcuts) -> Iterator[str]:
    """What the figures mean, and only where the intervals allow it."""
    yield from _of_groups(record)
    yield from map(_of_conflict, record.conflicts)
    yield from _of_cues(record)
    yield from _of_tags(record)
    yield from _of_columns(record)


def named(change: Change) -> str:
    """A change in words."""
    return {
        "word out": f"without the word {quoted(change.name)}",
        "word in": f"the word {quoted(change.name)} in front",
        "tag": f"a {change.name} in the corner",
        "column": f"{change.name} shuffled",
        "column within classes": f"{change.name} shuffled within classes",
    }.get(change.kind, change.name)


def _of_groups(record: Shortcuts) -> Iterator[str]:
    worst, best, gap = record.worst_group, record.best_group, record.gap
    if worst is None or best is None or gap is None:
        return
    pair = (
        f"The worst group, {worst.name} ({pluralise(worst.rows, 'row')}), has accuracy "
        f"{METRIC.shown(worst.accuracy)}, the best, {best.name}, {METRIC.shown(best.accuracy)}; over all "
        f"rows it is {METRIC.value(record.accuracy.value)}."
    )
    size = METRIC.size(gap.value)
    if gap.low > 0:
        yield f"{pair} The gap of {size} is more than chance."
    else:
        yield f"{pair} The intervals overlap: a gap of {size} may be chance."
    if record.association is not None and record.association >= ASSOCIATED:
        yield (
            f"In these rows class and attribute are associated (Cramér's V {record.association:.2f}), so "
            "accuracy over all rows flatters a model that relies on the attribute."
        )
    small = [group.name for group in record.groups if group.rows < FEW]
    if small:
        names = join_words(small[:NAMED]) + (" and others" if len(small) > NAMED else "")
        yield f"Of {names} there are fewer than {FEW} rows: their accuracies are uncertain."


def _of_conflict(conflict: Conflict) -> str:
    cue, share = CUES[conflict.cue], conflict.share
    if share is None:
        pictures = pluralise(conflict.rows, "picture")
        return f"Shape of one class, {cue} of another: neither is ever predicted ({pictures})."
    neither = pluralise(conflict.rows - conflict.shape - conflict.other, "prediction")
    prevails = "mostly shape" if share.low > 0.5 else "neither is seen to prevail"
    if share.high < 0.5:
        prevails = f"mostly {cue}"
    return (
        f"Where shape and {cue} disagree, {METRIC.shown(share)} of the decided predictions follow shape "
        f"({conflict.shape} to {conflict.other}, {neither} with neither): {prevails}."
    )


def _of_cues(record: Shortcuts) -> Iterator[str]:
    cues = {change.name: change for change in record.of("cue")}
    for change in cues.values():
        if change.drop.low > 0 and change.name in ("grey", "edges"):
            yield (
                f"Without {change.loses} it loses {METRIC.size(change.drop.value)} "
                f"({METRIC.value(change.plain)} to {METRIC.value(change.accuracy.value)})."
            )
    for name, reads in (("shuffled patches", "texture and colour"), ("middle hidden", "the surroundings")):
        if name in cues and cues[name].accuracy.low > record.chance:
            yield (
                f"With {cues[name].keeps} alone it still classifies {METRIC.shown(cues[name].accuracy)} "
                f"correctly, above the {METRIC.value(record.chance)} of always the largest class: it can use "
                f"{reads}."
            )


def _of_tags(record: Shortcuts) -> Iterator[str]:
    tags = record.of("tag", "word in", "word out")
    costly = [change for change in tags if change.drop.low > 0]
    for change in sorted(costly, key=_drop, reverse=True)[:NAMED]:
        yield (
            f"{capitalise(named(change))} costs {METRIC.size(change.drop.value)} and changes "
            f"{METRIC.value(change.changed)} of the predictions."
        )
    if tags and not costly:
        yield f"No {'tag' if record.kind == 'pictures' else 'word'} is seen to cost accuracy."


def _of_columns(record: Shortcuts) -> Iterator[str]:
    columns = record.of("column")
    costly = sorted((change for change in columns if change.drop.low > 0), key=_drop, reverse=True)
    if not costly:
        if columns:
            yield "No column is seen to matter by itself: shuffling it costs no more than chance."
        return
    costs = [f"{change.name} ({METRIC.size(change.drop.value)})" for change in costly[:NAMED]]
    yield f"Shuffled over all rows, these columns cost most: {join_words(costs)}."
    top = costly[0]
    within = {change.name: change.drop for change in record.of("column within classes")}.get(top.name)
    if within is not None and within.high < top.drop.low:
        yield (
            f"Shuffled among rows of the same class, {top.name} costs {METRIC.size(within.value)}: the model "
            f"uses it mostly for its relation to the class. If that should not matter, it is a shortcut."
        )


def _drop(change: Change) -> float:
    return change.drop.value


def rows(record: Shortcuts) -> Iterator[tuple[str, str, list[Cell | None]]]:
    """Of the table: all rows, each group, each conflict and each change."""
    yield "all rows", pluralise(record.rows, "row"), [Cell.of(METRIC.shown(record.accuracy)), None]
    for group in record.groups:
        yield group.name, pluralise(group.rows, "row"), [_group(record, group), None]
    for conflict in record.conflicts:
        share = None if conflict.share is None else Cell.of(METRIC.shown(conflict.share))
        mixed = pluralise(conflict.rows, "mixed picture")
        yield f"by shape, not {CUES[conflict.cue]}", mixed, [share, None]
    for change in record.changes:
        yield named(change), f"left: {change.keeps}", [_changed(change), Cell(METRIC.value(change.changed))]


def _group(record: Shortcuts, group: GroupScore) -> Cell:
    shown = METRIC.shown(group.accuracy)
    away = group.accuracy.value - record.accuracy.value
    apart = group.accuracy.high < record.accuracy.low or group.accuracy.low > record.accuracy.high
    tone = ("good" if away > 0 else "bad") if apart else "even"
    change = METRIC.change(away)
    hover = f"{change}: {'clearly different from all rows' if apart else 'may be chance'}"
    return Cell(shown.value, shown.interval, change, tone, hover)


def _changed(change: Change) -> Cell:
    drop = change.drop
    gain = Interval(-drop.value, -drop.high, -drop.low)
    return Cell.compare(METRIC, change.accuracy.value, change.accuracy, gain)


def _facts(record: Shortcuts) -> list[tuple[str, str, str]]:
    facts = [("rows", f"{record.rows:,}", f"{METRIC.value(record.accuracy.value)} classified correctly")]
    if record.worst is not None and record.worst_group is not None:
        facts.append(("worst group", METRIC.value(record.worst.value), record.worst_group.name))
    if record.balanced is not None:
        facts.append(("mean over groups", METRIC.value(record.balanced), "each group counts the same"))
    return [*facts, ("chance", METRIC.value(record.chance), "always the largest class")]


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
            "A changed copy differs from the training rows in more than the cue that was removed: a drop "
            "shows that the change matters to the model, and accuracy that stays that it does not need the "
            "cue. Drops are paired."
        )
    yield "Of twenty such intervals one may miss by chance."


def _figure(record: Shortcuts) -> str:
    shown = [_dot("all rows", record.accuracy, "selected")]
    worst = record.worst_group if record.gap is not None and record.gap.low > 0 else None
    shown += [_dot(group.name, group.accuracy, "bad" if group is worst else "") for group in record.groups]
    largest = sorted(range(len(record.changes)), key=lambda n: -record.changes[n].drop.value)[:SHOWN]
    shown += [
        _dot(named(change), change.accuracy, "bad" if change.drop.low > 0 else "faint")
        for change in (record.changes[n] for n in sorted(largest))
    ]
    ends = [end for dot in shown for end in (dot.interval.low, dot.interval.high)]
    label = ", ".join(f"{dot.name} {dot.text}" for dot in shown)
    return dots(shown, METRIC.axis([*ends, record.chance]), f"Accuracy: {label}", record.chance)


def _dot(name: str, interval: Interval, style: str) -> Dot:
    return Dot(name, interval, METRIC.value(interval.value), style)
