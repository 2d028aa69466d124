"""The page of a stream: how methods did as it went, what guards did, and whether adapting helped."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from headstart.report.axis import Axis, linear
from headstart.report.figures import Plot
from headstart.report.metric import get_metric, tone
from headstart.report.text import Terminal, capitalise, join_words, percent, pluralise, quoted
from headstart.studies._curves import style
from headstart.studies._page import Cell, page_view
from headstart.studies.stream import Event, Prequential, StreamMethod

SHOWN = 50  # events in the table of the page
ACCURACY = get_metric("accuracy")
VERDICTS = {"good": "adapting helped", "bad": "adapting hurt", "even": "there is no clear difference"}
GUARDS = {
    "collapse": "one class took nearly all predictions",
    "confidence": "the predictions became too certain",
    "drift": "the weights had gone too far from the start",
    "diverged": "the numbers ran out of range",
    "schedule": "the method starts anew at fixed times",
    "protection": "the adapted answers were worse for 128 rows or more",
}
ACTIONS = {"reset": "everything was reset to the start", "stop": "the source model predicts from then on"}
ORDER = (
    "The model as it was before it saw a batch predicts that batch, and only then learns from it. After a "
    "reset the model as it was at the start predicts the batch anew."
)
SCORES = (
    "Labels serve for the scores alone. Differences are paired on the same batches, resampled whole (rows "
    "where there are fewer than 20 batches); intervals of a part are Wilson's and take rows as independent, "
    "which those of one batch are not quite. Of twenty intervals one may miss by chance."
)


def view(record: Prequential) -> dict[str, Any]:
    """What the template shows."""
    parts, methods = pluralise(len(record.segments), "part"), record.methods
    resets = {m.name: pluralise(m.resets, "reset") if m.resets else "no reset" for m in methods}
    borders = "thin grey lines are the borders of its parts." if len(record.segments) > 1 else "one part."
    reading = f"The class predicted most often and its share, over {parts}."
    if record.labelled:
        reading = (
            f"Accuracy with its 95 % interval over {parts} and over all; below it the points gained over the "
            "first that it is compared with, coloured where their paired interval does not reach zero."
        )
    return page_view(
        record,
        kind="stream",
        task=record.task,
        headline=headline(record),
        say=list(sentences(record))[1:],
        legend=[(style(i), method.title) for i, method in enumerate(methods)],
        figure=_figure(record),
        caption=f"{capitalise(_height(record))} since the point before, as the stream goes; {borders}",
        facts=[
            ("rows", f"{record.rows:,}", f"{record.batch:,} a batch"),
            ("parts", f"{len(record.segments):,}", join_words(record.segments[:3])),
            ("resets", f"{sum(method.resets for method in methods):,}", "of all that adapt"),
            ("labels", "for scores only" if record.labelled else "none", "no method saw one"),
        ],
        reading=reading,
        headings=headings(record),
        rows=[(m.title, resets[m.name] if m.adapts else "to compare with", list(_cells(m))) for m in methods],
        more=list(_events(record)),
        smallprint=[
            ORDER,
            *([SCORES] if record.labelled else []),
            *([f"Guards: {'; '.join(record.guards)}."] if record.guards else []),
        ],
    )


def terminal(record: Prequential) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    figure = "accuracy" if record.labelled else "the class predicted most often"
    return Terminal(
        title=f"The stream {record.task}: {figure}, every batch predicted before it was learned from",
        headings=headings(record),
        rows=list(rows(record)),
        sentences=list(sentences(record)),
    )


def headings(record: Prequential) -> list[str]:
    """Of the table: the parts of the stream."""
    return ["method", *record.segments, *(["all"] if record.labelled else [])]


def rows(record: Prequential) -> Iterator[list[str]]:
    """A row a method, for a terminal."""
    for method in record.methods:
        cells = list(_cells(method))
        if record.labelled:
            texts = [*(cell.value for cell in cells[:-1]), f"{cells[-1].value} ({cells[-1].interval})"]
        else:
            texts = [f"{cell.value} {cell.interval}" for cell in cells]
        yield [method.title, *texts]


def _cells(method: StreamMethod) -> Iterator[Cell]:
    for part in method.segments:
        if part.accuracy is None:
            yield Cell(part.top_class, percent(part.top_share))
        else:
            yield Cell.of(ACCURACY.shown(part.accuracy))
    if method.accuracy is None:
        return
    shown = ACCURACY.shown(method.accuracy)
    if not method.gains:
        yield Cell.of(shown)
        return
    first = next(iter(method.gains.values()))
    hover = "; ".join(f"over {name}: {ACCURACY.gained(gain)}" for name, gain in method.gains.items())
    yield Cell(shown.value, shown.interval, ACCURACY.change(first.value), tone(first), hover)


def headline(record: Prequential) -> str:
    """Whether adapting helped, in one sentence."""
    method = record.methods[0]
    if not record.labelled or method.accuracy is None:
        predicted = pluralise(record.rows, "row")
        left = _answered(method) and not method.adapted
        who = f"The source model predicted {predicted}" if left else f"{method.title} predicted {predicted}"
        return f"{who}; without labels nobody knows how well."
    return _accuracy(record, method, method.accuracy.value)


def sentences(record: Prequential) -> Iterator[str]:
    """What the figures say: whether adapting helped, and what guards did."""
    yield headline(record)
    adapting = [method for method in record.methods if method.adapts]
    for method in adapting:
        if method is not record.methods[0] and method.accuracy is not None:
            yield _accuracy(record, method, method.accuracy.value)
    for method in adapting:
        yield from answered_by(method, record.labelled)
        if method.stopped:
            yield f"The guards ended the adaptation of {method.title}; then the source model predicts."
        elif not method.events and _answered(method) and not method.adapted + method.doubted:
            continue  # nothing adapted, so guards had nothing to watch
        elif not method.events:
            yield f"No guard had to act on {method.title}."
        else:
            why = dict.fromkeys(GUARDS.get(event.guard, event.guard) for event in method.events)
            times = pluralise(method.resets, "time")
            yield f"{method.title} was reset to its start {times}: {join_words(list(why))}."


def answered_by(method: StreamMethod, labelled: bool) -> Iterator[str]:
    """Who answered the batches, and what that does not say; nothing without protection."""
    total = _answered(method)
    if not total:
        return
    why = {
        "rows were like those that it was trained on": method.usual,
        "the adapted answers went with features that tell the classes apart less": method.doubted,
        "no statistics tell whether rows differ from those that it was trained on": method.unjudged,
    }
    source = [f"{count:,} where {reason}" for reason, count in why.items() if count]
    rest = f"; the source model answered the others, {join_words(source)}" if source else ""
    yield f"{method.title} answered {method.adapted:,} of {pluralise(total, 'batch', 'batches')}{rest}."
    if method.adapted and not labelled:
        yield "Whether adapting helped on these can't be known without labels."


def _answered(method: StreamMethod) -> int:
    """Batches under protection; 0 without it."""
    return method.adapted + method.usual + method.doubted + method.unjudged


def _accuracy(record: Prequential, method: StreamMethod, accuracy: float) -> str:
    titles = {other.name: other.title for other in record.methods}
    parts = [
        f"against {titles[name]}, {VERDICTS[tone(gain)]}: {ACCURACY.gained(gain)}"
        for name, gain in method.gains.items()
    ]
    verdict = f" {capitalise('; '.join(parts))}." if parts else ""
    return f"{method.title} classified {percent(accuracy)} of the rows correctly.{verdict}"


def describe_event(event: Event) -> str:
    """An event in a sentence."""
    why = GUARDS.get(event.guard, f"the guard {quoted(event.guard)} raised an alarm")
    figures = ""
    if event.value is not None and event.limit is not None and event.guard != "schedule":
        figures = f" ({event.value:.3g}, limit {event.limit:.3g})"
    return f"{capitalise(why)}{figures}: {ACTIONS.get(event.action, event.action)}."


def _events(record: Prequential) -> Iterator[dict[str, Any]]:
    events = [(method.title, event) for method in record.methods for event in method.events]
    if not events:
        return
    yield {
        "id": "events",
        "heading": "What the guards did",
        "say": [f"The last {SHOWN} of {len(events):,} events are shown."] if len(events) > SHOWN else [],
        "headings": ["method", "batch", "row", "what happened"],
        "rows": [(name, f"{e.step:,}", f"{e.rows:,}", describe_event(e)) for name, e in events[-SHOWN:]],
    }


def _height(record: Prequential) -> str:
    return "accuracy" if record.labelled else "mean confidence"


def _figure(record: Prequential) -> str:
    curves = [
        (method.title, [(p.rows, p.confidence if p.recent is None else p.recent) for p in method.curve])
        for method in record.methods
    ]
    values = [value for _, curve in curves for _, value in curve]
    if max((len(curve) for _, curve in curves), default=0) < 2:  # a single dot each is no course
        return ""
    y = ACCURACY.axis(values, _height(record))
    x = linear(0, record.rows, lambda value: f"{value:,.0f}", "rows so far")
    plot = Plot(Axis(x.low, record.rows, tuple(t for t in x.ticks if t[0] <= record.rows), x.title), y, 380)
    for border in accumulate(part.rows for part in record.methods[0].segments[:-1]):
        plot.line([(border, y.low), (border, y.high)], "fold")
    for i, (_, curve) in reversed(list(enumerate(curves))):
        plot.line(curve, style(i))
    for i, (title, curve) in enumerate(curves):
        plot.dot(curve[-1], style(i), f"{title}, {curve[-1][0]:,} rows: {percent(curve[-1][1])}")
    ends = [
        f"{title} {percent(curve[0][1])} at first, {percent(curve[-1][1])} at last" for title, curve in curves
    ]
    return plot.figure(f"{capitalise(_height(record))} along the stream: {'; '.join(ends)}")
