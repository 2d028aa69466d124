"""Folders and files of those that name none: below `runs`, called by what they hold and the time."""

from datetime import datetime
from itertools import count
from pathlib import Path

from headstart.face import spell

RUNS = Path("runs")
BEGUN = "study.json"  # in every run folder


def dated_folder(name: str, suffix: str = "") -> Path:
    """A new folder, or with a suffix a new file, for a run of a study that names none."""
    stem = f"{name}-{datetime.now():%Y-%m-%d-%H%M%S}"
    tries = (RUNS / (stem + (f"-{number}" if number > 1 else "") + suffix) for number in count(1))
    return next(place for place in tries if not place.exists())


def latest_folder(name: str) -> Path | None:
    """The dated folder of a study that was begun last; None if there is none."""
    begun = [file for file in RUNS.glob(f"{name}-[0-9]*/{BEGUN}") if file.is_file()]
    return max(begun, key=lambda file: (file.stat().st_mtime, file)).parent if begun else None


def default_folder(name: str, resume: bool) -> Path:
    """Where a study works that is given no folder: a new one, or on resuming the one that was begun last.

    Raises:
        BadInput: there is none to resume.
    """
    if not resume:
        return dated_folder(name)
    if (latest := latest_folder(name)) is None:
        from headstart.core.errors import BadInput  # with which torch comes

        raise BadInput(
            f"{spell('resume')} goes on with the last run of {name} in {RUNS}, and there is none. Name its "
            f"folder: {spell('out', ..., stands='FOLDER')}."
        )
    return latest
