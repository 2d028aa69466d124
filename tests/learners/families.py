"""Small families of tasks for the tests of learners."""

from dataclasses import dataclass
from typing import ClassVar

from headstart.core.label_kind import LabelKind
from headstart.tasks import GaussianClasses, Sinusoids, TaskFamily

FAMILIES = {
    "classes": GaussianClasses(ways=3, columns=4, shots=4, queries=5, tasks=6),
    "numbers": Sinusoids(shots=5, queries=6, tasks=6),
}


def family_for(answers):
    """A family whose answers are of a kind."""
    return FAMILIES[answers]


@dataclass(frozen=True, kw_only=True)
class Folded(TaskFamily):
    """Classes of 64 numbers as pictures of 8 x 8 pixels."""

    name: ClassVar[str] = "folded"
    kind: ClassVar[LabelKind] = "classes"
    shape = (1, 8, 8)
    outputs = 3

    def draw(self, step):
        drawn = GaussianClasses(ways=3, columns=64, shots=2, queries=2, tasks=2, seed=self.seed).draw(step)
        return drawn.changed(lambda x: x.unflatten(-1, self.shape))
