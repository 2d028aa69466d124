"""What a report is made of: the records of a run, read once."""

from dataclasses import dataclass
from pathlib import Path

from headstart.studies._page import read_record
from headstart.studies.adapt import Candidate, Result, Tested, Timings


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
        read_record(Result, run / "result.json"),
        read_record(Timings, timings) if timings.is_file() else None,
    )
