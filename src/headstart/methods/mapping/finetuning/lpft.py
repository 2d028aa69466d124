from dataclasses import dataclass
from typing import Any, final

from headstart.core import About, Labelled, Method
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

    def stages(self) -> tuple[Method[Any], ...]:
        """The probe, then the fine-tuning."""
        return (LogisticProbe(penalty=self.penalty), self)
