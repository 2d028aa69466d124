"""A trained learner: it learns tasks from their supports, is measured, saved and opened again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from headstart.core import BadData, BadInput, Labelled, Mismatch, Parts, Unknown
from headstart.core.atomic_file import write_atomically
from headstart.core.tensor_file import read_tensors, write_tensors
from headstart.face import spell
from headstart.learners.encoding import make_encoder
from headstart.learners.evaluation import COUNT, evaluate
from headstart.learners.given import reading, require_state, require_tasks, tensor_of
from headstart.learners.learner import Learner, Problem, State, walk_learners
from headstart.learners.scores import TaskScores
from headstart.tasks.family import TaskFamily

ABOUT, WEIGHTS = "learner.json", "learner.safetensors"
FORMAT = 1


@dataclass(frozen=True, eq=False)
class TrainedLearner:
    """A learner with what it learned from many tasks.

    Attributes:
        learner: its settings.
        problem: what its tasks are like.
        parts: its networks.
        encoder: name of the built-in encoder; "" for a network of the caller's.
        losses: of each step of meta-training.
    """

    learner: Learner
    problem: Problem
    parts: Parts
    encoder: str = ""
    losses: tuple[float, ...] = ()

    def adapt(self, x: Any, y: Any, state: State | None = None) -> State:
        """Learn t tasks from their supports.

        Args:
            x: rows (t, s, *shape), a tensor or array.
            y: classes, whole numbers (t, s), or numbers (t, s, outputs).
            state: what was learned from earlier rows of the same tasks, to go on from.

        Returns:
            What was learned, by name; the first axis of every tensor is the task.

        Raises:
            BadData: arrays of another shape or kind, or with NaN.
            BadInput: the state is of another learner.
        """
        with torch.no_grad():
            support = self._support(x, y)
            if state is not None:
                require_state(state)
                require_tasks(support.x, state)
            with reading(self.learner.name, state):
                return self.learner.adapt(self.parts, support, state)

    def predict(self, state: State, x: Any) -> Tensor:
        """Logits or numbers (t, q, outputs) of queries x (t, q, *shape).

        Raises:
            BadData: x has another shape, other tasks than the state, or NaN.
            BadInput: the state is of another learner.
        """
        x = self._queries(state, x)
        with torch.no_grad(), reading(self.learner.name, state):
            return self.learner.predict(self.parts, state, x)

    def spread(self, state: State, x: Any) -> Tensor:
        """Standard deviations (t, q, outputs) of the numbers of queries x (t, q, *shape).

        Raises:
            BadData: x has another shape.
            BadInput: the learner predicts none, or was trained without; the state is of another learner.
        """
        x = self._queries(state, x)
        with torch.no_grad(), reading(self.learner.name, state):
            return self.learner.spread(self.parts, state, x)

    def module(self, state: State, task: int = 0) -> nn.Module:
        """The network that one task became: a plain module (n, *shape) -> (n, outputs), to deploy.

        Args:
            state: of `adapt`.
            task: which of its tasks.

        Raises:
            BadInput: the state has no such task, or the learner makes no network of a task.
        """
        require_state(state)
        tasks = len(next(iter(state.values())))
        if not 0 <= task < tasks:
            raise BadInput(f"task is {task}, and the state has {tasks}: give a number from 0 to {tasks - 1}.")
        with reading(self.learner.name, state):
            return self.learner.module(self.parts, state, task)

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said about its meta-training, in sentences."""
        return self.learner.notes(self.parts)

    def changed(self, **settings: Any) -> "TrainedLearner":
        """The same weights with other settings, such as more inner steps.

        Raises:
            Unknown: the learner has no setting of that name.
            BadInput: a value is not allowed.
        """
        known = [each.name for each in fields(self.learner)]  # type: ignore[arg-type]
        for name in settings:
            if name not in known:
                raise Unknown(f"setting of {self.learner.name}", name, known)
        return replace(self, learner=replace(self.learner, **settings))  # type: ignore[type-var]

    def evaluate(self, tasks: TaskFamily, count: int = COUNT) -> TaskScores:
        """How well it learns new tasks: scores on the queries, with a 95 % interval over tasks.

        Tasks are drawn with a seed derived from that of the family, so that a family gives every learner the
        same ones, and none that it gave in training.

        Args:
            tasks: to draw from; of classes that were not trained on, if new classes are what is asked about.
            count: of tasks, >= 2.

        Returns:
            The accuracy or the mean squared error of each task, and their mean.

        Raises:
            BadInput: the tasks have another kind of answers, other inputs, or more classes than it knows.
        """
        return evaluate(self, tasks, count)

    def save(self, folder: str | Path) -> None:
        """Save it, as safetensors and JSON, for `hs.open_learner`.

        Raises:
            CannotWrite: no space or no permission.
        """
        folder = Path(folder)
        about = {
            "format": FORMAT,
            "learner": self.learner.name,
            "settings": self.learner.settings,
            "problem": asdict(self.problem),
            "encoder": self.encoder,
            "losses": list(self.losses),
        }
        write_tensors(folder / WEIGHTS, self.parts.state_dict(), {})
        write_atomically(folder / ABOUT, (json.dumps(about, indent=1) + "\n").encode())

    def _support(self, x: Any, y: Any) -> Labelled:
        x = self._inputs(x)
        y = tensor_of("y", y).to(x.device)
        wanted = x.shape[:2] if self.problem.kind == "classes" else (*x.shape[:2], self.problem.outputs)
        if not x.shape[1]:
            raise BadData("x has no rows to learn from; it takes at least one of each task.")
        if y.shape != wanted:
            raise BadData(f"y has the shape {tuple(y.shape)}; for this x it must be {tuple(wanted)}.")
        if self.problem.kind == "numbers":
            return Labelled(x, y.to(x.dtype))
        if y.is_floating_point() or (
            y.numel() and not 0 <= int(y.min()) <= int(y.max()) < self.problem.outputs
        ):
            raise BadData(f"y holds classes: whole numbers from 0 to {self.problem.outputs - 1}.")
        return Labelled(x, y.long())

    def _queries(self, state: State, x: Any) -> Tensor:
        inputs = self._inputs(x)
        require_state(state)
        require_tasks(inputs, state)
        return inputs

    def _inputs(self, x: Any) -> Tensor:
        x = tensor_of("x", x)
        if x.ndim != 2 + len(self.problem.shape) or x.shape[2:] != self.problem.shape:
            raise BadData(
                f"x has the shape {tuple(x.shape)}, and this learner takes (tasks, rows, "
                f"{', '.join(map(str, self.problem.shape))})."
            )
        like = next(self.parts.parameters(), torch.zeros(()))
        inputs: Tensor = x.to(like)
        return inputs


