"""Flow matching: learn the velocity of straight paths from noise to data, and follow it."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal, final

import torch
from torch import Tensor, nn

from headstart.core import Ctx, Descend, Loss, On, Parts, SeededLabelled
from headstart.core.draws import normals, reseeded, uniforms
from headstart.generators.generative_model import GenerativeModel
from headstart.losses.generative import flow_matching, on_path
from headstart.nn.generative.maps import UNet
from headstart.nn.generative.vectors import ResidualRows
from headstart.solvers.flow import SAMPLERS

DEPTH = 3  # layers for rows of numbers


@final
@dataclass(frozen=True, kw_only=True)
class Flow(GenerativeModel):
    """Conditional flow matching with straight paths, and classifier-free guidance (arXiv:2207.12598).

    A U-Net for pictures, residual layers for rows of numbers.

    Attributes:
        guidance: of the classes, >= 0: v = v_none + guidance * (v_class - v_none); 1: the class alone.
        steps: of the sampler, >= 1.
        sampler: "heun", with two evaluations a step, or "euler", with one.
        unlabelled: share of the rows whose class is hidden while it learns, in [0, 1).
        width: channels of the largest maps; rows of numbers have four times as many units. A multiple of 8.
    """

    name: ClassVar[str] = "flow"
    title: ClassVar[str] = "Flow matching"
    paper: ClassVar[str] = "arXiv:2210.02747"

    guidance: float = 1.0
    steps: int = 10
    sampler: Literal["heun", "euler"] = "heun"
    unlabelled: float = 0.1
    width: int = 32

    def __post_init__(self) -> None:
        self.check("guidance", self.guidance >= 0, ">= 0")
        self.check("steps", self.steps >= 1, "a whole number >= 1")
        self.check("sampler", self.sampler in SAMPLERS, "heun or euler")
        self.check("unlabelled", 0 <= self.unlabelled < 1, "in [0, 1)")
        self.check("width", self.width >= 8 and self.width % 8 == 0, "a multiple of 8")
        fine = self.guidance == 1 or self.unlabelled > 0
        self.check(
            "guidance",
            fine,
            "1 where no class is hidden while it learns, as no velocity without one is known",
        )

    def parts(self, shape: tuple[int, ...], classes: int) -> Parts:
        """The network of the velocity."""
        if len(shape) == 3:
            return Parts({"velocity": UNet((shape[0], shape[1], shape[2]), classes, self.width)})
        wide = 4 * self.width
        return Parts({"velocity": ResidualRows(shape[0], shape[0], classes, wide, DEPTH)})

    def moves(self) -> tuple[Descend[SeededLabelled]]:
        """One descent on the network."""
        return (Descend(self.loss, on=(On("velocity"),)),)

    def loss(self, parts: Parts, batch: SeededLabelled, ctx: Ctx) -> Loss:
        """Squared error of the velocity at a random time of each row's path, some classes hidden."""
        assert batch.seed is not None
        velocity, x, seed = parts["velocity"], batch.x, batch.seed
        noise = normals(reseeded(seed, 0), x[0].numel()).view_as(x).to(x.dtype)
        time, hidden = (uniforms(reseeded(seed, number), 1)[:, 0] for number in (1, 2))
        y = torch.where(hidden < self.unlabelled, _classes(velocity), batch.y)
        points, way = on_path(noise, x, time)
        return Loss.sum(flow=flow_matching(velocity(points, time.float(), y), way))

    def draw(self, parts: Parts, shape: tuple[int, ...], y: Tensor, seed: Tensor) -> Tensor:
        """Follow the velocity from noise, in a fixed number of steps."""
        noise = normals(seed, torch.Size(shape).numel()).view(len(y), *shape)
        return SAMPLERS[self.sampler](partial(self._guided, parts["velocity"], y), noise, self.steps, None)

    def fill(self, parts: Parts, x: Tensor, known: Tensor, y: Tensor, seed: Tensor) -> Tensor:
        """The same, where known numbers stay on the straight paths to what they are."""
        noise = normals(seed, x[0].numel()).view_as(x)

        def kept(now: Tensor, time: float) -> Tensor:
            return torch.where(known, (1 - time) * noise + time * x, now)

        return SAMPLERS[self.sampler](partial(self._guided, parts["velocity"], y), noise, self.steps, kept)

    def _guided(self, velocity: nn.Module, y: Tensor, x: Tensor, time: float) -> Tensor:
        times = torch.full((len(x),), time, device=x.device)
        told: Tensor = velocity(x, times, y)
        if self.guidance == 1:
            return told
        none: Tensor = velocity(x, times, torch.full_like(y, _classes(velocity)))
        return none + self.guidance * (told - none)


def _classes(velocity: nn.Module) -> int:
    """The number that stands for no class."""
    known: int = velocity.get_submodule("conditions").classes  # type: ignore[assignment]
    return known
