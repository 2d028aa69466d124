"""A model that adapts only where the stream differs from its training rows, and only while that goes well."""

import warnings
from collections.abc import Sequence

from torch import Tensor

from headstart.core import Model
from headstart.face import at_command_line, spell
from headstart.nn.source_statistics import FEWEST, SourceStatistics, too_many
from headstart.report.text import capitalise
from headstart.streaming.answer import Answer, require_finite
from headstart.streaming.guarded import Guarded
from headstart.streaming.inputs import count_outputs
from headstart.streaming.protection import PATIENCE, Rows, accepts, differs, forget
from headstart.streaming.source_view import SourceView, measure_source


def about_no_statistics(model: Model) -> str:
    """Why nothing adapts in a stream of a model without statistics, and what to do."""
    asked = at_command_line()
    off = spell("protect", option="no-protect") if asked else spell("protect", False)
    way = f"adapt whatever comes with {off}."
    what = "so rows of another kind can't be told from its own: the source model answers and nothing adapts."
    if too_many(outputs := count_outputs(model), width := model.backbone.width):
        why = f"Of {outputs:,} classes with {width:,} features no statistics of training rows are kept"
        return f"{why}, {what} {capitalise(way)}"
    rows = "" if asked else f"give {spell('source')}, at least {FEWEST} rows that it was trained on, or "
    anew = capitalise(f"{rows}train it anew, on {FEWEST} rows or more")
    return (
        f"This model comes without statistics of its training rows, {what} They are measured where a model "
        f"is trained on {FEWEST} rows or more, in this version. {anew}; or {way}"
    )


class ProtectionWarning(UserWarning):
    """A stream can't adapt, as it is not known what rows of the model's own kind look like."""


class Protected:
    """A guarded method that answers where adapting has a cause and goes well; else the source model does.

    Args:
        guarded: the method, its guards and the state of the stream.
        model: that was given, maybe with statistics of its training rows.
        source: batches of source samples; [] if there are none.

    Warns:
        ProtectionWarning: there are neither, so nothing adapts.
    """

    def __init__(self, guarded: Guarded, model: Model, source: Sequence[Tensor]) -> None:
        self.guarded = guarded
        saved = model.source_statistics
        found = measure_source(guarded.adapter, source) if saved is None else SourceStatistics(saved)
        self.view = None if found is None else SourceView(guarded.adapter, found)
        if found is None:
            warnings.warn(about_no_statistics(model), ProtectionWarning, stacklevel=4)

    def answer(self, x: Tensor) -> Answer:
        """Answer a batch, and adapt to it if it differs from training rows."""
        memory = self.guarded.state.protection
        if self.view is None:
            memory["unjudged"] += 1
            return self.guarded.source_answer(x)
        (seen, unusual), before = self.view.look(x), memory["shifted"]
        if differs(unusual, memory):
            return self._adapt(x, seen, self.view)
        if before:  # the shift is over
            self.guarded.adapter.restore_start()
            self._forget_judged()
        memory["usual"] += 1
        return Answer(require_finite(seen.outputs), adapted=False)

    def _adapt(self, x: Tensor, seen: Rows, view: SourceView) -> Answer:
        """Adapt; the source model answers where the adapted answers are worse, or an alarm is raised."""
        memory = self.guarded.state.protection
        view.follow_small(len(x))
        with view.features(len(x)) as features:
            answer = self.guarded.adapt(x)
        if features and all(event.guard == "schedule" for event in answer.events):
            adapted = Rows(answer.outputs, features[0])
            if accepts(seen, adapted, view.statistics, memory):
                memory.update(adapted=memory["adapted"] + 1, refused=0)
                return answer
        memory.update(doubted=memory["doubted"] + 1, refused=memory["refused"] + len(x))
        events = answer.events
        if memory["refused"] >= PATIENCE and not events:
            events = (self.guarded.event(x, "protection", memory["refused"], PATIENCE),)
            self.guarded.reset(list(events))
            self._forget_judged()
        return Answer(require_finite(seen.outputs), events, adapted=False)

    def _forget_judged(self) -> None:
        """What was judged so far is of a model that is no more."""
        fresh = forget()
        self.guarded.state.protection.update({name: fresh[name] for name in ("before", "after", "refused")})
