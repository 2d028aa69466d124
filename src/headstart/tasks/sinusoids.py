"""Sinusoids of random amplitude and phase (Finn, Abbeel and Levine 2017)."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor

from headstart.core.draws import normals, reseeded, uniforms
from headstart.tasks.curves import CurveFamily


@final
@dataclass(frozen=True, kw_only=True)
class Sinusoids(CurveFamily):
    """Regression tasks y = amplitude * sin(x - phase) + noise, x uniform (arXiv:1703.03400).

    Attributes:
        amplitude: least and largest.
        phase: least and largest, in radians.
        range: least and largest x.
        noise: standard deviation of what is added to y, >= 0.
    """

    name: ClassVar[str] = "sinusoids"

    amplitude: tuple[float, float] = (0.1, 5.0)
    phase: tuple[float, float] = (0.0, math.pi)
    range: tuple[float, float] = (-5.0, 5.0)
    noise: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_ends("amplitude", "phase", "range")
        self.check("noise", self.noise >= 0, ">= 0")

    def points(self, seed: Tensor, rows: int) -> tuple[Tensor, Tensor]:
        """Points x and y (tasks, rows) of the functions of seeds."""
        drawn = uniforms(reseeded(seed, 0), 2 + rows).float()
        amplitude, phase = (
            least + (most - least) * drawn[:, place, None]
            for place, (least, most) in enumerate((self.amplitude, self.phase))
        )
        x = self.range[0] + (self.range[1] - self.range[0]) * drawn[:, 2:]
        y = amplitude * (x - phase).sin() + self.noise * normals(reseeded(seed, 1), rows)
        return x, y
