"""How `pretrain` is shown: what the encoder learned, how it learned, and what to do with it."""

from typing import Any

from headstart.report.metric import get_metric
from headstart.report.text import Terminal, fixed, pluralise
from headstart.studies._page import Cell, cell_text, page_view
from headstart.studies.pretrain import Evaluated, Pretraining

ACCURACY = get_metric("accuracy")


def view(record: Pretraining) -> dict[str, Any]:
    """What the page shows."""
    return page_view(
        record,
        kind="pre-training",
        task=record.task,
        headline=headline(record),
        reading="Accuracy on held-out rows with its 95 % interval.",
        headings=["encoder", *headings(record)],
        rows=[(name, "", cells) for name, cells in rows(record)],
    )


def terminal(record: Pretraining) -> Terminal:
    """What the command prints."""
    return Terminal(
        title=f"{record.title} on {record.task}",
        headings=["encoder", *headings(record)],
        rows=[(name, *map(cell_text, cells)) for name, cells in rows(record)],
        answer=[headline(record)],
        next=["headstart adapt DATA --backbone FOLDER"],
        places=[("Encoder", "encoder.safetensors")],
    )


def headline(record: Pretraining) -> str:
    """What the encoder is worth before and after."""
    before, after = record.before.knn, record.after.knn
    if before is None or after is None:
        return f"An encoder, pre-trained for {pluralise(record.steps, 'step')}."
    return f"Nearest neighbours: {ACCURACY.value(before.value)} before, {ACCURACY.value(after.value)} after."


def headings(record: Pretraining) -> list[str]:
    """Of the columns beside the names."""
    watched = ["nearest neighbours", "linear probe"] if record.classes else []
    return [*watched, "effective rank", "spread", "uniformity", "alignment"]


def rows(record: Pretraining) -> list[tuple[str, list[Cell | None]]]:
    """A row an encoder: random weights, before, and at each point of the training."""
    random = record.random
    return [
        *([("random weights", cells(record, random))] if random is not None else []),
        *((f"after step {one.step}" if one.step else "before", cells(record, one)) for one in record.points),
    ]


def cells(record: Pretraining, one: Evaluated) -> list[Cell | None]:
    """The figures of a row."""
    shares = [None if each is None else Cell.of(ACCURACY.shown(each)) for each in (one.knn, one.probe)]
    numbers = (one.effective_rank, one.spread, one.uniformity, one.alignment)
    return [
        *(shares if record.classes else []),
        *(None if each is None else Cell(fixed(each, 3)) for each in numbers),
    ]
