from dataclasses import dataclass
from typing import Literal, final

from torch import Tensor

from headstart.core import About, Head, Labelled
from headstart.core.linear_head import LinearHead
from headstart.solvers.penalty_selection import select_logistic
from headstart.solvers.standardised import Standardised

from .probe import Probe


@final
@dataclass(frozen=True, kw_only=True)
class LogisticProbe(Probe):
    """Read new outputs off a frozen mapping with logistic regression, solved on all rows at once.

    Tags have a binary regression each.

    Attributes:
        penalty: half of it multiplies the squared weights, against the sum of cross-entropies
            (1 / C of scikit-learn), > 0; None finds it by five folds.
        standardise: whether every feature is brought to mean 0 and deviation 1 on the labelled rows first, so
            that the penalty weighs on all alike. The head takes the features as they are.
        class_weight: "balanced": all classes count the same, however many rows they have; of a tag, rows with
            it and without. None: all rows.
    """

    about = About(
        "logistic-probe",
        "mapping",
        "outputs",
        Labelled,
        "arXiv:1610.01644",
        closed_form=True,
        label_kinds=("classes", "tags"),
    )
    penalty: float | None = None
    standardise: bool = False
    class_weight: Literal["balanced"] | None = None

    def __post_init__(self) -> None:
        self.check("penalty", self.penalty is None or self.penalty > 0, "> 0")
        self.check("class_weight", self.class_weight in ("balanced", None), "'balanced' or None")

    def solve(self, features: Tensor, labels: Tensor, outputs: int, weights: Tensor | None = None) -> Head:
        """The linear head of the best penalty."""
        equal = self.class_weight == "balanced"
        units = Standardised.of(features, weights) if self.standardise else None
        x = features if units is None else units.turn(features)
        found = select_logistic(x, labels, outputs, self.penalty, weights=weights, equal_classes=equal)
        head = found.weight, found.bias
        return LinearHead.of(*(head if units is None else units.back(*head)))
