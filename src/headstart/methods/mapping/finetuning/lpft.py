from dataclasses import dataclass
from typing import final

from headstart.core import About, Labelled
from headstart.methods.mapping.finetuning._probed import Probed


@final
@dataclass(frozen=True, kw_only=True)
class LPFT(Probed):
    """Head first, then everything: fine-tuning that starts from a linear probe.

    The first stage is a logistic probe; the second starts from its head, so that the features are
    not pulled about by a head that knows nothing yet.
    """

    about = About("lp-ft", "start", "mapping", Labelled, "arXiv:2202.10054", display_name="LP-FT")
