"""What the selected model gets wrong on the test part: the most confident errors, or the largest."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from torch import Tensor

from headstart.data.dataset import Dataset
from headstart.metrics.tags import THRESHOLD
from headstart.report.text import significant
from headstart.run.checkpoint import write_atomically
from headstart.session.scoring import as_predictions
from headstart.studies.adapt import Mistake
from headstart.studies.adapt.words import brief

MISTAKES = 12
THUMBNAIL = 192  # pixels
LETTERS = 600  # of a text that is shown
DIGITS = 4  # of a number


class Wrong(NamedTuple):
    """What is wrong with the answer for a row."""

    row: int
    truth: str
    answer: str
    confidence: float
    error: float | None = None


def save_pictures(folder: Path, test: Dataset, outputs: Tensor) -> list[Mistake]:
    """The worst mistakes on the test part, with the text or a small picture in `folder`.

    Of classes and tags, the most confident ones, for tags the worst of each row; of numbers, the largest
    errors, those of several columns in units of the column's deviation.
    """
    found = {"classes": _classes, "tags": _tags, "numbers": _numbers}[test.label_kind](test, outputs)
    return [
        _mistake(folder, place, test, wrong) for place, wrong in zip(range(MISTAKES), found, strict=False)
    ]


def _classes(test: Dataset, outputs: Tensor) -> Iterator[Wrong]:
    sure, told = outputs.double().softmax(1).max(1)
    wrong = [row for row in range(len(test)) if int(told[row]) != int(test.labels[row])]
    wrong.sort(key=lambda row: -float(sure[row]))
    for row in wrong:
        truth, answer = test.classes[int(test.labels[row])], test.classes[int(told[row])]
        yield Wrong(row, truth, answer, float(sure[row]))


def _tags(test: Dataset, outputs: Tensor) -> Iterator[Wrong]:
    probabilities, known = as_predictions(outputs, "tags"), test.labels
    against = np.where(known, 1 - probabilities, probabilities)  # of what is not so
    worst = against.argmax(1)
    for row in np.argsort(-against.max(1), kind="stable").tolist():
        tag, sure = int(worst[row]), float(against[row].max())
        if (probabilities[row, tag] >= THRESHOLD) == known[row, tag]:
            return
        name = test.classes[tag]
        truth, answer = (name, f"not {name}") if known[row, tag] else (f"not {name}", name)
        yield Wrong(row, truth, answer, sure)


def _numbers(test: Dataset, outputs: Tensor) -> Iterator[Wrong]:
    errors = as_predictions(outputs, "numbers") - test.labels
    deviation = test.labels.std(0)
    size = np.abs(errors) / np.where(deviation > 0, deviation, 1.0)
    worst = size.argmax(1)
    for row in np.argsort(-size.max(1), kind="stable").tolist():
        column = int(worst[row])
        error, truth = float(errors[row, column]), float(test.labels[row, column])
        if error == 0:
            return
        name = f"{test.classes[column]} " if len(test.classes) > 1 else ""
        shown = [f"{name}{significant(value, DIGITS)}" for value in (truth, truth + error)]
        yield Wrong(row, shown[0], shown[1], 0.0, error)


def _mistake(folder: Path, place: int, test: Dataset, wrong: Wrong) -> Mistake:
    name, row = "", wrong.row
    picture = test.picture(row)
    if picture is not None:
        name = f"{folder.name}/mistake-{place:02d}.webp"
        _save_small(picture, folder.parent / name)
    text = brief(test.modality.text(test, row), LETTERS)
    return Mistake(test.items[row], name, wrong.truth, wrong.answer, wrong.confidence, text, wrong.error)


def _save_small(picture: Image.Image, file: Path) -> None:
    stream = io.BytesIO()
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    picture.save(stream, "WEBP", quality=80)
    write_atomically(file, stream.getvalue())
