"""What the pages show of a sample: a small picture that is kept in the run folder, or its text."""

from pathlib import Path

from headstart.data.dataset import Dataset
from headstart.studies._pictures import write_picture

THUMBNAIL = 192  # pixels
LETTERS = 600  # of a text that is shown


def save_sample(data: Dataset, row: int, folder: Path, name: str) -> tuple[str, str]:
    """The path of a small picture of a row, which is written, and its text; "" where there is none."""
    path = ""
    if (picture := data.picture(row)) is not None:
        path = f"{folder.name}/{name}"
        picture.thumbnail((THUMBNAIL, THUMBNAIL))
        write_picture(picture, folder.parent / path, quality=80)
    text = data.modality.text(data, row)
    if len(text) > LETTERS:  # cut at a space
        text = (text[:LETTERS].rpartition(" ")[0] or text[: LETTERS - 1]) + "\u2026"
    return path, text
