"""What a report is made of: the records of a run, read once."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from headstart.records.record import Record
from headstart.studies.adapt import Candidate, Result, Tested, Timings

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Given:
    """The records of a run and the folder that they lie in."""

    run: Path
    result: Result
    timings: Timings | None

    @property
    def chosen(self) -> Tested | None:
        """The selected model on the test part."""
        return next((t for t in self.result.tested if t.gain is None), None)

    @property
    def baselines(self) -> list[Tested]:
        """The models that it is compared with on the test part."""
        return [tested for tested in self.result.tested if tested.gain is not None]

    @property
    def winner(self) -> Candidate | None:
        """The selected candidate."""
        return next((c for c in self.result.candidates if c.name == self.result.selected), None)

    @property
    def title(self) -> str:
        """The selected method in plain words."""
        return self.winner.title if self.winner else self.result.selected


def read(run: Path) -> Given:
    """The records in a run folder.

    Raises:
        BadInput: if there is no `result.json`.
        BadData: if a record can't be read.
    """
    if not (run / "result.json").is_file():
        from headstart.core.errors import BadInput

        raise BadInput(f"There is no result.json in {run}. Give the folder that `adapt` wrote.")
    timings = run / "timings.json"
    return Given(
        run,
        record(Result, run / "result.json"),
        record(Timings, timings) if timings.is_file() else None,
    )


def record(kind: type[R], path: Path) -> R:
    """The record in a file.

    Raises:
        BadData: if it can't be read.
    """
    try:
        return kind.read(path)
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError, AttributeError) as error:
        from headstart.core.errors import BadData

        raise BadData(f"{path} is not a record of headstart: {error}. Run `{_maker(path)}` again.") from error


def _maker(path: Path) -> str:
    return "adapt" if path.stem in ("result", "timings") else path.stem
