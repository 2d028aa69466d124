"""The page of guides: where weights moved, the guides of each layer, and what they are worth."""

from collections.abc import Iterator
from typing import Any

from headstart.report.axis import linear
from headstart.report.figures import Plot
from headstart.report.metric import get_metric
from headstart.report.text import MINUS, Terminal, percent, pluralise, seconds, shorten_middle
from headstart.studies._page import Cell, cell_text, page_view
from headstart.studies.scouts import GUIDED, LEAST, PLAIN, SLOWER, GuideArm, GuidedTensor, Scouting
from headstart.studies.scouts.page_controls import controls
from headstart.studies.scouts.scouted import FILE

PANELS = 12  # histograms
NAME = 40  # letters of a parameter
HEADINGS = ("trained with", "accuracy", "rate", "time of a fit")
VERDICTS = {
    "helps": "Guides help here: training with them is surely better than without, and than with guides in "
    "random order, with one constant guide a tensor and with a smaller rate",
    "controls": "Guides are surely better than none here, but not surely better than their controls: that "
    "weights move less may be what helps, not which of them",
    "harms": "Guides harm here: training with them is surely worse than without",
    "unclear": "Guides are not surely better or worse than none here",
}
RULE = (
    "The rule was fixed before any result: guides help if the 95 % interval of their gain lies above 0 over "
    "training without, and over each of three controls: random order, a constant guide, and a smaller rate. "
    "All arms learn from the same labelled rows in each draw, in as many steps, and are tested on the same "
    "held-out rows; where several rates were given, each has the one that did best in three other draws, on "
    "rows that are not held out. Intervals are over draws."
)
READ = (
    "A guide of 1 lets a weight move as training wants, one of 0 keeps it. A tensor with most guides near 0 "
    "has a few weights that moved far more than the others."
)


def view(record: Scouting) -> dict[str, Any]:
    """What the template shows."""
    accuracy = get_metric("accuracy")
    tensors = record.tensors
    return page_view(
        record,
        kind="guides",
        task=record.task if not record.target else f"{record.task} → {record.target}",
        headline=headline(record),
        say=list(sentences(record)),
        legend=[("s1", "mean guide")],
        figure=_by_layer(tensors),
        caption="Mean guide of each parameter, from the input on the left to the features on the right.",
        facts=[
            ("weights with guides", f"{record.parameters:,}", f"in {pluralise(len(tensors), 'tensor')}"),
            ("mean guide", f"{record.mean:.2f}", "1: all free, 0: all still"),
            ("time of the scouts", seconds(record.scout_seconds), _beside(record)),
            ("scouts", f"{len(record.scouts)}" or "none", _ran(record)),
        ],
        reading=_reading(record),
        headings=HEADINGS if record.arms else ("parameter", "mean guide"),
        rows=[
            (
                arm.title,
                pluralise(len(arm.scores), "draw"),
                [
                    Cell.compare(accuracy, arm.mean, arm.interval, arm.gain),
                    Cell(f"{_rate(arm, record):.2g}"),
                    Cell(seconds(arm.seconds)),
                ],
            )
            for arm in record.arms
        ]
        or [(_short(one.name), "", [Cell(f"{one.mean:.2f}")]) for one in tensors],
        more=[*controls(record), _moved(tensors, record.measure), _layers(tensors), *_scouts(record)],
        smallprint=[*([RULE] if record.arms else []), READ],
    )


def terminal(record: Scouting) -> Terminal:
    """What the command prints."""
    shown = view(record)
    rows = [(name, *map(cell_text, cells)) for name, _, cells in shown["rows"]]
    return Terminal(
        title=headline(record),
        headings=shown["headings"],
        rows=rows if record.arms else rows[:PANELS],
        sentences=[*sentences(record), *_left_out(record)],
        places=[("Guides", FILE)],
    )


def _left_out(record: Scouting) -> Iterator[str]:
    """That the terminal does not show all parameters."""
    if not record.arms and len(record.tensors) > PANELS:
        yield f"These are {PANELS} of {len(record.tensors)} parameters; the page has all."


def headline(record: Scouting) -> str:
    """In one sentence."""
    of = f"{record.backbone} on {record.task}"
    if record.measure == "fisher":
        return f"Guides of {of} by Fisher information: {record.mean:.2f} on average."
    return f"Guides of {of} by {pluralise(len(record.scouts), 'scout')}: {record.mean:.2f} on average."


def sentences(record: Scouting) -> Iterator[str]:
    """What the figures say."""
    if record.arms:
        guided = record.arm(GUIDED)
        yield f"{VERDICTS[record.verdict]}{_gain(guided)} on {record.target}."
        best = max(record.arms, key=lambda arm: arm.mean)
        if best.name not in (GUIDED, PLAIN):
            yield f"The best on average is {best.title}, {percent(best.mean)}."
    most = sorted(record.tensors, key=lambda one: one.mean)
    yield (
        f"Freest is {_short(most[-1].name)} with a mean guide of {most[-1].mean:.2f}, stillest "
        f"{_short(most[0].name)} with {most[0].mean:.2f}."
    )
    still = sum(one.still * one.weights for one in record.tensors) / max(1, record.parameters)
    yield f"{percent(still)} of the weights have guides below 0.01 and hardly move."


