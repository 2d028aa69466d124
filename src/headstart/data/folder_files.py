"""Files and folders of a folder: hidden ones left out, in natural order, counted by their endings."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .naming import natural
from .suffixes import suffix_of

HELP = frozenset(
    [
        "",
        ".txt",
        ".md",
        ".rst",
        ".csv",
        ".tsv",
        ".json",
        ".jsonl",
        ".xml",
        ".yaml",
        ".yml",
        ".toml",
        ".html",
        ".htm",
        ".pdf",
        ".db",
        ".ini",
        ".cfg",
        ".log",
        ".py",
        ".ipynb",
        ".url",
        ".lnk",
        ".doc",
        ".docx",
        ".xls",
        ".xlsx",
        ".sh",
        ".bat",
    ]
)  # endings of files that describe data, which may stand anywhere


def folders_in(folder: Path) -> list[Path]:
    """The non-hidden folders in a folder, in natural order."""
    inside = [path for path in folder.iterdir() if path.is_dir() and not _hidden(path.name)]
    return sorted(inside, key=lambda path: natural(path.name))


def files_in(folder: Path) -> list[Path]:
    """The non-hidden files in a folder, not those below it, in natural order."""
    inside = [path for path in folder.iterdir() if path.is_file() and not _hidden(path.name)]
    return sorted(inside, key=lambda path: natural(path.name))


def files_below(folder: Path) -> list[Path]:
    """All non-hidden files in or below a folder, in natural order."""
    found = []
    for top, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _hidden(name)]
        found += [Path(top, name) for name in files if not _hidden(name)]
    return sorted(found, key=lambda path: natural(path.relative_to(folder).as_posix()))


def sample_files(folder: Path) -> list[Path]:
    """All non-hidden files in or below a folder that hold one sample each, in natural order."""
    return list(filter(is_sample, files_below(folder)))


def is_sample(path: Path, suffixes: frozenset[str] | None = None) -> bool:
    """Whether a file holds one sample, by its ending; None takes those of pictures and sounds."""
    if suffixes is None:
        from .modality import file_suffixes  # which need torch

        suffixes = file_suffixes()
    return suffix_of(path) in suffixes


def holds_samples(folder: Path, suffixes: frozenset[str] | None = None) -> bool:
    """Whether there is a sample in or below a folder."""
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _hidden(name)]
        if any(is_sample(Path(name), suffixes) for name in files if not _hidden(name)):
            return True
    return False


def endings(paths: Iterable[Path]) -> str:
    """How many files there are of each ending, the most frequent first: "12 .dcm, 1 .npy"."""
    counts = Counter(suffix_of(path) or "without an ending" for path in paths)
    return ", ".join(f"{count} {suffix}" for suffix, count in counts.most_common(5)) or "nothing"


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"
