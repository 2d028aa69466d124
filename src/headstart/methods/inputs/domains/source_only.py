from dataclasses import dataclass
from typing import final

from headstart.core import About, Domains

from ._aligning import OnSource


@final
@dataclass(frozen=True, kw_only=True)
class SourceOnly(OnSource):
    """Train on the labelled source alone: what every way to bring domains together has to beat.

    The target's samples are not looked at; rows of the target that are labelled are learned from.
    """

    about = About(
        "source-only",
        "mapping",
        "inputs",
        Domains,
        "doi:10.1007/s10994-009-5152-4",
        per_sample_loss=False,  # parts of a batch may hold other shares of the labelled target rows
        display_name="Source only",
    )
