"""What every experiment does around its trainings: the folder, the journal, going on, cleaning up."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from headstart.core import BadData, BadInput, Diverged, Unknown
from headstart.records import provenance as made_by
from headstart.records.record import Record
from headstart.records.settings import StudySettings
from headstart.run.checkpoint import write_atomically
from headstart.run.progress import Progress
from headstart.run.step_cache import Journal
from headstart.studies._experiment import Experiment
from headstart.studies._folder import prepare_folder, take_back

E = TypeVar("E", bound=StudySettings)


@dataclass(frozen=True)
class Place:
    """Where an experiment works.

    Attributes:
        folder: of its own.
        command: that it was begun with.
        journal: of its finished steps.
        progress: shows the current one.
    """

    folder: Path
    command: str
    journal: Journal
    progress: Progress

    def once(self, name: str, compute: Any) -> dict[str, Any]:
        """What a step gave, as it was written down or computed now; {"diverged": why} if it diverged."""

        def careful() -> dict[str, Any]:
            try:
                found: dict[str, Any] = compute()
            except Diverged as error:
                return {"diverged": str(error)}
            return found

        with self.progress.step(name):
            value: dict[str, Any] = self.journal.once(name, careful)
        return value

    def write(self, record: Record, name: str) -> None:
        """The record as a file in the folder, whole or not at all."""
        write_atomically(self.folder / name, record.to_json().encode())


@contextmanager
def opened(
    out: Path | None, settings: Experiment, digests: Mapping[str, str], resume: bool, progress: Progress
) -> Iterator[Place]:
    """The folder of an experiment, or a temporary one; see `prepare_folder` for what it refuses."""
    if out is None:
        with (
            TemporaryDirectory(prefix="headstart-") as folder,
            opened(Path(folder), settings, digests, False, progress) as place,
        ):
            yield place
        return
    command = prepare_folder(out, settings, digests, resume, made_by.command())
    try:
        yield Place(out, command, Journal(out / "steps", tidy=False), progress)
    except (BadData, BadInput):
        take_back(out)
        raise
    finally:
        progress.close()


def merge_options(settings: E | None, default: E, options: Mapping[str, Any]) -> E:
    """The settings with keyword options, whose lists become tuples.

    Raises:
        Unknown: there is no such option.
    """
    known = [field.name for field in fields(default)]
    for name in options:
        if name not in known:
            raise Unknown(f"option of {default.kind}", name, known)
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list | range) else v for k, v in options.items()}
    return replace(settings or default, **plain)
