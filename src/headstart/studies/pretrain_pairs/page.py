"""How `pretrain-pairs` is shown: the loss against chance, and recall both ways before and after."""

from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean
from typing import Any

from headstart.report.axis import linear
from headstart.report.figures import Plot
from headstart.report.metric import VERDICTS, get_metric, tone
from headstart.report.text import Terminal, pluralise
from headstart.studies._page import Cell, cell_text, page_view
from headstart.studies.pretrain_pairs import MAIN, PretrainPairs, Recall

POINTS = 200  # of the curve
RECALL = replace(get_metric("share"), name="recall", title="recall", unit="share")
HEADINGS = ["what finds what", "recall", "before", "chance"]
WHAT = {"text-to-picture": "picture by its caption", "picture-to-text": "caption by its picture"}
HELD = (
    "Recall at k is the share of the queries of which one that belongs to them is among the k most "
    "similar. All of "
    "it is measured on held-out pairs; equal and nearly equal pictures are never on both sides."
)
BEFORE = (
    "Before is the same pair of encoders with the random projections that the training began with. "
    "Intervals hold "
    "with 95 % confidence for new pairs of the same kind; pairs of nearly equal pictures are drawn together."
)
STUCK = 0.98  # share of the loss of chance from which nothing was learned


def view(record: PretrainPairs) -> dict[str, Any]:
    """What the page shows."""
    locked = f"{record.locked} side locked" if record.locked else "both trained"
    return page_view(
        record,
        kind="pre-training on pairs",
        task=record.task,
        headline=headline(record),
        say=list(sentences(record)),
        legend=[("s1", "loss"), *([("s3", "chance")] if record.chance_loss else [])],
        figure=_figure(record),
        caption="Loss of each step"
        + (", and that of embeddings that are all the same." if record.chance_loss else "."),
        facts=[
            ("pairs", f"{record.train_pairs:,}", f"and {record.test_pairs:,} held out"),
            ("encoders", " and ".join(record.encoders), locked),
            ("temperature", f"{record.temperature:.3g}", "learned"),
            ("steps", f"{record.steps:,}", record.method),
        ],
        reading="Recall with its 95 % interval on held-out pairs; below it the points gained over before, "
        "coloured "
        "where their interval does not reach zero.",
        headings=HEADINGS,
        rows=list(rows(record)),
        smallprint=[HELD, BEFORE],
    )


def terminal(record: PretrainPairs) -> Terminal:
    """What the command prints."""
    return Terminal(
        title=f"{record.method} on {record.task}",
        headings=HEADINGS,
        rows=[(name, *map(cell_text, cells)) for name, _, cells in rows(record)],
        sentences=list(sentences(record)),
        answer=[headline(record)],
        places=[("Model", "model")],
        next=[
            "headstart retrieve FOLDER 'a few words' PICTURES",
            "headstart zero-shot PICTURES --backbone FOLDER",
        ],
    )


def rows(record: PretrainPairs) -> Iterator[tuple[str, str, list[Cell]]]:
    """A row for each direction and k."""
    for one in record.recalls:
        cells = [
            Cell.compare(RECALL, one.share.value, one.share, one.gain),
            Cell.of(RECALL.shown(one.before)),
            Cell(RECALL.value(one.chance)),
        ]
        yield f"{WHAT[one.direction]}, first {one.k}", f"{one.queries:,} among {one.gallery:,}", cells


def headline(record: PretrainPairs) -> str:
    """Pictures found by their captions."""
    one = main(record)
    if one is None:
        return f"{' and '.join(record.encoders)} were trained on {pluralise(record.train_pairs, 'pair')}."
    found = RECALL.plain(1)
    return (
        f"{found.value(one.share.value)} of {pluralise(one.queries, 'held-out caption')} find their "
        "picture among "
        f"the first {one.k} of {one.gallery:,} (95 % interval {found.span(one.share)}; chance "
        f"{found.value(one.chance)})."
    )


def main(record: PretrainPairs) -> Recall | None:
    """The recall that comes first; None where there are too few pictures."""
    same = [one for one in record.recalls if one.direction == MAIN[0]]
    return next((one for one in same if one.k == MAIN[1]), same[-1] if same else None)


def sentences(record: PretrainPairs) -> Iterator[str]:
    """Against before, the loss against chance, captions that are shared."""
    one = main(record)
    if one is not None:
        yield (
            f"Before the training it was {RECALL.plain(1).value(one.before.value)}: "
            f"{RECALL.plain(1).gained(one.gain)}, {VERDICTS[tone(one.gain)]}."
        )
    yield from _loss(record)
    if record.shared_captions > 0:
        yield (
            f"{RECALL.plain(1).value(record.shared_captions)} of the training pairs have a caption that "
            "another "
            "pair has, too. In a batch such pairs count as strangers, which costs a little."
        )


def _loss(record: PretrainPairs) -> Iterator[str]:
    if record.chance_loss is None:
        yield f"The loss was {record.loss:.3f} at the end."
        return
    said = (
        f"The loss was {record.loss:.3f} at the end; embeddings that are all the same have "
        f"{record.chance_loss:.3f}."
    )
    if record.loss > STUCK * record.chance_loss:
        said += " Nothing was told apart: take more steps, another learning rate, or look at the captions."
    yield said


def _figure(record: PretrainPairs) -> str:
    curve = record.curve
    width = max(1, len(curve) // POINTS)
    means = [fmean(curve[start : start + width]) for start in range(0, len(curve), width)]
    top = max([*means, record.chance_loss or 0.0]) * 1.05 or 1.0
    plot = Plot(
        linear(0, float(max(len(curve), 2)), lambda value: f"{value:.0f}", "step"),
        linear(0, top, lambda value: f"{value:.2g}", "loss"),
    )
    plot.line([(float(i * width), value) for i, value in enumerate(means)], "s1")
    if record.chance_loss:
        plot.line([(0.0, record.chance_loss), (float(max(len(curve), 2)), record.chance_loss)], "s3")
    return plot.figure(f"Loss from {means[0]:.3f} to {means[-1]:.3f}")
