"""Pictures of digits that have shifted, and a network that learned before to see through the shifts."""

import torch
from torch import nn

from headstart.claims._digits import UPSTREAM, Rows, of_classes, upstream
from headstart.claims._lab import Lab

NOISE = 0.3  # deviation, of grey levels in [0, 1]


def shifted(rows: Rows, random: torch.Generator) -> Rows:
    """Each second picture inverted, the others with noise."""
    noisy = rows.x + NOISE * torch.randn(rows.x.shape, generator=random)
    inverted = torch.arange(len(rows)) % 2 == 0
    return Rows(torch.where(inverted[:, None, None, None], 1 - rows.x, noisy).clamp(0, 1), rows.y)


def robust(lab: Lab, seed: int) -> nn.Sequential:
    """A network that has learned the digits 0 to 4 as they are and shifted: its features serve both."""
    clean = of_classes(UPSTREAM)
    other = shifted(clean, lab.generator("shifted upstream", seed))
    both = Rows(torch.cat([clean.x, other.x]), torch.cat([clean.y, other.y]))
    return upstream(lab, seed, both, "digits 0-4 as they are and shifted")
