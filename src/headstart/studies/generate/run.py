"""How `generate` is computed: train on the training part, draw, check against rows that were held out."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from headstart.core import CannotWrite, Diverged, derive_seed
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.data.train_test_split import train_and_test
from headstart.face import spell
from headstart.generators.generative_model import make_generator
from headstart.generators.generator import Generator
from headstart.generators.spaces.space import Space, space_of
from headstart.generators.spaces.tables import TableSpace, cell_text
from headstart.generators.training import average_decay, require_classes, train_generator
from headstart.run.recipe import Recipe
from headstart.run.to_end import Watch
from headstart.studies._runner import Job, Trial, load_inputs
from headstart.studies._spec import Study
from headstart.studies.generate import Checks, GenerateSettings, Generation, ShownSample
from headstart.studies.generate.checks import (
    Compared,
    accuracies,
    arms_of,
    measure,
    usual_weight,
    verdict,
)
from headstart.studies.generate.filling import FILE, read_fill, write_filled
from headstart.studies.generate.generated import Generated
from headstart.studies.generate.nets import Nets
from headstart.studies.generate.timing import Timing

FEWEST, MOST = 10, 1000  # rows that are drawn of a class, where none are asked for
SHOWN_CLASSES = 20  # on the page
SIDE, GAP = 4, 2  # pictures of a class each way, and pixels between them
WIDE = 32  # least pixels of a shown picture
FEW = 3  # rows of a class that are shown
CELLS = 8  # that are shown of a row
_BROUGHT_BACK = (
    "{:,} of {:,} samples left the range of the training rows by more than 5 % of it and were brought back "
    "to its ends."
)


def load(
    spec: Study, given: Mapping[str, Any], settings: GenerateSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The data, rows to be filled in if there are any, and the name of the column of the labels."""
    inputs = load_inputs(spec, given, settings, columns)
    kept = {"_label": columns.get("label_column") or "label", "_fill": given.get("fill"), "_columns": columns}
    return {**inputs, "fill": read_fill(given.get("fill"), columns, inputs["data"]), **kept}


