"""The page of a stream: how contenders did as it went, what guards did, and whether adapting helped."""

from collections.abc import Iterator
from typing import Any

from headstart.records.record import Interval
from headstart.report.figures.axis import Axis, linear
from headstart.report.figures.plot import Plot
from headstart.report.metric import get_metric, tone
from headstart.report.terminal import Terminal
from headstart.report.text import capitalise, join_words, percent, pluralise
from headstart.studies._page import Cell, settings, versions
from headstart.studies.stream import Contender, Event, OnSegment, Prequential

STYLES = 6
SHOWN = 50  # events in the table of the page
ACCURACY = get_metric("accuracy")
GUARDS = {
    "collapse": "one class took nearly all answers",
    "confidence": "the answers became too sure",
    "drift": "the weights had gone too far from the start",
    "diverged": "the numbers ran out of range",
    "schedule": "the method starts anew at fixed times",
}
DID = {"reset": "everything was put back to the start", "stop": "the source model answers from then on"}


def view(record: Prequential) -> dict[str, Any]:
    """What the template shows."""
    many = pluralise(len(record.segments), "part")
    what = "accuracy" if record.labelled else "mean confidence"
    return {
        "kind": "stream",
        "task": record.task,
        "headline": headline(record),
        "say": list(sentences(record))[1:],
        "legend": [(_style(i), one.title) for i, one in enumerate(record.contenders)],
        "figure": _figure(record),
        "caption": f"{capitalise(what)} of the rows since the point before, as the stream goes; "
        + ("thin grey lines are the borders of its parts." if len(record.segments) > 1 else "one part."),
        "facts": [
            ("rows", f"{record.rows:,}", f"{record.batch:,} at once"),
            ("parts", f"{len(record.segments):,}", join_words(record.segments[:3])),
            ("resets", f"{sum(one.resets for one in record.contenders):,}", "of all that adapt"),
            ("labels", "for judging only" if record.labelled else "none", "no method saw one"),
        ],
        "reading": _reading(record, many),
        "headings": headings(record),
        "rows": [(one.title, _detail(one), list(_cells(record, one))) for one in record.contenders],
        "more": list(_more(record)),
        "smallprint": list(_smallprint(record)),
        "settings": settings(record),
        "versions": versions(record),
    }


def terminal(record: Prequential) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    return Terminal(
        title=title(record),
        headings=headings(record),
        rows=list(rows(record)),
        sentences=list(sentences(record)),
    )


def title(record: Prequential) -> str:
    """Of the table."""
    what = "accuracy" if record.labelled else "the class answered most often"
    return f"The stream {record.task}: {what}, every batch answered before it was learned from"


def headings(record: Prequential) -> list[str]:
    """Of the table: the parts of the stream."""
    return ["method", *record.segments, *(["all"] if record.labelled else [])]


def rows(record: Prequential) -> Iterator[list[str]]:
    """A row a contender, for a terminal."""
    for one in record.contenders:
        cells = [_text(part) for part in one.segments]
        whole = [str(ACCURACY.shown(one.accuracy))] if one.accuracy is not None else []
        yield [one.title, *cells, *whole]


def headline(record: Prequential) -> str:
    """Whether adapting helped, in one sentence."""
    one = record.contenders[0]
    if not record.labelled or one.accuracy is None:
        return f"{one.title} answered {pluralise(record.rows, 'row')}; without labels nobody knows how well."
    return f"{one.title} was right {percent(one.accuracy.value)} of the time. {_verdict(record, one)}"


def sentences(record: Prequential) -> Iterator[str]:
    """What the figures say: whether adapting helped, and what guards did."""
    yield headline(record)
    for one in record.contenders[1:]:
        if one.adapts and one.accuracy is not None:
            right = percent(one.accuracy.value)
            yield f"{one.title} was right {right} of the time. {_verdict(record, one)}"
    for one in record.contenders:
        if one.adapts:
            yield _guarded(one)


def told_event(event: Event) -> str:
    """An event in plain words."""
    why = GUARDS.get(event.guard, f"the guard {event.guard!r} raised an alarm")
    figures = ""
    if event.value is not None and event.limit is not None and event.guard != "schedule":
        figures = f" ({event.value:.3g}, limit {event.limit:.3g})"
    return f"{capitalise(why)}{figures}: {DID.get(event.did, event.did)}."


def _verdict(record: Prequential, one: Contender) -> str:
    titles = {other.name: other.title for other in record.contenders}
    parts = []
    for name, gain in one.gains.items():
        says = {
            "good": "adapting helped",
            "bad": "adapting hurt",
            "even": "there is no clear difference",
        }[tone(gain)]
        parts.append(f"against {titles[name]}, {says}: {_points(gain)}")
    return capitalise("; ".join(parts)) + "." if parts else ""


