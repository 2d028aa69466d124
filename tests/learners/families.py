"""Small families of tasks for the tests of learners."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from headstart.core.label_kind import LabelKind
from headstart.tasks import FewShot, GaussianClasses, Sinusoids, TaskFamily
from headstart.tasks.examples import Examples


def toy_examples(rows=12, classes=5, columns=4, seed=0):
    """Rows of a few classes, each around a mean of its own."""
    generator = torch.Generator().manual_seed(seed)
    means = 2 * torch.randn(classes, columns, generator=generator)
    y = torch.arange(classes).repeat_interleave(rows)
    x = means[y] + torch.randn(len(y), columns, generator=generator)
    return Examples("toy", x, y, tuple(map(str, range(classes))))


FAMILIES = {
    "pooled": FewShot(toy_examples(), ways=3, shots=4, queries=5, tasks=6),
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