def _rate(arm: GuideArm, record: Scouting) -> float:
    return arm.lr * (max(record.mean, LEAST) if arm.name == SLOWER else 1.0)


def _gain(arm: GuideArm) -> str:
    if arm.gain is None:
        return ": one draw does not tell,"
    low, high = 100 * arm.gain.low, 100 * arm.gain.high
    return f": {100 * arm.gain.value:+.1f} points ({low:+.1f} to {high:+.1f})".replace("-", MINUS)


def _reading(record: Scouting) -> str:
    if not record.arms:
        return "No target was given, so nothing tells what the guides are worth. The mean guides:"
    rows = pluralise(record.train_rows, "labelled row")
    return (
        f"Accuracy on {record.test_rows:,} held-out rows of {record.target} after learning from {rows}; "
        "below it the points gained over training without guides."
    )


def _beside(record: Scouting) -> str:
    if not record.arms:
        return "once for all targets"
    return f"a fit on the target takes {seconds(record.arm(PLAIN).seconds)}"


def _ran(record: Scouting) -> str:
    if record.measure == "fisher":
        return "the Fisher information needs none"
    return "computed at once" if record.together else "one after the other"


def _short(name: str) -> str:
    return shorten_middle(name, NAME)


def _axis_of(tensors: list[GuidedTensor]) -> Any:
    return linear(0, float(max(1, len(tensors))), lambda value: f"{value:.0f}", "parameter")


def _by_layer(tensors: list[GuidedTensor]) -> str:
    plot = Plot(_axis_of(tensors), linear(0, 1, lambda value: f"{value:.1f}", "mean guide"))
    for place, one in enumerate(tensors):
        hover = f"{one.name}: {one.mean:.2f}, {one.weights:,} weights"
        plot.bar(place + 0.1, place + 0.9, one.mean, "s1", hover)
    return plot.figure(f"Mean guides of {len(tensors)} parameters")


def _moved(tensors: list[GuidedTensor], measure: str) -> dict[str, Any]:
    """A map of where weights moved."""
    what = "Root mean squared movement" if measure == "movement" else "Root of the mean Fisher information"
    high = max(one.moved for one in tensors) or 1.0
    plot = Plot(_axis_of(tensors), linear(0, high * 1.05, lambda value: f"{value:.2g}", "moved"))
    for place, one in enumerate(tensors):
        plot.bar(place + 0.1, place + 0.9, one.moved, "s2", f"{one.name}: {one.moved:.3g}")
    figure = plot.figure(f"{what} of {len(tensors)} parameters")
    caption = f"{what} of each parameter, before it is brought into [0, 1]."
    panels = [{"title": "All parameters", "figure": figure, "caption": caption}]
    return {"id": "moved", "heading": "Where weights moved", "say": [], "panels": panels}


def _layers(tensors: list[GuidedTensor]) -> dict[str, Any]:
    """Histograms of the guides of the largest parameters."""
    largest = sorted(range(len(tensors)), key=lambda place: -tensors[place].weights)[:PANELS]
    panels = [_histogram(tensors[place]) for place in sorted(largest)]
    fewer = len(tensors) > PANELS
    say = [f"The {PANELS} largest of {len(tensors)} parameters."] if fewer else []
    headings = ["parameter", "weights", "mean guide", "below 0.01", "above 0.5"]
    rows = [
        [_short(one.name), f"{one.weights:,}", f"{one.mean:.2f}", percent(one.still), percent(one.free)]
        for one in tensors
    ]
    return {
        "id": "layers",
        "heading": "Guides of each layer",
        "say": say,
        "panels": panels,
        "headings": headings,
        "rows": rows,
    }


def _histogram(one: GuidedTensor) -> dict[str, Any]:
    shares = [count / one.weights for count in one.histogram]
    plot = Plot(
        linear(0, 1, lambda value: f"{value:.1f}", "guide"),
        linear(0, max(shares), lambda value: f"{100 * value:.0f} %", ""),
        height=120,
    )
    for number, part in enumerate(shares):
        left, right = number / len(shares), (number + 1) / len(shares)
        plot.bar(left, right, part, "s1", f"{left:.2f} to {right:.2f}: {percent(part)} of the weights")
    figure = plot.figure(f"Guides of {one.name}")
    caption = f"{one.weights:,} weights, mean {one.mean:.2f}"
    return {"title": _short(one.name), "figure": figure, "caption": caption}


def _scouts(record: Scouting) -> Iterator[dict[str, Any]]:
    if record.scouts:
        rows = [
            [one.cousin, f"{one.classes}", f"{one.rows:,}", percent(one.accuracy)] for one in record.scouts
        ]
        headings = ["cousin", "classes", "rows", "accuracy on its last batches"]
        yield {"id": "scouts", "heading": "Scouts", "say": [], "headings": headings, "rows": rows}
