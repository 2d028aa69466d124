"""The interface of generative models, and the register that finds them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, ClassVar

from torch import Tensor

from headstart.core import BadInput, Parts, SeededLabelled, Unknown
from headstart.core.moves import Move
from headstart.core.setting_types import types_first
from headstart.core.specs import build
from headstart.core.walking import final_classes

PACKAGE = "headstart.generators"


class GenerativeModel(ABC):
    """Hyper-parameters and pure functions of them. Subclasses are frozen dataclasses and final.

    It learns samples (n, *shape) of about unit scale. Its classes are whole numbers from 0.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]

    def __init_subclass__(cls, **more: Any) -> None:
        """Let the types of settings be checked before `__post_init__` compares their values."""
        super().__init_subclass__(**more)
        cls.__post_init__ = types_first(cls)  # type: ignore[attr-defined]

    @abstractmethod
    def parts(self, shape: tuple[int, ...], classes: int) -> Parts:
        """Build all modules for samples of a shape."""

    @abstractmethod
    def moves(self) -> tuple[Move[SeededLabelled], ...]:
        """The moves of one training step; all that is drawn for a row is a function of its seed."""

    @abstractmethod
    def draw(self, parts: Parts, shape: tuple[int, ...], y: Tensor, seed: Tensor) -> Tensor:
        """Samples (n, *shape) of classes y (n,), each a function of its seed (n,)."""

    @abstractmethod
    def fill(self, parts: Parts, x: Tensor, known: Tensor, y: Tensor, seed: Tensor) -> Tensor:
        """Samples (n, *shape) that agree with x (n, *shape) where `known` (n, *shape) is true."""

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by name, as JSON values."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    def check(self, setting: str, fine: bool, allowed: str) -> None:
        """Raise `BadInput` with the setting, its value and what is allowed, unless `fine`."""
        if not fine:
            raise BadInput(f"{self.name}: {setting} is {getattr(self, setting)!r}; it must be {allowed}.")


def walk_generators() -> Iterator[type[GenerativeModel]]:
    """Every final class of generative models; there is no list to maintain."""
    return final_classes(PACKAGE, GenerativeModel)


def make_generator(spec: str) -> GenerativeModel:
    """Parse a spec, as in "flow:guidance=2,steps=30".

    Raises:
        Unknown: no generative model, or no setting of it, has that name.
        BadInput: a setting has no value, or an invalid one.
    """
    name, known = spec.partition(":")[0], {kind.name: kind for kind in walk_generators()}
    if name not in known:
        raise Unknown("generative model", name, known)
    return build(known[name], spec)