def check(settings: GenerateSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse data that no generative model here draws, before anything is trained."""
    make_generator(settings.generator)
    require_classes(inputs["data"])


def compute(job: Job[GenerateSettings]) -> dict[str, Any]:
    """The record's own fields; writes the samples."""
    settings = job.settings
    with job.step("check the data"):
        data = check_data(job.inputs["data"]).dataset
        train, test = (data.subset(rows) for rows in train_and_test(data, settings.test, settings.seed))
        require_classes(train, held_out=True)
        space = space_of(train, settings.size)
        if isinstance(space, TableSpace) and isinstance(job.inputs["_label"], str):
            space = replace(space, label=job.inputs["_label"])
    job.notes.extend(space.notes)
    rows = _rows(settings, train)
    timing = Timing(job, make_generator(settings.generator), space, train, rows * len(train.classes))
    generator, losses = _train(job, space, train, timing.watch)
    with job.step("draw"):
        drawn, out_of_range = generator.draw_counted(rows, settings.seed)
    clipped = int(out_of_range.sum())
    if clipped:
        job.notes.append(_BROUGHT_BACK.format(clipped, len(drawn)))
    compared = Compared(train, test, drawn, space)
    nets = Nets(space, settings.check_steps, job.engine, train)
    weight = usual_weight(settings, len(train), len(drawn))

    def trial(seed: int) -> Trial:
        def fit_nets(_: Path) -> dict[str, float]:
            mine = derive_seed(settings.seed, "help", seed)
            again = Compared(train, test, generator.draw(rows, mine), space)
            return accuracies(again, nets, settings, weight, mine)

        return Trial(
            seed, f"nets with and without samples, seed {seed}", f"Seed {seed}", fit_nets, timing.trial
        )

    checked = job.folder.trial("check the samples", lambda _: asdict(measure(compared, nets, settings)))
    scores = list(job.trials(map(trial, range(settings.seeds))).values())
    arms, reference = arms_of(scores)
    with job.step("write the samples"):
        name, shown = _write(job, generator, drawn)
    filled = _fill(job, generator)
    job.artefacts["generator"] = generator
    return {
        "task": data.name,
        "kind": data.kind,
        "classes": list(data.classes),
        "train_rows": len(train),
        "test_rows": len(test),
        "generator": settings.generator,
        "title": generator.model.title,
        "shape": list(space.shape),
        "parameters": sum(one.numel() for one in generator.parts.parameters()),
        "losses": losses,
        "rows": len(drawn),
        "clipped": clipped,
        "samples": name,
        "filled": FILE if filled is not None else "",
        "filled_cells": filled or 0,
        "checks": Checks.from_values(checked["value"]),
        "arms": arms,
        "reference": reference,
        "weight": weight,
        "helps": verdict(arms),
        "shown": shown,
    }


def finish(job: Job[GenerateSettings], record: Generation) -> Generated:
    """Save the generator, and open it with the record."""
    generator: Generator = job.artefacts["generator"]
    generator.save(job.folder.path / "model")
    return Generated(job.folder.path, record, generator)


def _train(
    job: Job[GenerateSettings], space: Space, train: Dataset, watch: Watch
) -> tuple[Generator, list[float]]:
    """The trained generator, and the loss of each step."""
    settings, model = job.settings, make_generator(job.settings.generator)
    recipe = Recipe(
        steps=settings.steps,
        batch=settings.batch,
        lr=settings.lr,
        ema=average_decay(settings.steps),
        seed=derive_seed(settings.seed, "generator"),
    )

    def fit(checkpoint: Path) -> dict[str, Any]:
        parts, losses = train_generator(model, space, train, recipe, job.engine, checkpoint, watch)
        return {"state": dict(parts.state_dict()), "losses": losses}

    kept = job.folder.trial("train the generator", fit)
    if "diverged" in kept:
        raise Diverged(f"{kept['diverged']} A lower {spell('lr')} may help.")
    with torch.random.fork_rng(devices=[]):
        parts = model.parts(space.shape, len(train.classes))
    parts.load_state_dict(kept["value"]["state"])
    counts = np.bincount(train.labels, minlength=len(train.classes))
    parts = parts.eval().requires_grad_(False)
    of_data = train.name, tuple(map(int, counts)), train.digests
    generator = Generator(model, space, train.classes, parts, *of_data)
    return generator, kept["value"]["losses"]


def _fill(job: Job[GenerateSettings], generator: Generator) -> int | None:
    """Fill in the cells that were asked for, and return how many they are; None: none were asked for."""
    rows: Dataset | None = job.inputs["fill"]
    if rows is None:
        return None
    with job.step("fill in cells"):
        filled = generator.fill(rows, job.settings.seed)
        how = job.inputs["_fill"], job.inputs["_columns"]
        try:
            return write_filled(*how, rows, filled, job.folder.path)
        except OSError as error:
            raise CannotWrite(f"Can't write to {job.folder.path}: {error.strerror or error}.") from error


def _rows(settings: GenerateSettings, train: Dataset) -> int:
    """How many rows are drawn of each class."""
    return settings.rows or int(np.clip(np.bincount(train.labels).max(), FEWEST, MOST))


def _write(job: Job[GenerateSettings], generator: Generator, drawn: Dataset) -> tuple[str, list[ShownSample]]:
    """Write the samples, and those that the page shows."""
    folder, labels = job.folder.path, drawn.labels
    shown: list[ShownSample] = []
    try:
        name = generator.write(drawn, folder)
        for number in range(min(SHOWN_CLASSES, len(drawn.classes))):
            rows = np.flatnonzero(labels == number)
            shown += _sheet(drawn, rows, folder, number) if drawn.is_images else _cells(drawn, rows[:FEW])
        return name, shown
    except OSError as error:
        raise CannotWrite(f"Can't write to {folder}: {error.strerror or error}.") from error


def _sheet(drawn: Dataset, rows: NDArray[np.int64], folder: Path, number: int) -> list[ShownSample]:
    """The first samples of a class side by side, in one picture."""
    pictures = [picture for row in rows[: SIDE * SIDE] if (picture := drawn.picture(int(row))) is not None]
    larger = max(1, WIDE // pictures[0].width)
    wide, high = (side * larger for side in pictures[0].size)
    columns, lines = min(SIDE, len(pictures)), -(-len(pictures) // SIDE)
    sheet = Image.new("RGB", (columns * (wide + GAP) - GAP, lines * (high + GAP) - GAP), "white")
    for place, picture in enumerate(pictures):
        at = place % SIDE * (wide + GAP), place // SIDE * (high + GAP)
        sheet.paste(picture.resize((wide, high), Image.Resampling.NEAREST), at)
    name = f"pictures/class-{number:02d}.png"
    (folder / "pictures").mkdir(exist_ok=True)
    sheet.save(folder / name)
    return [ShownSample(drawn.classes[number], name, {})]


def _cells(drawn: Dataset, rows: NDArray[np.int64]) -> list[ShownSample]:
    """The first cells of samples of a table; nothing of numbers."""
    if drawn.table is None:
        return []
    kinds = dict(zip(drawn.table.names, drawn.table.kinds, strict=True))
    shown = []
    for row in rows.tolist():
        first = list(drawn.table.row(row).items())[:CELLS]
        cells = {name: cell_text(value, kinds[name]) for name, value in first}
        shown.append(ShownSample(drawn.said(row), "", cells))
    return shown
