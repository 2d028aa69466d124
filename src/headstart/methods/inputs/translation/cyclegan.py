from dataclasses import dataclass
from typing import final

from headstart.core import About, Domains

from ._translating import Translating


@final
@dataclass(frozen=True, kw_only=True)
class CycleGAN(Translating):
    """Translate target samples to look like the source, by critics and by the way there and back.

    Critics judge by least squares; what was translated there and back again has to be as it was.
    """

    about = About(
        "cyclegan",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1703.10593",
        per_sample_loss=False,
        stochastic_loss=True,
        display_name="CycleGAN",
    )
