"""A source task at hand: its data and session, and which stages of a method are carried out there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.core import BadInput, Head, LabelKind, Method, SourceLabelled, TwoTasks, walk
from headstart.data.dataset import Dataset
from headstart.data.train_test_split import Rows
from headstart.run.recipe import Recipe
from headstart.run.step_cache import file_name

if TYPE_CHECKING:
    from headstart.session.session import Session


@dataclass(frozen=True)
class SourceTask:
    """Labelled data of another task, beside those of the target.

    Attributes:
        session: on the source's data, with the target's backbone.
        recipe: of what is learned on the source alone; None takes that of each fit.
        folder: where the states of what is learned on the source alone are kept, so that all fits of a
            study begin with the same one. Needs a `recipe`, since it must be the same for all.
    """

    session: "Session"
    recipe: Recipe | None = None
    folder: Path | None = None

    @property
    def rows(self) -> Rows:
        """All of them."""
        return np.arange(len(self.session.data))

    def checkpoint(self, stages: Sequence[Method[Any]], number: int, given: Path | None) -> Path | None:
        """The file for the state of a stage on the source; beside the `given` one if there is no folder."""
        if self.folder is not None and self.recipe is not None:
            labels = " then ".join(stage.label for stage in stages[: number + 1])
            return self.folder / f"{file_name(f'source {labels}')}.checkpoint"
        return None if given is None else given.with_name(f"{given.stem}.stage-{number + 1}{given.suffix}")

    def carried(self, head: Head, target: Dataset) -> Head | None:
        """The head that a stage on the source hands on to the target: its own if the labels are the same."""
        mine = self.session.data
        return head if (mine.label_kind, mine.classes) == (target.label_kind, target.classes) else None


def beside(
    session: "Session", data: Dataset, recipe: Recipe | None = None, folder: Path | None = None
) -> SourceTask:
    """The source task on `data` for a session that learns from other data, with the same backbone."""
    augment = data.modality.augment
    return SourceTask(replace(session, data=data, augment=augment, source=None), recipe, folder)


def on_source(stage: Method[Any]) -> bool:
    """Whether a stage learns on the source alone."""
    return stage.about.needs is SourceLabelled


def needs_source(method: Method[Any], kind: LabelKind = "classes") -> bool:
    """Whether a method learns from a source task, in any of its stages."""
    return any(stage.about.needs in (SourceLabelled, TwoTasks) for stage in method.stages(kind))


def refuse_unused(methods: Sequence[Method[Any]]) -> None:
    """Refuse methods, if there are any, of which none learns from the source that was given.

    Raises:
        BadInput: it names those that do.
    """
    if methods and not any(map(needs_source, methods)):
        named = ", ".join(sorted(kind.about.name for kind in walk() if needs_source(kind())))
        raise BadInput(f"There is a source, but no method learns from it. These do: {named}.")


def refuse_sourced(methods: Iterable[Method[Any]], where: str) -> None:
    """Refuse methods that learn from a source task where there can be none, such as in a curve.

    Raises:
        BadInput: it names the first of them and what takes a source.
    """
    for method in methods:
        if needs_source(method):
            raise BadInput(
                f"{method.label} learns from a source task too, and {where} has none. Give it one with "
                f"source= in hs.adapt or hs.fit, or with --source on the command line of adapt."
            )
