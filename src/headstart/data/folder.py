"""A folder of class folders."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from headstart.core import BadData

from .dataset import Dataset
from .finding import Finding, finding
from .folder_files import HELP, endings, files_below, files_in, folders_in, is_sample
from .modality import file_formats, kind_of_files, modalities
from .naming import numbered, part_of, sides
from .samples import Files
from .split_folders import layout_of

_LAYOUT = "Put the {1} of each class into a folder of its own: {0}/cat/1{2}, {0}/dog/2{2}."


def from_folder(folder: Path, name: str) -> Dataset:
    """Load a folder with one subfolder a class; searched recursively, hidden files ignored.

    If there are files of several kinds, such as pictures and sounds, the most frequent kind is used. What is
    left out stands in the findings of the dataset.

    Raises:
        BadData: there are no samples, no class folders or one class, or train and test differ.
    """
    layout = layout_of(folder)
    found = [(part, inner.name, files_below(inner)) for part, inner in _classes(layout.roots)]
    kind = kind_of_files(path for *_, files in found for path in files)
    suffixes = modalities()[kind].suffixes
    rows = [
        (part, label, path)
        for part, label, files in found
        for path in files
        if path.suffix.lower() in suffixes
    ]
    if not rows:
        raise BadData(_why_nothing(folder))
    findings = (*layout.findings, *_unread(found, suffixes, kind), *_stray(layout.roots.values()))
    try:
        classes, labels = numbered([label for _, label, _ in rows], str(folder))
    except BadData as error:
        raise BadData(" ".join([str(error), *(one.text for one in findings)])) from error
    split = None
    if layout.is_split:
        _same_classes(rows, classes, kind)
        one_sided = all(part_of(part) == "train" for part in layout.roots)
        split = None if one_sided else sides([part for part, *_ in rows], str(folder))
    paths = [path for *_, path in rows]
    items = tuple(path.relative_to(folder).as_posix() for path in paths)
    return Dataset(name, classes, labels, items, Files(paths, kind), split=split, findings=findings)


def _classes(roots: Mapping[str, Path]) -> list[tuple[str, Path]]:
    """The class folders of each part."""
    return [(part, inner) for part, root in roots.items() for inner in folders_in(root)]


def _unread(
    found: list[tuple[str, str, list[Path]]], suffixes: frozenset[str], kind: str
) -> tuple[Finding, ...]:
    """Files in class folders that are not read, and class folders in which none is."""
    said, names = [], []
    for part, label, files in found:
        place = f"{part}/{label}/" if part else f"{label}/"
        readable = [path for path in files if path.suffix.lower() in suffixes]
        other = [path for path in files if path.suffix.lower() not in suffixes | HELP]
        if not readable:
            said.append(f"{place} holds {endings(files)} and is no class")
            names.append(place)
        elif other:
            said.append(f"{place} holds {endings(other)} besides")
            names += [path.name for path in other]
    if not said:
        return ()
    rows = modalities()[kind].rows
    more = f", and {len(said) - 5} folders more" if len(said) > 5 else ""
    text = (
        f"Left out, since only {rows} ({modalities()[kind].formats}) are read: {'; '.join(said[:5])}{more}."
    )
    return (finding("unread-files", "warning", text, names),)


def _stray(roots: Iterable[Path]) -> tuple[Finding, ...]:
    """Files beside class folders, which have no class."""
    findings = []
    for root in roots:
        files = [path for path in files_in(root) if is_sample(path) or path.suffix.lower() not in HELP]
        if files:
            text = (
                f"{endings(files)} beside the class folders of {root.name}/: left out, as they have no class."
            )
            findings.append(finding("stray-files", "warning", text, [path.name for path in files]))
    return tuple(findings)


def _same_classes(rows: list[tuple[str, str, Path]], classes: tuple[str, ...], kind: str) -> None:
    there, noun = {(part, label) for part, label, _ in rows}, modalities()[kind].rows
    for part in sorted({part for part, _, _ in rows}):
        if absent := [label for label in classes if (part, label) not in there]:
            raise BadData(
                f"The folder {part}/ has no {noun} of {', '.join(map(repr, absent[:5]))}, which "
                "another part has. Every part of a split needs the same class folders."
            )


def _why_nothing(folder: Path) -> str:
    inside = [path for path in folder.iterdir() if is_sample(path)]
    kind = modalities()[kind_of_files(inside)]
    layout = _LAYOUT.format(folder.name, kind.rows, kind.example)
    tables = [
        path.name for path in folder.iterdir() if path.suffix.lower() in (".csv", ".tsv", ".parquet", ".pq")
    ]
    if tables:
        layout += (
            f" If the labels are in {sorted(tables)[0]}, load that: it names the files in path_column=..."
        )
    if inside:
        return f"{folder} has {kind.rows} but no class folders. {layout}"
    if not any(folder.iterdir()):
        return f"The folder {folder} is empty. {layout}"
    hold = endings(files_below(folder))
    return f"There are no {file_formats()} in folders of {folder}, which hold {hold}. {layout}"
