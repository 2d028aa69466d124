"""What `scouts` returns: its record, and the guides."""

from dataclasses import dataclass
from pathlib import Path

from headstart.core import Guides
from headstart.studies._shown import ShownResult
from headstart.studies.scouts import Scouting

FILE = "guides.safetensors"


@dataclass(frozen=True, repr=False)
class ScoutedGuides(ShownResult):
    """What `scouts` returns.

    Attributes:
        folder: with `guides.safetensors`, `scouts.json` and `scouts.html`.
        result: the record.
        guides: for `hs.fit(guides=...)`.
    """

    folder: Path
    result: Scouting
    guides: Guides
