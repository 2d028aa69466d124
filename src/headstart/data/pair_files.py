"""Pictures with captions out of files: rows of a table, a text file beside each, members of tar files."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.core import BadData
from headstart.face import spell

from .columns import Origin
from .folder_files import files_below, is_sample
from .image_text_pairs import ImageTextPairs, left_out, paired, with_findings
from .located import located
from .samples import Files
from .suffixes import PICTURES
from .table_files import read_table
from .tar_members import Member, TarMembers, is_archive, members_of
from .text_files import UTF8, read_text

PATHS = ("path", "filepath", "file_name", "filename", "image", "file")  # columns, the first that is there
CAPTIONS = ("caption", "text", "title", "description")  # likewise, and keys of .json members


@dataclass(frozen=True)
class Reading:
    """How files of pairs are read; None: the usual.

    Attributes:
        path_column: of a table.
        text_column: of a table, or a key of .json members.
        encoding: of tables and text files.
    """

    path_column: str | None = None
    text_column: str | None = None
    encoding: str | None = None


def of_table(path: Path, name: str, reading: Reading) -> ImageTextPairs:
    """A pair a row; rows without a path, or whose file does not exist, are left out."""
    cells = read_table(path, encoding=reading.encoding)
    origin = Origin(str(path), path.parent, first=1, error=BadData)
    place = reading.path_column or _first(PATHS, cells, "path", origin)
    words = reading.text_column or _first(CAPTIONS, cells, "text", origin)
    paths = origin.texts(cells, place, "path", empty=True)
    captions = origin.texts(cells, words, "text", empty=True)
    if not paths:
        raise BadData(
            f"{path} has its names of columns and no rows. Give a row for each picture and caption."
        )
    named = [row for row, one in enumerate(paths) if one]
    files, findings = located([paths[row] for row in named], path.parent, str(path))
    there = {row: file for row, file in zip(named, files, strict=True) if file.is_file()}
    if not there:
        first = f"no file {str(files[0])!r}, nor any other" if files else "nothing"
        raise BadData(f"{path}: there is {first} in the column {place!r}.")
    missing = [paths[row] for row in named if row not in there]
    blank = [f"row {row + origin.first}" for row, one in enumerate(paths) if not one]
    items = [paths[row] for row in there]
    pairs = paired(items, Files([*there.values()]), [captions[row] for row in there], name)
    gone = left_out(missing, "there is no such file"), left_out(blank, "there is no path")
    return with_findings(pairs, tuple(findings), *gone)


def _first(known: Sequence[str], cells: Iterable[str], role: str, origin: Origin) -> str:
    names = list(cells)
    found = next((name for name in known if name in names), None)
    if found is None:
        option = spell(f"{role}_column", ..., stands="NAME")
        raise BadData(
            f"{origin.what} has none of the columns {', '.join(known)}. Its columns: "
            f"{', '.join(map(repr, names[:30]))}. Say which one to take with {option}."
        )
    return found


def of_folder(folder: Path, name: str, reading: Reading) -> ImageTextPairs:
    """Pictures at any depth, each with a .txt of the same name beside it; others are left out."""
    files = files_below(folder)
    pictures = [path for path in files if is_sample(path, PICTURES)]
    beside = {path.with_suffix(""): path for path in files if path.suffix.lower() == ".txt"}
    named = [path for path in pictures if path.with_suffix("") in beside]
    if not named:
        what = f"{len(pictures)} pictures, none with a .txt beside it" if pictures else "no pictures"
        raise BadData(
            f"{folder} holds {what}. Write the caption of cat.jpg into cat.txt, or give a table of paths and "
            "captions."
        )
    texts = [read_text(beside[path.with_suffix("")], reading.encoding or UTF8) for path in named]
    items = [path.relative_to(folder).as_posix() for path in named]
    others = [path.relative_to(folder).as_posix() for path in pictures if path.with_suffix("") not in beside]
    return with_findings(
        paired(items, Files(named), texts, name), left_out(others, "no text file is beside it")
    )


def archives_in(path: Path) -> list[Path]:
    """The tar files that a path names: itself, or those in a folder."""
    if path.is_file():
        return [path] if is_archive(path) else []
    return [file for file in files_below(path) if is_archive(file)]


def of_tar(archives: Sequence[Path], name: str, reading: Reading) -> ImageTextPairs:
    """Members whose names are equal up to the first dot: a picture, and a .txt or .json with its caption."""
    pictures: dict[tuple[Path, str], Member] = {}
    words: dict[tuple[Path, str], Member] = {}
    for archive in archives:
        for member in members_of(archive):
            where = archive, member.key
            if member.ending in PICTURES:
                pictures.setdefault(where, member)
            elif member.ending == ".txt" or (member.ending == ".json" and where not in words):
                words[where] = member
    keys = (reading.text_column,) if reading.text_column else CAPTIONS
    texts = {where: _caption(words[where], keys) for where in pictures if where in words}
    both = [where for where, text in texts.items() if text is not None]
    if not both:
        raise BadData(
            f"{archives[0]} has {len(pictures)} pictures and {len(words)} texts, and no two of one sample: "
            "their names must be equal up to the first dot, such as 0001.jpg and 0001.txt."
        )
    items = [f"{where[0].name}/{pictures[where].name}" for where in both]
    members = TarMembers([pictures[where] for where in both])
    alone = [member.name for where, member in pictures.items() if where not in words]
    broken = [words[where].name for where, text in texts.items() if text is None]
    return with_findings(
        paired(items, members, [texts[where] for where in both], name),
        left_out(alone, "no text is beside it"),
        left_out(broken, "the text beside can't be read"),
    )


def _caption(member: Member, keys: Sequence[str]) -> str | None:
    """The caption in a member, "" where a .json has none; None if it can't be read."""
    try:
        text = member.read().decode(UTF8)
        if member.ending == ".txt":
            return text
        found = json.loads(text)
    except (ValueError, BadData):  # ValueError of the decoder and of JSON alike
        return None
    said = [found[key] for key in keys if isinstance(found, dict) and isinstance(found.get(key), str)]
    return str(said[0]) if said else ""
