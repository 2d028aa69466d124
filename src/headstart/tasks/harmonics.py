"""Sums of two sinusoids, the second twice as fast (Lacoste et al. 2018)."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from headstart.core.draws import normals, reseeded, uniforms
from headstart.tasks.curves import CurveFamily


@final
@dataclass(frozen=True, kw_only=True)
class Harmonics(CurveFamily):
    """Regression tasks y = a1 sin(w x + b1) + a2 sin(2 w x + b2) + noise (arXiv:1806.07528).

    Amplitudes a are from N(0, 1), phases b uniform in [0, 2 pi), and x from N(m, 1), one m for each task.

    Attributes:
        frequency: least and largest w.
        centre: least and largest m.
        noise: standard deviation of what is added to y, >= 0.
    """

    name: ClassVar[str] = "harmonics"

    frequency: tuple[float, float] = (5.0, 7.0)
    centre: tuple[float, float] = (-4.0, 4.0)
    noise: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_ends("frequency", "centre")
        self.check("noise", self.noise >= 0, ">= 0")

    def points(self, seed: Tensor, rows: int) -> tuple[Tensor, Tensor]:
        """Points x and y (tasks, rows) of the functions of seeds."""
        drawn = uniforms(reseeded(seed, 0), 4).float()
        frequency, centre = (
            least + (most - least) * drawn[:, place, None]
            for place, (least, most) in enumerate((self.frequency, self.centre))
        )
        phases = 2 * math.pi * drawn[:, 2:]
        amplitudes = normals(reseeded(seed, 1), 2)
        x = centre + normals(reseeded(seed, 2), rows)
        waves = torch.stack([(place + 1) * frequency * x + phases[:, [place]] for place in (0, 1)], 2).sin()
        y = (waves * amplitudes[:, None]).sum(2) + self.noise * normals(reseeded(seed, 3), rows)
        return x, y
