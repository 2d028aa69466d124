"""The contract every method keeps, and the register that finds them all."""

import ast
import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, Literal, Self

from torch import Tensor, nn

from .batches import B
from .errors import BadInput, Unknown
from .moves import Move, Parts
from .target import TARGETS, TargetKind


class Backbone(nn.Module):
    """A mapping worth transferring: x (n, ...) -> features (n, width).

    Attributes:
        width: features per sample.
        blocks: names of the sub-modules in the order they run, from the input to the features.
    """

    width: int
    blocks: tuple[str, ...] = ()

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) of x (n, ...)."""
        raise NotImplementedError

    def untrained(self, seed: int) -> Self:
        """The same architecture with random weights, a function of `seed`."""
        raise NotImplementedError


class Head(nn.Module):
    """What reads outputs off features: (n, width) -> (n, outputs).

    Outputs are logits of classes or of tags, or numbers. A head can be written down as data: its
    class's name, the settings and its tensors.
    """

    @property
    def settings(self) -> Mapping[str, Any]:
        """Keyword arguments that make a head of the same shape; JSON values only."""
        raise NotImplementedError

    def rescaled(self, mean: Tensor, deviation: Tensor) -> "Head":
        """A head that answers mean + deviation * what this one does, both (outputs,)."""
        raise NotImplementedError(f"{type(self).__name__} reads no numbers")


class Model(nn.Sequential):
    """A backbone and a head: what is shipped. x (n, ...) -> outputs (n, outputs)."""

    def __init__(self, backbone: Backbone, head: Head) -> None:
        super().__init__(backbone, head)

    @property
    def backbone(self) -> Backbone:
        """The mapping."""
        found: Any = self[0]
        return found  # type: ignore[no-any-return]

    @property
    def head(self) -> Head:
        """The reader."""
        found: Any = self[1]
        return found  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Task:
    """What is to be learned."""

    outputs: int  # classes, tags, or numbers a row
    shape: tuple[int, ...]  # of one input
    rows: int = 0  # labelled rows that a pass over the data gives
    seed: int = 0
    head: Head | None = None  # what a former stage has learned to read with
    kind: TargetKind = "classes"
    source: "Task | None" = None  # what is to be learned beside it, from other data
    groups: tuple[int, ...] = ()  # rows of each group, for methods that need groups


@dataclass(frozen=True)
class About:
    """What a method is, in the words of the field; the last fields are traits."""

    name: str
    transfers: Literal["mapping", "start", "targets", "guides", "nothing"]
    adapts: Literal["inputs", "mapping", "outputs"]
    needs: type[Any]  # the batch it eats
    paper: str  # arXiv:..., doi:...
    one_pass: bool = False  # sees every row once, in order, and then solves
    rowwise: bool = True  # its loss is a mean over rows, so that accumulation is exact
    batch_statistics: bool = False  # its predictor's answer for a sample depends on the batch
    noisy: bool = False  # its loss draws random numbers, others for a batch in parts than for all of it
    chooses: bool = False  # some of what it may change is left as it was, by a choice that the data make
    targets: tuple[TargetKind, ...] = TARGETS  # that it can learn
    spelled: str = ""  # the name as prose has it, where that is not the name with spaces

    @property
    def title(self) -> str:
        """The name as a heading has it."""
        return self.spelled or self.name.replace("-", " ").capitalize()


class Method(ABC, Generic[B]):
    """Hyper-parameters plus three pure questions. Subclasses are frozen dataclasses and final."""

    about: ClassVar[About]

    @abstractmethod
    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Everything with tensors that the run owns, freshly made; `backbone` is its own copy."""

    @abstractmethod
    def moves(self) -> tuple[Move[B], ...]:
        """What happens in one step."""

    @abstractmethod
    def predictor(self, parts: Parts) -> nn.Module:
        """What is shipped: x (n, ...) -> logits or features."""

    @property
    def changed(self) -> dict[str, Any]:
        """The settings that differ from their defaults."""
        mine = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, (value, default) in mine.items() if value != default}

    @property
    def label(self) -> str:
        """What `make` makes it of: the name, and the settings that are not the defaults."""
        pairs = ",".join(f"{name}={value}" for name, value in self.changed.items())
        return f"{self.about.name}:{pairs}" if pairs else self.about.name

    @property
    def title(self) -> str:
        """The name as a heading has it, with the settings that are not the defaults."""
        pairs = ", ".join(f"{name} = {value}" for name, value in self.changed.items())
        return f"{self.about.title} ({pairs})" if pairs else self.about.title

    def decides(self) -> Mapping[str, Any]:
        """What of the recipe the method decides itself, by name, such as {"steps": 50, "lr": 0.1}."""
        return {}

    def stages(self, kind: TargetKind = "classes") -> "tuple[Method[Any], ...]":
        """The runs that make it up for a kind of target; each starts from backbone and head of the last."""
        return (self,)


def walk(package: str = "headstart.methods") -> Iterator[type[Method[Any]]]:
    """Every final method under `package`, found by looking; no list to keep."""
    root = importlib.import_module(package)
    for info in pkgutil.walk_packages(root.__path__, package + "."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Method)
                and value.__module__ == info.name
                and getattr(value, "__final__", False)
            ):
                yield value


def find(name: str) -> type[Method[Any]]:
    """The method called `name`, such as "ridge-probe"; else `Unknown` with the nearest names."""
    known = {method.about.name: method for method in walk()}
    if name not in known:
        raise Unknown("method", name, known)
    return known[name]


def able(method: Method[Any], kind: TargetKind) -> None:
    """Refuse a method that can't learn a kind of target, and name those that can."""
    if kind not in method.about.targets:
        mine, can = method.about, [other.about for other in walk() if kind in other.about.targets]
        names = ", ".join(sorted(other.name for other in can if other.adapts == mine.adapts))
        raise BadInput(f"{mine.name} learns {' and '.join(mine.targets)}, not {kind}. These can: {names}.")


def make(spec: str) -> Method[Any]:
    """A method from text: its name, then settings after a colon, as in "fine-tune:last=2,norm=train".

    Raises:
        Unknown: no method, or no setting of it, goes by that name.
        BadInput: a setting has no value, or one that the method refuses.
    """
    name, _, pairs = spec.partition(":")
    kind = find(name)
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    given: dict[str, Any] = {}
    for pair in filter(None, pairs.split(",")):
        setting, equals, value = pair.partition("=")
        if setting not in known:
            raise Unknown(f"setting of {name}", setting, known)
        if not equals:
            raise BadInput(f"{spec}: {setting} has no value; write {setting}=VALUE.")
        given[setting] = _plain(value)
    try:
        return kind(**given)
    except TypeError as error:
        raise BadInput(f"{spec}: {error}.") from error


def _plain(text: str) -> Any:
    """A number, True, False or None where the text is one; else the text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
