from dataclasses import dataclass
from typing import Any, final

from headstart.core import About, BadInput, Labelled, Method
from headstart.methods.mapping._tuning import Tuning
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe


@final
@dataclass(frozen=True, kw_only=True)
class LPFT(Tuning):
    """Head first, then everything: fine-tuning that starts from a linear probe.

    The first stage is a logistic probe; the second starts from its head, so that the features are
    not pulled about by a head that knows nothing yet.

    Attributes:
        penalty: of the probe; see `LogisticProbe`.
    """

    about = About("lp-ft", "start", "mapping", Labelled, "arXiv:2202.10054", spelled="LP-FT")
    penalty: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.penalty is not None and not self.penalty > 0:
            raise BadInput(f"lp-ft: penalty is {self.penalty!r}; it must be > 0.")

    def stages(self) -> tuple[Method[Any], ...]:
        """The probe, then the fine-tuning."""
        return (LogisticProbe(penalty=self.penalty), self)
