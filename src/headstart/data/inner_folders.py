"""Class folders that hold folders of the same names, and so may be parts, or people, instead of classes."""

from pathlib import Path

from .finding import Finding, finding
from .folder_files import files_in, folders_in, holds_samples, is_sample
from .naming import part_of


def folders_of_folders(inside: list[Path], suffixes: frozenset[str]) -> tuple[Finding, ...]:
    """A finding on folders that are taken as classes, but all hold folders of the same names.

    Args:
        inside: the folders that are taken as classes.
        suffixes: of files that hold one sample each.
    """
    classes = [path for path in inside if holds_samples(path, suffixes)]
    names = [_names(path, suffixes) for path in classes]
    if len(classes) < 2 or len(names[0]) < 2 or any(inner != names[0] for inner in names):
        return ()
    outer, inner = _said([path.name for path in classes]), _said(sorted(names[0]))
    if {"train", "test"} <= {part_of(name) for name in names[0]}:
        text = (
            f"{outer} each hold {inner}, which are passed over. For that split, put the class folders into "
            "train/ and test/."
        )
    else:
        text = (
            f"{outer} all hold folders of the same names ({inner}), but are taken as the classes. If those "
            "in them are the classes, call them train/ and test/, or give one of them."
        )
    return (finding("looks-like-a-split", "warning", text, [path.name for path in classes]),)


def _names(folder: Path, suffixes: frozenset[str]) -> set[str]:
    """Names of the folders with samples in a folder that has no samples of its own."""
    if any(is_sample(path, suffixes) for path in files_in(folder)):
        return set()
    return {path.name for path in folders_in(folder) if holds_samples(path, suffixes)}


def _said(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(f"{name}/" for name in names[:3]) + more
