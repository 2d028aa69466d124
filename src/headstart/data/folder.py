"""A folder of class folders."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from headstart.core import BadData, BadInput
from headstart.face import spell

from .dataset import Dataset
from .finding import Finding, finding
from .folder_files import HELP, endings, files_below, files_in, folders_in, holds_samples, is_sample
from .located import table_beside, table_in_classes
from .modality import file_formats, file_suffixes, kind_of_files, modalities
from .naming import numbered, part_of, sides
from .samples import Files, Samples
from .split_folders import layout_of
from .suffixes import suffix_of
from .text_files import SUFFIXES as TEXT_SUFFIXES
from .text_files import UTF8, texts_of

_LAYOUT = "Put the {1} of each class into a folder of its own: {0}/cat/1{2}, {0}/dog/2{2}."


class _ClassFolder(NamedTuple):
    part: str  # of a split; "" without one
    label: str
    files: list[Path]

    @property
    def place(self) -> str:
        return f"{self.part}/{self.label}/" if self.part else f"{self.label}/"


def from_folder(folder: Path, name: str, encoding: str | None = None) -> Dataset:
    """Load a folder with one subfolder a class; searched recursively, hidden files ignored.

    If there are files of several kinds, such as pictures and sounds, the most frequent kind is used; if there
    are none of these, .txt files are texts. What is left out stands in the findings of the dataset.

    Args:
        folder: whose folders are classes, or the parts of a split.
        name: of the data.
        encoding: of .txt files; None takes UTF-8.

    Raises:
        BadInput: an encoding where there are no texts.
        BadData: there are no samples, no class folders or one class, or train and test differ.
    """
    texts = not holds_samples(folder) and holds_samples(folder, TEXT_SUFFIXES)
    if encoding is not None and not texts:
        raise BadInput(
            f"{spell('encoding', encoding)} can't be used: {folder} has no .txt files. Leave it out."
        )
    layout = layout_of(folder, TEXT_SUFFIXES if texts else file_suffixes())
    found = _classes(layout.roots)
    found, unlabelled = _without_unlabelled(found) if layout.is_split else (found, ())
    kind = "texts" if texts else kind_of_files(path for one in found for path in one.files)
    suffixes = TEXT_SUFFIXES if texts else modalities()[kind].suffixes
    rows = [(one, path) for one in found for path in one.files if suffix_of(path) in suffixes]
    if not rows:
        raise BadData(_why_nothing(folder))
    stray = _stray(layout.roots.values(), suffixes)
    findings = (
        *layout.findings,
        *unlabelled,
        *_unread(found, suffixes, kind),
        *stray,
        *table_in_classes(folder, [path for _, path in rows]),
    )
    try:
        classes, labels = numbered([one.label for one, _ in rows], str(folder))
    except BadData as error:
        said = " ".join([str(error), *(one.text for one in findings)])
        raise BadData(said + table_beside(folder)) from error
    split = None
    if layout.is_split:
        _same_classes([one for one, _ in rows], classes, kind)
        one_sided = all(layout.roles[part] == "train" for part in layout.roots)
        split = None if one_sided else sides([layout.roles[one.part] for one, _ in rows], str(folder))
    paths = [path for _, path in rows]
    items = tuple(path.relative_to(folder).as_posix() for path in paths)
    samples: Samples = texts_of(paths, encoding or UTF8) if texts else Files(paths, kind)
    return Dataset(name, classes, labels, items, samples, split=split, findings=findings)


def _classes(roots: Mapping[str, Path]) -> list[_ClassFolder]:
    """The class folders of each part."""
    return [
        _ClassFolder(part, inner.name, files_below(inner))
        for part, root in roots.items()
        for inner in folders_in(root)
    ]


def _without_unlabelled(found: list[_ClassFolder]) -> tuple[list[_ClassFolder], tuple[Finding, ...]]:
    """Leave out folders of rows without labels, which stand among the class folders of one part."""
    parts = {one.part for one in found}
    out = [
        one
        for one in found
        if part_of(one.label) == "unlabelled"
        and sum(one.label == other.label for other in found) < len(parts)
    ]
    if not out:
        return found, ()
    said = ", ".join(f"{one.place} ({endings(one.files)})" for one in out)
    text = f"Left out, as its rows have no labels: {said}."
    return [one for one in found if one not in out], (
        finding("left-out", "warning", text, [one.place for one in out]),
    )


def _unread(found: list[_ClassFolder], suffixes: frozenset[str], kind: str) -> tuple[Finding, ...]:
    """Files in class folders that are not read, and class folders in which none is."""
    said, names = [], []
    for one in found:
        readable = any(suffix_of(path) in suffixes for path in one.files)
        other = [path for path in one.files if suffix_of(path) not in suffixes | HELP]
        if not readable:
            said.append(f"{one.place} holds {endings(one.files)} and is no class")
            names.append(one.place)
        elif other:
            said.append(f"{one.place} holds {endings(other)} besides")
            names += [path.name for path in other]
    if not said:
        return ()
    formats = modalities()[kind].formats or ", ".join(sorted(suffixes))
    more = f", and {len(said) - 5} folders more" if len(said) > 5 else ""
    only = f"Left out, since only {modalities()[kind].rows} ({formats}) are read"
    return (finding("unread-files", "warning", f"{only}: {'; '.join(said[:5])}{more}.", names),)


def _stray(roots: Iterable[Path], suffixes: frozenset[str]) -> tuple[Finding, ...]:
    """Files beside class folders, which have no class."""
    findings = []
    for root in roots:
        files = [
            path
            for path in files_in(root)
            if is_sample(path) or is_sample(path, suffixes) or suffix_of(path) not in HELP
        ]
        if files:
            text = (
                f"{endings(files)} beside the class folders of {root.name}/: left out, as they have no class."
            )
            findings.append(finding("stray-files", "warning", text, [path.name for path in files]))
    return tuple(findings)


def _same_classes(rows: list[_ClassFolder], classes: tuple[str, ...], kind: str) -> None:
    there, noun = {(one.part, one.label) for one in rows}, modalities()[kind].rows
    for part in sorted({part for part, _ in there}):
        if absent := [label for label in classes if (part, label) not in there]:
            raise BadData(
                f"The folder {part}/ has no {noun} of {', '.join(map(repr, absent[:5]))}, which "
                "another part has. Every part of a split needs the same class folders."
            )


def _classes_in_names(files: list[Path]) -> str:
    """On words that the names of files begin with, if they may be classes: cat_1.jpg, dog_1.jpg; else ""."""
    found = [re.match(r"([^\W\d_]+)[\W_]*\d", file.stem) for file in files]
    counts = Counter(match[1] for match in found if match)
    if not all(found) or not 1 < len(counts) <= len(files) / 2:
        return ""
    names = ", ".join(map(repr, sorted(counts)[:5]))
    return (
        f" Their names begin with {names}: if these are the classes, in Python give load((paths, names)), "
        'where names are [re.match("[A-Za-z]+", path.name)[0] for path in paths].'
    )


def _why_nothing(folder: Path) -> str:
    inside = [path for path in folder.iterdir() if is_sample(path)]
    kind = modalities()[kind_of_files(inside)]
    layout = _LAYOUT.format(folder.name, kind.rows, kind.example)
    layout += table_beside(folder)
    if inside:
        return f"{folder} has {kind.rows} but no class folders.{_classes_in_names(inside)} {layout}"
    if not any(folder.iterdir()):
        return f"The folder {folder} is empty. {layout}"
    hold = endings(files_below(folder))
    return f"There are no {file_formats()} in folders of {folder}, which hold {hold}. {layout}"
