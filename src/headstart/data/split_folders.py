"""Whether the folders of a folder are classes or the parts of a split, and which of them have labels."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from headstart.core import BadData

from .finding import Finding, finding
from .folder_files import endings, files_below, folders_in, holds_samples, is_sample
from .inner_folders import folders_of_folders
from .located import table_beside
from .naming import part_of


@dataclass(frozen=True)
class Layout:
    """Where the class folders are.

    Attributes:
        roots: folders whose folders are classes, by the name of the part; of a single one without a split the
            name is "".
        findings: on the folders that are left out.
        roles: "train", "val" or "test" for each part.
    """

    roots: dict[str, Path]
    findings: tuple[Finding, ...] = ()
    roles: dict[str, str] = field(default_factory=dict)

    @property
    def is_split(self) -> bool:
        """Whether there are several parts."""
        return len(self.roots) > 1


def layout_of(folder: Path, suffixes: frozenset[str]) -> Layout:
    """Find the class folders of a folder, or those of each part of a split.

    Samples are files with these `suffixes`.

    Parts are known by their names, such as train, training_set or seg_test. Parts without class folders
    and other folders beside them are left out, with a finding.

    Raises:
        BadData: the folders look like parts of a split, but none to train with has class folders.
    """
    root = _unwrapped(folder, suffixes)
    beside = () if root == folder else _left_out([one for one in folders_in(folder) if one != root], {})
    inside = folders_in(root)
    parts = _parts(inside)
    inner = {path: _class_root(path, role, suffixes) for path, role in parts.items()}
    labelled = {path: found for path, found in inner.items() if found is not None}
    trains = [path for path in labelled if parts[path] == "train"]
    if len(set(parts.values())) > 1 and not trains:
        _refuse_unlabelled(folder, parts, labelled, suffixes)
        return Layout({"": root})
    others = [path for path in inside if path not in labelled]
    if not trains:
        return Layout({"": root}, (*beside, *folders_of_folders(inside, suffixes)))
    unnamed = [path for path in others if path not in parts and holds_samples(path, suffixes)]
    if len(set(parts.values())) == 1 and not _have_classes_of(labelled[trains[0]], unnamed, suffixes):
        return Layout({"": root}, (_looks_like_a_part(trains[0], others),))
    roots = {path.name: found for path, found in labelled.items()}
    if {parts[path] for path in labelled} == {"train"}:
        roots = {"": labelled[trains[0]]} if len(trains) == 1 else roots
    roles = {path.name: parts[path] for path in labelled}
    return Layout(roots, (*beside, *_left_out(others, parts)), roles)


def _parts(inside: list[Path]) -> dict[Path, str]:
    """The parts of a split that folders are called after, without the words that all begin with."""
    parts = {path: role for path in inside if (role := part_of(path.name)) is not None}
    if parts or len(inside) < 2:
        return parts
    words = [re.split(r"(?<=[_\- .])", path.name) for path in inside]
    same = 0
    while all(len(one) > same + 1 and one[same] == words[0][same] for one in words):
        same += 1
    roles = {path: part_of("".join(one[same:])) for path, one in zip(inside, words, strict=True)}
    return {path: role for path, role in roles.items() if role is not None}


def _have_classes_of(train: Path, others: list[Path], suffixes: frozenset[str]) -> bool:
    """Whether all of the other folders hold folders called as the classes, so that they can't be classes."""
    classes = {path.name for path in folders_in(train)}
    return all(classes & _inner(path, suffixes) for path in others)


def _inner(folder: Path, suffixes: frozenset[str]) -> set[str]:
    """Names of the folders in a folder that hold samples."""
    return {path.name for path in folders_in(folder) if holds_samples(path, suffixes)}


def _unwrapped(folder: Path, suffixes: frozenset[str]) -> Path:
    """The folder, or the only one in it, if that has class folders."""
    inside = folders_in(folder)
    if len(inside) > 1 and all(part_of(path.name) is None for path in inside):
        inside = [path for path in inside if holds_samples(path, suffixes)]
    if len(inside) != 1 or any(is_sample(path, suffixes) for path in folder.iterdir()):
        return folder
    classes = [path for path in folders_in(inside[0]) if holds_samples(path, suffixes)]
    if len(classes) == 1:
        deeper = _unwrapped(inside[0], suffixes)
        return folder if deeper == inside[0] else deeper
    return inside[0] if classes else folder


def _class_root(part: Path, role: str, suffixes: frozenset[str]) -> Path | None:
    """The folder of the class folders of a part, which may lie one deeper; None if there are none."""
    if role == "unlabelled":
        return None
    inside = folders_in(part)
    if len(inside) == 1 and part_of(inside[0].name) == role:
        part, inside = inside[0], folders_in(inside[0])
    return part if any(holds_samples(path, suffixes) for path in inside) else None


def _refuse_unlabelled(
    folder: Path, parts: dict[Path, str], labelled: dict[Path, Path], suffixes: frozenset[str]
) -> None:
    names = " and ".join(f"{path.name}/" for path in parts)
    holding = [path for path in parts if holds_samples(path, suffixes)]
    if len(holding) < 2:
        return
    if labelled:
        without = [path.name for path in parts if parts[path] == "train"]
        why = f"{without[0]}/ has no class folders" if without else "none of them is called train"
    else:
        why = "they have no class folders"
    beside = table_beside(folder)
    raise BadData(
        f"{names} of {folder} look like parts of a split, but {why}. Put the files of each class into a "
        f"folder of its own in each part, such as train/cat/; if they are classes, rename them.{beside}"
    )


def _looks_like_a_part(part: Path, others: list[Path]) -> Finding:
    beside = ", ".join(f"{path.name}/" for path in others[:5])
    text = (
        f"{part.name}/ looks like a part of a split, but beside it there is {beside}: all are taken as "
        f"classes. To learn from {part.name}/ alone, give that folder."
    )
    return finding("looks-like-a-split", "warning", text, [part.name])


def _left_out(others: list[Path], parts: dict[Path, str]) -> tuple[Finding, ...]:
    if not others:
        return ()
    said = []
    for path in others:
        files = files_below(path)
        why = (
            "no class folders"
            if path in parts and parts[path] != "unlabelled"
            else "no part of a split with labels"
        )
        said.append(f"{path.name}/ ({why}; {endings(files)})")
    text = f"Left out beside the labelled parts: {', '.join(said[:5])}."
    return (finding("left-out", "warning", text, [path.name for path in others]),)
