"""The interface of learners, and the register that finds them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from headstart.core import (
    BadData,
    BadInput,
    Batch,
    Ctx,
    Descend,
    Episodes,
    Labelled,
    Loss,
    Move,
    On,
    Parts,
    Unknown,
)
from headstart.core.label_kind import LabelKind
from headstart.core.setting_types import types_first
from headstart.core.specs import build, changed_settings, spec_of
from headstart.core.walking import final_classes
from headstart.learners.encoding import Encoder
from headstart.losses.label import label_loss
from headstart.run.recipe import Recipe

PACKAGE = "headstart.learners"

State = Mapping[str, Tensor]
"""What a learner made of supports, by name; the first axis of every tensor is the task."""


@dataclass(frozen=True)
class Problem:
    """What the tasks are like that a learner is built for."""

    shape: tuple[int, ...]  # of one input
    outputs: int  # the largest number of classes of a task, or the numbers in an answer
    kind: LabelKind = "classes"
    pooled_outputs: int = 0  # classes of all tasks together, or numbers; 0: they are no single problem


class Learner(ABC):
    """Hyper-parameters and pure functions of them. Subclasses are frozen dataclasses and final.

    Inputs are batches of t tasks: a support with x (t, s, *shape) and y, int64 (t, s) or float32
    (t, s, outputs), and queries x (t, q, *shape). A task may have fewer classes than `Problem.outputs`: then
    the logits of those that it has not mean nothing. `TrainedLearner` calls `adapt` and `predict` without
    gradients; a learner that descends in `adapt` enables them there.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]  # arXiv:..., doi:..., or an https address
    kinds: ClassVar[tuple[LabelKind, ...]] = ("classes", "numbers")  # of answers that it can give
    learned: ClassVar[tuple[str, ...]] = ("network",)  # the parts that learn; (): nothing is learned before
    pooled: ClassVar[bool] = False  # whether it learns the rows of all tasks as one problem, not episodes
    ordered: ClassVar[bool] = False  # whether the order of the support's rows matters

    def __init_subclass__(cls, **more: Any) -> None:
        """Let the types of settings be checked before `__post_init__` compares their values."""
        super().__init_subclass__(**more)
        cls.__post_init__ = types_first(cls)  # type: ignore[attr-defined]

    @abstractmethod
    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """Build all modules for a problem; the encoder is already a copy of its own."""

    @abstractmethod
    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """What is learned from supports; goes on from a state that earlier rows of these tasks gave."""

    @abstractmethod
    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """Logits or numbers (t, q, outputs) of queries x (t, q, *shape)."""

    def spread(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """Standard deviations (t, q, outputs) of the numbers that `predict` gives, of learners that know.

        Raises:
            BadInput: it does not.
        """
        raise BadInput(f"{self.name} predicts no spreads; neural-process:gaussian=True does.")

    def moves(self) -> tuple[Move[Any], ...]:
        """The moves of one step of meta-training."""
        return (Descend(self.loss, on=tuple(map(On, self.learned))),) if self.learned else ()

    def loss(self, parts: Parts, batch: Batch, ctx: Ctx) -> Loss:
        """The loss of a batch: by default that of the queries, after learning from the support."""
        assert isinstance(batch, Episodes)
        state = self.adapt(parts, batch.support)
        return Loss.sum(query=query_loss(self.predict(parts, state, batch.query.x), batch.query.y))

    def module(self, parts: Parts, state: State, task: int) -> nn.Module:
        """The network (n, *shape) -> (n, outputs) that one task of a state became, on its own.

        Raises:
            BadInput: what is learned of a task are no weights of a network.
        """
        raise BadInput(
            f"{self.name}: what it learns of a task are no weights of a network; keep the state to predict."
        )

    def notes(self, parts: Parts) -> tuple[str, ...]:
        """What has to be said about its meta-training, in sentences."""
        return ()

    def recipe(self) -> Recipe:
        """How it is meta-trained, where nothing else is asked for."""
        return Recipe(steps=1000, lr=1e-3, weight_decay=0.0, schedule="cosine")

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by name, as JSON values."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @property
    def label(self) -> str:
        """The spec that `make_learner` parses: the name and the settings that are not the default."""
        return spec_of(self.name, changed_settings(self))

    def check(self, setting: str, fine: bool, allowed: str) -> None:
        """Raise `BadInput` with the setting, its value and what is allowed, unless `fine`."""
        if not fine:
            raise BadInput(f"{self.name}: {setting} is {getattr(self, setting)!r}; it must be {allowed}.")


def query_loss(outputs: Tensor, y: Tensor) -> Tensor:
    """The mean supervised loss () of outputs (t, q, outputs) over the queries of all tasks.

    Args:
        outputs: logits or numbers.
        y: int64 (t, q) or floats (t, q, outputs).

    Raises:
        BadData: a query is of a class that the learner gives no probability.
    """
    require_possible(outputs, y)
    return label_loss(outputs.flatten(0, 1), y.flatten(0, 1))


def require_possible(outputs: Tensor, y: Tensor) -> None:
    """Raise `BadData` if a learner gives no probability to the class of a query.

    Args:
        outputs: logits (t, q, classes), or numbers.
        y: classes, int64 (t, q), or numbers.
    """
    if y.is_floating_point():
        return
    _refuse(outputs.gather(-1, y[..., None])[..., 0].isneginf(), y)


def require_shown(episodes: Episodes) -> None:
    """Raise `BadData` if the support of a task has no row of the class of a query."""
    support, query = episodes.support.y, episodes.query.y
    if not query.is_floating_point():
        _refuse(~(query[:, :, None] == support[:, None]).any(2), query)


def _refuse(never: Tensor, y: Tensor) -> None:
    """Raise `BadData` for the first query (tasks, queries) that can't be answered, if there is one."""
    if bool(never.any()):
        task, query = (int(one[0]) for one in never.nonzero(as_tuple=True))
        raise BadData(
            f"Query {query} of task {task} is of class {int(y[task, query])}, of which the support of this "
            "task has no row. Draw queries of the support's classes."
        )


def walk_learners() -> Iterator[type[Learner]]:
    """Every final class of learners; there is no list to maintain."""
    return final_classes(PACKAGE, Learner)


def make_learner(spec: str) -> Learner:
    """Parse a spec, as in "protonet" or "maml:steps=5,order=1".

    Raises:
        Unknown: no learner, or no setting of it, has that name.
        BadInput: a setting has no value, or an invalid one.
    """
    name, known = spec.partition(":")[0], {kind.name: kind for kind in walk_learners()}
    if name not in known:
        raise Unknown("learner", name, known)
    return build(known[name], spec)
