"""A folder of class folders."""

import os
from pathlib import Path

from headstart.core import BadData

from .dataset import Dataset
from .naming import MIDDLE_NAMES, TEST_NAMES, TRAIN_NAMES, natural, numbered, sides
from .samples import Files

PICTURES = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".apng",
        ".webp",
        ".gif",
        ".bmp",
        ".dib",
        ".tif",
        ".tiff",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".ico",
        ".jp2",
        ".tga",
        ".avif",
        ".heic",
        ".heif",
    ]
)
_LAYOUT = "Put the pictures of each class into a folder of its own: {0}/cat/1.jpg, {0}/dog/2.jpg."


def from_folder(folder: Path, name: str) -> Dataset:
    """Each folder in `folder` is a class; pictures further down count, what is hidden doesn't.

    Raises:
        BadData: there are no pictures, no class folders or one class, or train and test differ.
    """
    parts = _parts(folder)
    found = [(part, *row) for part in parts or [folder] for row in _labelled(part)]
    if not found:
        raise BadData(_why_nothing(folder))
    classes, labels = numbered([row[1] for row in found], str(folder))
    split = None
    if parts:
        split = sides([row[0].name for row in found], str(folder))
        _same_classes(found, classes)
    paths = [row[2] for row in found]
    items = tuple(path.relative_to(folder).as_posix() for path in paths)
    return Dataset(name, classes, labels, items, Files(paths), split=split)


def _parts(folder: Path) -> list[Path]:
    """The folders train/ and test/ if there is nothing else and both hold class folders."""
    inside = _folders(folder)
    names = {part.name.casefold() for part in inside}
    known = {*TRAIN_NAMES, *TEST_NAMES, *MIDDLE_NAMES}
    is_split = len(names) > 1 and names <= known and names & set(TRAIN_NAMES)
    return inside if is_split and all(_folders(part) for part in inside) else []


def _labelled(folder: Path) -> list[tuple[str, Path]]:
    return [(inner.name, path) for inner in _folders(folder) for path in _pictures(inner)]


def _folders(folder: Path) -> list[Path]:
    inside = [path for path in folder.iterdir() if path.is_dir() and not _hidden(path.name)]
    return sorted(inside, key=lambda path: natural(path.name))


def _pictures(folder: Path) -> list[Path]:
    found = []
    for top, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _hidden(name)]
        pictures = (name for name in files if Path(name).suffix.lower() in PICTURES)
        found += [Path(top, name) for name in pictures if not _hidden(name)]
    return sorted(found, key=lambda path: natural(path.relative_to(folder).as_posix()))


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _same_classes(found: list[tuple[Path, str, Path]], classes: tuple[str, ...]) -> None:
    there = {(part.name, label) for part, label, _ in found}
    for part in sorted({part.name for part, _, _ in found}):
        if absent := [label for label in classes if (part, label) not in there]:
            raise BadData(
                f"The folder {part}/ has no pictures of {', '.join(map(repr, absent[:5]))}, which "
                "another part has. Every part of a split needs the same class folders."
            )


def _why_nothing(folder: Path) -> str:
    if any(path.suffix.lower() in PICTURES for path in folder.iterdir()):
        return f"{folder} has pictures but no class folders. {_LAYOUT.format(folder.name)}"
    if not any(folder.iterdir()):
        return f"The folder {folder} is empty. {_LAYOUT.format(folder.name)}"
    kinds = "JPEG, PNG, WebP, GIF, BMP or TIFF"
    return f"No {kinds} pictures in folders of {folder}. {_LAYOUT.format(folder.name)}"
