from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Head, Labelled, label_kind_of
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.methods.outputs.probing.probe import Probe

from .row_weighting import RowWeighting


@final
@dataclass(frozen=True, kw_only=True)
class WeightedProbe(RowWeighting, Probe):
    """Read new outputs off a frozen mapping, each row counted by how much likelier it is in the target.

    A logistic probe, or for numbers a ridge probe. Without a target it is just that.

    Attributes:
        penalty: half of it multiplies the head's squared weights, against the weighted sum of losses, > 0;
            None finds it by the weighted loss on rows that were left out.
    """

    about = About(
        "weighted-probe",
        "mapping",
        "inputs",
        Labelled,
        "doi:10.1145/1273496.1273507",
        closed_form=True,
        weights_source_rows=True,
    )
    penalty: float | None = None

    def __post_init__(self) -> None:
        self.check("penalty", self.penalty is None or self.penalty > 0, "> 0")
        self.check_weighting()

    def solve(self, features: Tensor, labels: Tensor, outputs: int, weights: Tensor | None = None) -> Head:
        """The linear head of the best penalty."""
        return linear_probe(label_kind_of(labels), self.penalty).solve(features, labels, outputs, weights)
