from dataclasses import dataclass
from typing import final

from headstart.core import About, Unlabelled

from ._eta import ETA


@final
@dataclass(frozen=True, kw_only=True)
class RDumb(ETA):
    """ETA that goes back to the source at fixed times, whatever happens.

    Attributes:
        resets: batches after which all starts anew, >= 1; None: never.
    """

    about = About(
        "rdumb",
        "mapping",
        "inputs",
        Unlabelled,
        "arXiv:2306.05401",
        per_sample_loss=False,
        batch_statistics=True,
        selects_parameters=True,
        label_kinds=("classes",),
        display_name="RDumb: start anew at fixed times",
    )
    resets: int | None = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("resets", self.resets is None or self.resets >= 1, ">= 1, or None for never")

    def reset_interval(self) -> int | None:
        """The setting `resets`."""
        return self.resets
