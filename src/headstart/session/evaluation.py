"""Evaluation during training: the outputs of the model after chosen steps."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from headstart.core import Method, Model, SampleLoader
from headstart.data.train_test_split import Rows
from headstart.run.frozen import Replay
from headstart.run.state import Run, Tick
from headstart.session.input_pipeline import InputSource, plain_input
from headstart.session.scoring import outputs_of
from headstart.session.session_data import SessionData
from headstart.session.units import Units


@dataclass(frozen=True)
class EvalState:
    """A model in the middle of its training.

    Attributes:
        model: what would be shipped; its tensors are those that go on learning.
        logits: outputs (n, outputs) for rows (n,) of the data that it is fitted in.
        target_logits: the same for rows of the unlabelled data.
    """

    model: Model
    logits: Callable[[Rows], Tensor]
    target_logits: Callable[[Rows], Tensor]


@dataclass(frozen=True)
class EvalHook:
    """Callback of the last stage: evaluate the model after chosen steps.

    Attributes:
        steps: after which the model is evaluated, each >= 1.
        evaluate: takes the step and the model.
    """

    steps: frozenset[int]
    evaluate: Callable[[int, EvalState], None]

    def run_at(self, ticks: Iterator[Tick], state: Callable[[], EvalState]) -> Iterator[Tick]:
        """The same ticks, with an evaluation after each of the steps."""
        for tick in ticks:
            if tick.step in self.steps:
                self.evaluate(tick.step, state())
            yield tick


def eval_state(
    session: SessionData,
    method: Method[Any],
    run: Run[Any],
    plain: tuple[InputSource, InputSource],
    rows: Rows,
) -> EvalState:
    """The model in the middle of its training, within which recorded outputs stand in for samples.

    `plain` is what `plain_inputs` gave before the training began.
    """
    units = Units.of(session.data.labels[rows])
    found = method.predictor(run.parts)
    assert isinstance(found, Model)
    model = (units.undone(found) if units else found).eval()

    def says(source: SampleLoader) -> Callable[[Rows], Tensor]:
        return lambda some: outputs_of(model, source, some, session.engine.device, 32)

    return EvalState(model, says(plain[0].source), says(plain[1].source))


def plain_inputs(
    session: SessionData, run: Run[Any], replay: Replay | None
) -> tuple[InputSource, InputSource]:
    """Plain views of a session's data and of the target's: recorded now, as nothing can be on the way."""
    target = None if session.target is None else session.target.session
    own = plain_input(session, run, replay)
    return own, own if target is None else plain_input(target, run, replay)


def ships_its_own(method: Method[Any], run: Run[Any], replay: Replay | None) -> bool:
    """Whether what is shipped is the part that takes recorded outputs, and not a copy of it."""
    if replay is None or not run.optimisers:
        return replay is not None
    model = method.predictor(run.parts)
    return isinstance(model, Model) and model.backbone is run.parts[replay.part]
