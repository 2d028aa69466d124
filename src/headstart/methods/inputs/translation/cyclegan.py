from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Domains, Parts

from .unpaired import Made, UnpairedTranslation


@final
@dataclass(frozen=True, kw_only=True)
class CycleGAN(UnpairedTranslation):
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

    def extra_terms(self, parts: Parts, batch: Domains, made: Made) -> Mapping[str, Tensor]:
        """None."""
        return {}
