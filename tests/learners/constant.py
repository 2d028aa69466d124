"""A learner that ignores its support: what it scores is what tasks give away without learning."""

from dataclasses import dataclass
from typing import ClassVar, final

from torch import nn

from headstart.core import Parts
from headstart.learners.learner import Learner


@final
@dataclass(frozen=True, kw_only=True)
class Constant(Learner):
    """One network for all tasks: queries are answered whatever the support is."""

    name: ClassVar[str] = "constant"
    title: ClassVar[str] = "Constant"
    paper: ClassVar[str] = "https://example.org"

    def parts(self, encoder, problem):
        return Parts({"network": nn.Sequential(encoder, nn.Linear(encoder.width, problem.outputs))})

    def adapt(self, parts, support, state=None):
        return {"rows": support.y.new_zeros(len(support.y))}

    def predict(self, parts, state, x):
        return parts["network"](x.flatten(0, 1)).unflatten(0, x.shape[:2])
