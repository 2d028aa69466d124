"""A source task at hand: its data and session, and which stages of a method are carried out there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.core import Head, Method
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

    def transferable_head(self, head: Head, target: Dataset) -> Head | None:
        """The head that a stage on the source hands on to the target: its own if the labels are the same."""
        mine = self.session.data
        return head if (mine.label_kind, mine.classes) == (target.label_kind, target.classes) else None


def attach_source(
    session: "Session", data: Dataset, recipe: Recipe | None = None, folder: Path | None = None
) -> SourceTask:
    """The source task on `data` for a session that learns from other data, with the same backbone."""
    augment = data.modality.augment
    return SourceTask(replace(session, data=data, augment=augment, source=None), recipe, folder)
