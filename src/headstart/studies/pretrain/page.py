"""How `pretrain` is shown: what the encoder learned, how it learned, and what to do with it."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headstart.report.metric import get_metric
from headstart.report.text import Terminal, capitalise, fixed, minus, pluralise
from headstart.studies._page import Cell, cell_text, page_view
from headstart.studies.pretrain import Evaluated, Pretraining, page_map
from headstart.studies.pretrain.figures import monitors_of, plot_accuracy, plot_loss, plot_monitor
from headstart.studies.pretrain.page_examples import examples_part
from headstart.studies.pretrain.verdict import headline, sentences

ACCURACY = get_metric("accuracy")
STYLE = (
    ".filled{width:100%;image-rendering:pixelated}"
    "#monitors .panels{grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr))}"
)


def view(record: Pretraining, folder: Path) -> dict[str, Any]:
    """What the page shows."""
    first = plot_accuracy(record) or plot_loss(record)
    return page_view(
        record,
        kind="pre-training",
        task=record.task,
        headline=headline(record),
        say=list(sentences(record)),
        style=STYLE + page_map.STYLE,
        **first,
        facts=_facts(record),
        reading=_reading(record),
        headings=["encoder", *headings(record)],
        rows=[(name, "", cells) for name, cells in rows(record)],
        more=list(_more(record, folder)),
        smallprint=list(_smallprint(record)),
    )


def terminal(record: Pretraining, _folder: Path | None = None) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    return Terminal(
        title=f"{record.title} on {record.task}: {pluralise(record.test_rows, 'held-out row')}",
        headings=["encoder", *headings(record)],
        rows=[(name, *map(cell_text, cells)) for name, cells in rows(record)],
        sentences=list(sentences(record)),
        answer=[headline(record)],
        next=[] if record.collapsed else list(_commands(record)),
        places=[("Encoder", "encoder.safetensors")],
    )


def headings(record: Pretraining) -> list[str]:
    """Of the columns beside the names."""
    watched = ["nearest neighbours", "linear probe"] if record.classes else []
    compared = ["alignment"] if record.before.alignment is not None else []
    return [*watched, "effective rank", "spread", "uniformity", *compared]


def rows(record: Pretraining) -> list[tuple[str, list[Cell | None]]]:
    """A row an encoder: random weights, before, and at each point of the training."""
    random = record.random
    return [
        *([("random weights", cells(record, random))] if random is not None else []),
        *((_name(record, one), cells(record, one)) for one in record.points),
    ]


def _name(record: Pretraining, one: Evaluated) -> str:
    if one.step:
        return f"after step {one.step:,}"
    known = {"random": "before: random weights", "columns": "before: the columns"}
    return known.get(record.start, "before")


def cells(record: Pretraining, one: Evaluated) -> list[Cell | None]:
    """The figures of a row; those of the kept encoder with what they gained."""
    kept = one.step == record.steps
    gains = (record.knn_gain, record.probe_gain) if kept else (None, None)
    shares = [
        None if each is None else Cell.compare(ACCURACY, each.value, each, gain)
        for each, gain in zip((one.knn, one.probe), gains, strict=True)
    ]
    numbers = [(one.effective_rank, 1), (one.spread, 4), (one.uniformity, 2)]
    numbers += [(one.alignment, 3)] if record.before.alignment is not None else []
    return [
        *(shares if record.classes else []),
        *(None if value is None else Cell(minus(fixed(value, digits))) for value, digits in numbers),
    ]


def _facts(record: Pretraining) -> list[tuple[str, str, str]]:
    beside = f", and {pluralise(record.unlabelled_rows, 'row')} beside" if record.unlabelled_rows else ""
    name, _, settings = record.method.partition(":")
    chance = "" if record.chance is None else f"chance {fixed(record.chance, 2)}"
    return [
        ("method", name, settings or "with its usual settings"),
        (
            "learned from",
            pluralise(record.train_rows, "row"),
            f"{'with' if record.labelled else 'without'} their labels{beside}",
        ),
        ("length", pluralise(record.steps, "step"), f"of {pluralise(record.batch, 'row')}"),
        ("loss at the end", fixed(record.loss[-1].loss, 2), chance),
        ("encoder", record.backbone, pluralise(record.width, "feature")),
    ]


def _reading(record: Pretraining) -> str:
    watched = (
        "Accuracy on rows that the encoder never sees, with its 95 % interval, by the 20 nearest training "
        "rows and by a logistic regression on them; below the last one what was gained over the beginning, "
        "on the same rows, coloured where its interval does not reach zero. Then the monitors of collapse."
        if record.classes
        else "The monitors of collapse, on rows that the encoder never sees."
    )
    return f"{watched} Spread at random would be {fixed(record.width**-0.5, 4)}."


def _more(record: Pretraining, folder: Path) -> Iterator[dict[str, Any]]:
    if record.classes:
        yield {"id": "loss", "heading": "The loss", "say": [], **plot_loss(record)}
    panels = [
        {"title": capitalise(title), "figure": figure, "caption": meaning}
        for name, title, level, meaning in monitors_of(record)
        if (figure := plot_monitor(record, name, title, level))
    ]
    yield {"id": "monitors", "heading": "Monitors of collapse", "say": [], "panels": panels}
    if (examples := examples_part(record.examples, folder)) is not None:
        yield examples
    if record.map:
        yield {
            "id": "map",
            "heading": "The map of the embeddings",
            "say": [],
            **page_map.plot_map(record, folder),
        }
    yield {
        "id": "next",
        "heading": "What to do next",
        "say": ["The folder of this page is a backbone for all commands. FOLDER stands for it."],
        "command": "\n".join(_commands(record)),
    }


def _commands(record: Pretraining) -> Iterator[str]:
    words = shlex.split(record.command)
    data = shlex.quote(words[2]) if len(words) > 2 and not words[2].startswith("-") else "DATA"
    yield f"headstart adapt {data if record.classes else 'DATA'} --backbone FOLDER"
    if record.classes:
        yield f"headstart curve {data} --backbone FOLDER"


def _smallprint(record: Pretraining) -> Iterator[str]:
    yield (
        f"{pluralise(record.test_rows, 'row')} were held out, the part that headstart adapt tests on with "
        "the same seed and share. No step was chosen by them: what is kept is the encoder of the last step."
        if record.classes
        else f"{pluralise(record.test_rows, 'row')} were held out. No step was chosen by them."
    )
    yield "The file holds the encoder alone: no projection, no queue, no averaged copy."