def open_learner(folder: str | Path, encoder: nn.Module | None = None) -> TrainedLearner:
    """Open a learner that `TrainedLearner.save` or `headstart episodes` wrote.

    Args:
        folder: that it was saved in.
        encoder: the network that was given to `meta_train`, if it was no built-in one; its weights are not
            read.

    Raises:
        BadInput: there is no learner in it, or the encoder is not given.
        Mismatch: its files are damaged, or the encoder is another one.
    """
    folder = Path(folder).expanduser()
    if not (folder / ABOUT).is_file():
        raise BadInput(f"There is no learner in {folder}. `TrainedLearner.save` writes one.")
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
        kinds = {kind.name: kind for kind in walk_learners()}
        learner = kinds[about["learner"]](**_tuples(about["settings"]))
        problem = Problem(**_tuples(about["problem"]))
        if not about["encoder"] and encoder is None:
            raise BadInput(
                f"The learner in {folder} has an encoder of your own: give {spell('encoder', ...)}."
            )
        parts = learner.parts(make_encoder(about["encoder"] or encoder, problem.shape), problem)
        parts.load_state_dict(read_tensors(folder / WEIGHTS)[0])
    except (KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError) as error:
        if isinstance(error, BadInput):
            raise
        raise Mismatch(f"{folder} holds no learner that can be opened: {error}.") from error
    losses = tuple(about["losses"])
    return TrainedLearner(learner, problem, parts.eval().requires_grad_(False), about["encoder"], losses)


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
