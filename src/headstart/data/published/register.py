"""All published data sets by name."""

from collections.abc import Mapping
from pathlib import Path

from headstart.core import Unknown

from . import counts, fonts, news, pictures, words
from .entry import Published

PUBLISHED: Mapping[str, Published] = {
    entry.name: entry
    for entries in (pictures.ENTRIES, news.ENTRIES, words.ENTRIES, counts.ENTRIES, fonts.ENTRIES)
    for entry in entries
}


def published(text: str) -> tuple[Published, str] | None:
    """The data set that "NAME" or "NAME:FOLDER" names, and the folder; None if it is no such name.

    Case, hyphens and underscores don't matter: "CIFAR-100" is "cifar100".
    """
    name, _, where = text.partition(":")
    entry = _BY_NAME.get(_plain(name))
    return None if entry is None else (entry, where)


def entry_of(name: str) -> Published:
    """The data set with this name.

    Raises:
        Unknown: there is none.
    """
    if (found := published(name)) is None:
        raise Unknown("published data set", name, PUBLISHED)
    return found[0]


def recognised(folder: Path) -> str:
    """A sentence on the published data set in a folder, known by its name and files; "" if there is none."""
    found = next((entry for entry in PUBLISHED.values() if _is_it(entry, folder)), None)
    return f" These are the files of {found.name}: give '{found.name}:{folder}'." if found else ""


def _is_it(entry: Published, folder: Path) -> bool:
    named = folder.resolve().name in {place.rpartition("/")[2] for place in entry.folders}
    return (named or entry.by_files) and entry.is_in(folder)


def _plain(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "").replace(" ", "")


_BY_NAME = {_plain(name): entry for name, entry in PUBLISHED.items()}
