"""Unpaired translation: two translators, two critics, two pools."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from headstart.core import (
    Backbone,
    BadInput,
    Ctx,
    Descend,
    Do,
    Domains,
    Head,
    LabelKind,
    Loss,
    Method,
    Model,
    On,
    Parts,
    Task,
    make,
)
from headstart.core.linear_head import LinearHead
from headstart.losses.translation import ADVERSARIAL, critic_loss, cycle_loss
from headstart.nn.front import in_front, normalised
from headstart.nn.image_pool import ImagePool
from headstart.nn.patches import sample_critic
from headstart.nn.translation import Translation, units_of
from headstart.nn.translators import Ending, is_picture, translator

Made = tuple[Tensor, Tensor, Tensor, Tensor]  # source, target, source as target, target as source


@dataclass(frozen=True, kw_only=True)
class UnpairedTranslation(Method[Domains]):
    """Learns to translate between two domains without pairs; backbone and head stay as they are.

    Attributes:
        cycle: weight of the cycle loss, in the units of the translators, >= 0.
        identity: what a sample of the domain that is translated into may be changed, as a weight relative to
            `cycle`, >= 0. It keeps colours, and keeps translators from large changes such as an inversion.
        pool: made samples of former steps that each critic is shown again, >= 0.
        width: channels of the translators' and critics' layers, >= 1.
        blocks: residual blocks, or hidden layers, of the translators, >= 1.
        kernel: side of the translators' convolutions, 1 or 3; with 1 each pixel is translated by itself, so
            that nothing can change its shape.
        start: "random" can find large changes; "identity" starts with samples as they are, and may stay
            there if the domains differ much.
        critic_lr: factor on the learning rate for the critics, > 0.
        adversary: "least-squares" (LSGAN), or "log", the log loss of the first GANs (arXiv:1406.2661).
        first: the method that trains backbone and head on the source before, settings after a colon; ""
            takes them as they are.
    """

    cycle: float = 10.0
    identity: float = 0.0
    pool: int = 50
    width: int = 16
    blocks: int = 2
    kernel: int = 3
    start: Literal["random", "identity"] = "random"
    critic_lr: float = 1.0
    adversary: Literal["least-squares", "log"] = "least-squares"
    first: str = "fine-tune"

    def __post_init__(self) -> None:
        for name, fine, allowed in (
            ("cycle", 0 <= self.cycle < float("inf"), ">= 0"),
            ("identity", 0 <= self.identity < float("inf"), ">= 0"),
            ("pool", self.pool >= 0, ">= 0"),
            ("width", self.width >= 1, ">= 1"),
            ("blocks", self.blocks >= 1, ">= 1"),
            ("kernel", self.kernel in (1, 3), "1 or 3"),
            ("start", self.start in ("random", "identity"), "'random' or 'identity'"),
            ("critic_lr", 0 < self.critic_lr < float("inf"), "> 0"),
            ("adversary", self.adversary in ADVERSARIAL, "'least-squares' or 'log'"),
        ):
            self.check(name, fine, allowed)
        if self.first:
            make(self.first)

    def stages(self, kind: LabelKind = "classes") -> tuple[Method[Any], ...]:
        """The training on the source, then the translation."""
        return (*make(self.first).stages(kind), self) if self.first else (self,)

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and the head of a former stage, frozen, and all that translates."""
        units = units_of(backbone, task.shape)
        ending: Ending = "add"
        if self.start == "random":
            ending = "tanh" if bool(units.known) else "plain"
        there, back = (translator(task.shape, self.width, self.blocks, ending, self.kernel) for _ in range(2))
        critics = {name: sample_critic(task.shape, self.width) for name in ("source", "target")}
        seeds = torch.randint(2**31, (2,)).tolist()  # of the run, whose seed torch's generator has here
        pools = {
            name: ImagePool(self.pool, task.shape, seed)
            for name, seed in zip(("source", "target"), seeds, strict=True)
        }
        return Parts(
            {
                "backbone": backbone,
                "head": task.head or LinearHead(backbone.width, task.outputs),
                "units": units,
                "to_target": there,
                "to_source": back,
                "critics": nn.ModuleDict(critics),
                "pools": nn.ModuleDict(pools),
            }
        )

    def moves(self) -> tuple[Any, ...]:
        """What is made goes through the pools; then translators and critics descend in turn."""
        translators = (On("to_target"), On("to_source"))
        return (
            Do(self.learn_units, changes=("units",)),
            Do(self.update_pools, changes=("pools",)),
            Descend(self.loss, on=translators, name="translators"),
            Descend(self.critics, on=(On("critics", lr=self.critic_lr),), name="critics"),
        )

    def learn_units(self, parts: Parts, batch: Domains, ctx: Ctx) -> None:
        """Learn the standardisation of samples from the first batch."""
        if ctx.step == 0:
            both = [ctx.gather(self.given(parts, x)) for x in (batch.source.x, batch.target)]
            if both[0].shape[1:] != both[1].shape[1:]:
                shapes = " and ".join(str(tuple(x.shape[1:])) for x in both)
                raise BadInput(f"Samples of the two domains have shapes {shapes}; bring them into one.")
            _units(parts).learn(torch.cat(both))

    def update_pools(self, parts: Parts, batch: Domains, ctx: Ctx) -> None:
        """What the translators make now, exchanged with what they made before."""
        _, _, as_target, as_source = self.made(parts, batch)
        for name, made in (("target", as_target), ("source", as_source)):
            pool: Any = parts["pools"][name]  # type: ignore[index]
            pool.latest = pool.exchange(ctx.gather(made))

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """What the translators descend."""
        made = self.made(parts, batch)
        source, target, as_target, as_source = made
        critics: Any = parts["critics"]
        there, back = parts["to_target"], parts["to_source"]
        weight, fooled = batch.source.weight, ADVERSARIAL[self.adversary]
        round_trips = cycle_loss(source, back(as_target), weight) + cycle_loss(target, there(as_source))
        terms = {
            "fool_target": fooled(critics["target"](as_target), True, weight),
            "fool_source": fooled(critics["source"](as_source), True, None),
            "cycle": self.cycle * round_trips,
        }
        if self.identity:
            stays = cycle_loss(target, there(target)) + cycle_loss(source, back(source), weight)
            terms["identity"] = self.cycle * self.identity * stays
        return Loss.sum(**terms, **self.extra_terms(parts, batch, made))

    @abstractmethod
    def extra_terms(self, parts: Parts, batch: Domains, made: Made) -> Mapping[str, Tensor]:
        """Terms of the loss, each (), besides those of the critics, the cycle and the identity."""

    def critics(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """What the critics descend: real samples against those of the pools."""
        units, judges, pools = _units(parts), *(_by_name(parts, name) for name in ("critics", "pools"))
        real = {"source": (batch.source.x, batch.source.weight), "target": (batch.target, None)}
        terms = {
            name: critic_loss(
                judges[name](units.into(self.given(parts, x))),
                judges[name](pools[name].latest),
                weight,
                ADVERSARIAL[self.adversary],
            )
            for name, (x, weight) in real.items()
        }
        return Loss.sum(**terms)

    def made(self, parts: Parts, batch: Domains) -> Made:
        """Both domains in the units of the translators, and what these make of them."""
        source, target = (_units(parts).into(self.given(parts, x)) for x in (batch.source.x, batch.target))
        return source, target, parts["to_target"](source), parts["to_source"](target)

    def given(self, parts: Parts, x: Tensor) -> Tensor:
        """Samples as the backbone computes with them."""
        return normalised(parts["backbone"], x)

    def translation(self, parts: Parts, name: Literal["to_source", "to_target"]) -> Translation:
        """One direction by itself, in the units of the backbone's inputs."""
        pools = _by_name(parts, "pools")
        shape = tuple(pools["source"].kept.shape[1:])
        known = getattr(parts["backbone"], "preprocess", None) is not None and is_picture(shape)
        return Translation.of(parts[name], _units(parts), shape, known)

    def predictor(self, parts: Parts) -> Model:
        """F = f o G: target samples are made to look like the source, then the model answers."""
        backbone, head = parts["backbone"], parts["head"]
        assert isinstance(backbone, Backbone)
        assert isinstance(head, Head)
        return Model(in_front(backbone, self.translation(parts, "to_source")), head)


def _units(parts: Parts) -> Any:
    return parts["units"]


def _by_name(parts: Parts, name: str) -> Any:
    return parts[name]
