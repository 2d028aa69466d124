"""Fetch a published data set, where there is a network; nothing is fetched unless this is called."""

import shutil
import tarfile
import tempfile
import urllib.request
import zipfile
from pathlib import Path
from urllib.error import URLError

from headstart.core import BadData, BadInput

from .entry import Published, data_root
from .register import entry_of

SECONDS = 60  # without an answer


def download(name: str, root: str | Path | None = None) -> Path:
    """Fetch a published data set and unpack it, unless it is there.

    Args:
        name: as `hs.data.load` takes it, such as "ag-news".
        root: the folder of all published data; None takes the environment's `HEADSTART_DATA`, else "data".

    Returns:
        The folder of its files.

    Raises:
        Unknown: no published data set has that name.
        BadInput: it can't be fetched without an account, or the server can't be reached.
        BadData: what was fetched is damaged, or has another layout.
    """
    entry = entry_of(name)
    start = data_root() if root is None else Path(root).expanduser()
    if (there := entry.below(start)) is not None:
        return there
    if not entry.urls:
        raise BadInput(f"{entry.name!r} can't be fetched by name.{entry.hint}")
    start.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=start, prefix=f".{entry.name}-") as place:
        for url in entry.urls:
            _fetch(url, Path(place))
        return _moved(entry, Path(place), start)


def _fetch(url: str, place: Path) -> None:
    """Write what is at a URL into a folder; archives are unpacked."""
    file = place / url.rpartition("/")[2]
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer, file.open("wb") as stream:
            shutil.copyfileobj(answer, stream)
    except (URLError, OSError) as error:
        raise BadInput(f"{url} can't be fetched: {error}. Fetch it by hand, and unpack it.") from error
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as packed:
                packed.extractall(place)
        elif tarfile.is_tarfile(file):
            with tarfile.open(file) as unpacked:
                unpacked.extractall(place, filter="data")
        else:
            return
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise BadData(f"What is at {url} can't be unpacked: {error}.") from error
    file.unlink()


def _moved(entry: Published, place: Path, start: Path) -> Path:
    """Move the folder of the data set out of a temporary one to where it is looked for."""
    found = entry.find(str(place))
    if found is None:
        raise BadData(f"What was fetched for {entry.name!r} lacks {' or '.join(entry.files)}.")
    goal = start / entry.folders[0]
    if goal.exists():
        raise BadData(f"{goal} is in the way: it lacks {' or '.join(entry.files)}. Move it, and try again.")
    goal.parent.mkdir(parents=True, exist_ok=True)
    if found == place:
        shutil.copytree(found, goal)
    else:
        found.rename(goal)
    return goal