def _points(gain: Interval) -> str:
    return str(ACCURACY.gained(gain))


def _guarded(one: Contender) -> str:
    if one.stopped:
        return f"The guards ended the adaptation of {one.title}; the source model answered from then on."
    if not one.events:
        return f"No guard had to act on {one.title}."
    why = join_words(list(dict.fromkeys(GUARDS.get(event.guard, event.guard) for event in one.events)))
    return f"{one.title} was put back to its start {pluralise(one.resets, 'time')}: {why}."


def _detail(one: Contender) -> str:
    if not one.adapts:
        return "to compare with"
    return pluralise(one.resets, "reset") if one.resets else "no reset"


def _text(part: OnSegment) -> str:
    if part.accuracy is not None:
        return percent(part.accuracy.value)
    return f"{part.top_class} {percent(part.top_share)}"


def _cells(record: Prequential, one: Contender) -> Iterator[Cell | None]:
    for part in one.segments:
        if part.accuracy is None:
            yield Cell(part.top_class, percent(part.top_share))
        else:
            shown = ACCURACY.shown(part.accuracy)
            yield Cell.of(shown)
    if one.accuracy is None:
        return
    shown = ACCURACY.shown(one.accuracy)
    gain = next(iter(one.gains.values()), None)
    change = "" if gain is None else ACCURACY.change(gain.value)
    yield Cell(shown.value, shown.interval, change, "" if gain is None else tone(gain), _hover(one))


def _hover(one: Contender) -> str:
    return "; ".join(f"over {name}: {_points(gain)}" for name, gain in one.gains.items())


def _reading(record: Prequential, many: str) -> str:
    if not record.labelled:
        return f"The class answered most often and its share, over {many}."
    return (
        f"Accuracy with its 95 % interval over {many} and over all; below it the points gained over the "
        "first that it is compared with, coloured where their paired interval does not reach zero."
    )


def _more(record: Prequential) -> Iterator[dict[str, Any]]:
    events = [(one.title, event) for one in record.contenders for event in one.events]
    if not events:
        return
    left = len(events) - SHOWN
    yield {
        "id": "events",
        "heading": "What the guards did",
        "say": [f"The last {SHOWN} of {len(events):,} events are shown."] if left > 0 else [],
        "headings": ["method", "batch", "row", "what happened"],
        "rows": [(name, f"{e.step:,}", f"{e.rows:,}", told_event(e)) for name, e in events[-SHOWN:]],
    }


def _smallprint(record: Prequential) -> Iterator[str]:
    yield (
        "Every batch is answered by the model as it was before it saw that batch, and only then learned "
        "from. After a reset the batch is answered anew, by the model as it was at the start."
    )
    if record.labelled:
        yield (
            "Labels are read by the judge alone. Differences are paired on the same batches, drawn whole "
            "(rows where there are fewer than 20 batches); intervals of a part are Wilson's and take rows as "
            "independent, which those of one batch are not quite. Of twenty intervals one may miss by chance."
        )
    if record.guards:
        yield f"Guards: {join_words(record.guards)}."


def _style(number: int) -> str:
    return f"s{number % STYLES + 1}"


def _figure(record: Prequential) -> str:
    curves = [(one, [(p.rows, _height(p)) for p in one.curve]) for one in record.contenders]
    values = [value for _, curve in curves for _, value in curve]
    if not values:
        return ""
    what = "accuracy" if record.labelled else "mean confidence"
    y = ACCURACY.axis(values, what)
    x = linear(0, record.rows, lambda value: f"{value:,.0f}", "rows so far")
    plot = Plot(Axis(x.low, record.rows, tuple(t for t in x.ticks if t[0] <= record.rows), x.title), y, 380)
    for border in _borders(record):
        plot.line([(border, y.low), (border, y.high)], "fold")
    for i, (_, curve) in reversed(list(enumerate(curves))):
        plot.line(curve, _style(i))
    for i, (one, curve) in enumerate(curves):
        last = curve[-1]
        plot.dot(last, _style(i), f"{one.title}, {last[0]:,} rows: {percent(last[1])}")
    ends = [
        f"{one.title} {percent(curve[0][1])} at first, {percent(curve[-1][1])} at last"
        for one, curve in curves
    ]
    return plot.figure(f"{capitalise(what)} along the stream: {'; '.join(ends)}")


def _height(point: Any) -> float:
    value = point.recent if point.recent is not None else point.confidence
    return float(value)


def _borders(record: Prequential) -> Iterator[int]:
    done = 0
    for part in record.contenders[0].segments[:-1]:
        done += part.rows
        yield done
