"""Files that a table lists, and tables that list the files of a folder."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from headstart.core import BadData
from headstart.face import spell

from .finding import Finding, finding
from .folder_files import files_below, files_in, folders_in
from .modality import file_suffixes

TABLES = (".csv", ".tsv", ".parquet", ".pq", ".json", ".jsonl", ".ndjson")
READ = 4096  # bytes of a table that are looked at
SEEN = 3  # files that are looked for in them


def _way() -> str:
    return (
        f"load that, with {spell('path_column')} the column of file names and {spell('label_column')} that "
        "of labels."
    )


def located(paths: Sequence[str], folder: Path, what: str) -> tuple[list[Path], tuple[Finding, ...]]:
    """The files that a table lists, which may lie in a folder beside it or lack their ending.

    Args:
        paths: as they are written.
        folder: of the table.
        what: the table, for messages.

    Returns:
        The files (n,), and a finding if they are not where the table says.

    Raises:
        BadData: the first of them is in several places.
    """
    plain = [folder / path for path in paths]
    if not paths or plain[0].is_file():
        return plain, ()
    places = list(_places(paths[0], folder))
    named = [(place, suffix) for place, suffix in places if place.name == Path(what).stem]
    if len(places) > 1 and len(named) != 1:
        some = " and ".join(str(place / f"{paths[0]}{suffix}") for place, suffix in places[:3])
        raise BadData(f"{what}: {paths[0]!r} may be {some}. Write the paths as they are from {folder}.")
    if not places:
        return plain, ()
    ((place, suffix),) = named if len(places) > 1 else places
    where = f"in {place.name}/" if place != folder else f"beside {Path(what).name}"
    added = f", with {suffix} added" if suffix else ""
    text = f"The files that {Path(what).name} lists are taken from {where}{added}."
    found = [place / f"{path}{suffix}" for path in paths]
    return found, (finding("found-in", "note", text, [place.name]),)


def _places(path: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """The folders in which there is a file of this name, and the ending that it lacks."""
    endings = ("", *sorted(file_suffixes())) if not Path(path).suffix else ("",)
    for place in (folder, *folders_in(folder)) if folder.is_dir() else ():
        for suffix in endings:
            if (place / f"{path}{suffix}").is_file():
                yield place, suffix


def table_beside(folder: Path) -> str:
    """A sentence on the table in or beside a folder that lists its files; "" if there is none."""
    files = files_below(folder)
    stems = _stems(files)
    inside = [path for path in files if path.suffix.lower() in TABLES]
    beside = [path for path in _readable(folder.resolve().parent) if path.suffix.lower() in TABLES]
    own = [path for path in inside if path.parent == folder]
    found = own or [path for path in (*inside, *beside) if _lists(path, stems)]
    return f" If the labels are in {found[0]}, {_way()}" if found else ""


def table_in_classes(folder: Path, files: Sequence[Path]) -> tuple[Finding, ...]:
    """A finding on the table in a folder of class folders that lists their files; none if there is none."""
    own = [path for path in files_in(folder) if path.suffix.lower() in TABLES]
    found = [path for path in own if _lists(path, _stems(files))]
    if not found:
        return ()
    text = f"The folders are the classes. If the labels are in {found[0].name}, which lists files, {_way()}"
    return (finding("table-beside", "note", text, [path.name for path in found]),)


def _readable(folder: Path) -> list[Path]:
    """The files in a folder; none if it can't be read."""
    try:
        return files_in(folder)
    except OSError:
        return []


def _stems(files: Sequence[Path]) -> list[str]:
    """Names without ending of the first files that hold a sample."""
    return [path.stem for path in files if path.suffix.lower() in file_suffixes()][:SEEN]


def _lists(table: Path, stems: Sequence[str]) -> bool:
    """Whether a table names files at its beginning."""
    try:
        with table.open("rb") as stream:
            begin = stream.read(READ).decode("utf-8", "replace")
    except OSError:
        return False
    return bool(stems) and all(re.search(rf"(?<![\w-]){re.escape(stem)}(?![\w-])", begin) for stem in stems)
