"""A folder of class folders."""

import os
from pathlib import Path

from headstart.core import BadData

from .dataset import Dataset
from .modality import file_formats, file_suffixes, kind_of_files, modalities
from .naming import MIDDLE_NAMES, TEST_NAMES, TRAIN_NAMES, natural, numbered, sides
from .samples import Files

_LAYOUT = "Put the {1} of each class into a folder of its own: {0}/cat/1{2}, {0}/dog/2{2}."


def from_folder(folder: Path, name: str) -> Dataset:
    """Load a folder with one subfolder a class; searched recursively, hidden files ignored.

    If there are files of several kinds, such as pictures and sounds, the most frequent kind is used.

    Raises:
        BadData: there are no samples, no class folders or one class, or train and test differ.
    """
    parts = _parts(folder)
    found = [(part, *row) for part in parts or [folder] for row in _labelled(part)]
    kind = kind_of_files(row[2] for row in found)
    found = [row for row in found if row[2].suffix.lower() in modalities()[kind].suffixes]
    if not found:
        raise BadData(_why_nothing(folder))
    classes, labels = numbered([row[1] for row in found], str(folder))
    split = None
    if parts:
        split = sides([row[0].name for row in found], str(folder))
        _same_classes(found, classes, kind)
    paths = [row[2] for row in found]
    items = tuple(path.relative_to(folder).as_posix() for path in paths)
    return Dataset(name, classes, labels, items, Files(paths, kind), split=split)


def _parts(folder: Path) -> list[Path]:
    """The folders train/ and test/ if there are no others and both hold class folders."""
    inside = _folders(folder)
    names = {part.name.casefold() for part in inside}
    known = {*TRAIN_NAMES, *TEST_NAMES, *MIDDLE_NAMES}
    is_split = len(names) > 1 and names <= known and names & set(TRAIN_NAMES)
    return inside if is_split and all(_folders(part) for part in inside) else []


def _labelled(folder: Path) -> list[tuple[str, Path]]:
    return [(inner.name, path) for inner in _folders(folder) for path in sample_files(inner)]


def _folders(folder: Path) -> list[Path]:
    inside = [path for path in folder.iterdir() if path.is_dir() and not _hidden(path.name)]
    return sorted(inside, key=lambda path: natural(path.name))


def sample_files(folder: Path) -> list[Path]:
    """All non-hidden files in or below a folder that hold one sample each, in natural order."""
    found = []
    suffixes = file_suffixes()
    for top, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _hidden(name)]
        samples = (name for name in files if Path(name).suffix.lower() in suffixes)
        found += [Path(top, name) for name in samples if not _hidden(name)]
    return sorted(found, key=lambda path: natural(path.relative_to(folder).as_posix()))


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _same_classes(found: list[tuple[Path, str, Path]], classes: tuple[str, ...], kind: str) -> None:
    there, rows = {(part.name, label) for part, label, _ in found}, modalities()[kind].rows
    for part in sorted({part.name for part, _, _ in found}):
        if absent := [label for label in classes if (part, label) not in there]:
            raise BadData(
                f"The folder {part}/ has no {rows} of {', '.join(map(repr, absent[:5]))}, which "
                "another part has. Every part of a split needs the same class folders."
            )


def _why_nothing(folder: Path) -> str:
    inside = [path for path in folder.iterdir() if path.suffix.lower() in file_suffixes()]
    kind = modalities()[kind_of_files(inside)]
    layout = _LAYOUT.format(folder.name, kind.rows, kind.example)
    if inside:
        return f"{folder} has {kind.rows} but no class folders. {layout}"
    if not any(folder.iterdir()):
        return f"The folder {folder} is empty. {layout}"
    return f"There are no {file_formats()} in folders of {folder}. {layout}"
