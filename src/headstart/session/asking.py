"""What a teacher gives for rows of data: computed once and recorded, or anew for new views."""

import copy
import shutil
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadInput, Model, SampleLoader, TeacherView
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.distilled import Said
from headstart.data.samples import Rows
from headstart.run.cache import Cache, key_of
from headstart.run.engine import Engine
from headstart.session.estimators import estimated
from headstart.session.inputs import loader_of

ROWS = 32  # that a teacher is asked about at a time


class Asked(Protocol):
    """The data that a teacher is asked about, a session's."""

    data: Dataset
    augment: Augment | None
    engine: Engine
    cache: Path | None

    def show(self, share: float, /) -> None:
        """Is told which share of a record is done."""


@dataclass(frozen=True)
class Member:
    """One teacher, of a session's data.

    Attributes:
        given: a model, a fitted estimator, or outputs (rows, k) of all rows of the data.
        places: (outputs,) where the outputs of the student are among its own; -1: it does not know them.
        width: how many outputs of its own it has.
    """

    given: "Model | Any | Tensor"
    places: tuple[int, ...]
    width: int

    def ordered(self, outputs: Tensor) -> Tensor:
        """Its outputs (n, width) in the student's order, (n, outputs); -inf of what it does not know."""
        known = torch.tensor([place >= 0 for place in self.places])
        found = outputs[:, torch.tensor(self.places).clamp_min(0)]
        return found if bool(known.all()) else found.masked_fill(~known, -torch.inf)


@dataclass
class Teacher:
    """One teacher or several of them, of the students of one session.

    Attributes:
        members: the teachers.
        names: of the outputs, in the order of the student's.
        unlabelled: on rows without labels that students learn from, too; None: there are none.
        notes: sentences for the record.
    """

    members: tuple[Member, ...]
    names: tuple[str, ...]
    unlabelled: Asked | None = None
    notes: list[str] = field(default_factory=list)
    _kept: dict[Any, SampleLoader] = field(default_factory=dict)
    _temporary: Path | None = None

    def blocks(self) -> int | None:
        """How many blocks its only network has; None if it is no network, or several teachers."""
        model = self.members[0].given
        return len(model.backbone.blocks) if len(self.members) == 1 and isinstance(model, Model) else None

    def shapes(self, session: Asked, view: TeacherView) -> tuple[tuple[int, int], ...]:
        """Places and width of each of the things that a view shows of the teacher."""
        model = self._network(view)
        source = _loader(session, model, None)
        with torch.inference_mode():
            _, seen = model.backbone.with_blocks(_plain(source, 1).to(model.device), view)
        return tuple((each.shape[1], each.shape[2]) for each in seen)

    def ask(
        self, session: Asked, view: TeacherView | None, rows: Rows, shown: Rows, views: int | None
    ) -> Said:
        """What the teacher says of rows (n,) of a session's data in the views `shown` (n,).

        Args:
            session: of the student, or `unlabelled`.
            view: what is seen inside the teacher; None: nothing.
            rows: (n,) of the data.
            shown: (n,), -1 is the plain view.
            views: how many views of each row there are: what is asked is recorded; None: too many to record.
        """
        if view is not None:
            self._network(view)
        said = [
            self._source(session, place, view, views).fetch(rows, shown) for place in range(len(self.members))
        ]
        logits = [
            member.ordered(each[:, : member.width]) for member, each in zip(self.members, said, strict=True)
        ]
        features = None if view is None else said[0][:, self.members[0].width :].contiguous()
        return Said(logits[0].contiguous() if len(logits) == 1 else torch.stack(logits, 1), features)

    def _network(self, view: TeacherView) -> Model:
        model = self.members[0].given
        if len(self.members) > 1 or not isinstance(model, Model):
            what = "several teachers" if len(self.members) > 1 else f"a {type(model).__name__}"
            raise BadInput(
                f"The student is to learn from the inside of its teacher, and {what} can't show it. Give one "
                "network, such as a predictor, or take the method distillation."
            )
        return model

    def _source(
        self, session: Asked, place: int, view: TeacherView | None, views: int | None
    ) -> SampleLoader:
        """Outputs of the teacher at a place, and what is seen inside, (n, k), recorded if they can be."""
        given = self.members[place].given
        key = (id(session.data), place, *((view, views) if isinstance(given, Model) else ()))
        if key not in self._kept:
            if isinstance(given, Model):
                self._kept[key] = self._of_network(session, given, view, views)
            elif isinstance(given, Tensor):
                self._kept[key] = Fixed(rows_match(given, session.data))
            else:
                self._kept[key] = Fixed(estimated(given, session.data))
        return self._kept[key]

    def _of_network(
        self, session: Asked, model: Model, view: TeacherView | None, views: int | None
    ) -> SampleLoader:
        device = session.engine.device
        model = copy.deepcopy(model).to(device).eval()
        source = _loader(session, model, None if views == 0 else session.augment)

        def compute(x: Tensor) -> Tensor:
            with torch.inference_mode():
                return torch.cat([_seen(model, some.to(device), view).cpu() for some in torch.split(x, ROWS)])

        if views is None:
            return Live(source, compute)
        readout = repr(getattr(model.backbone, "readout", None))
        key = key_of(model.state_dict(), repr(view), repr(model), readout, source.content)
        cache = Cache(self._folder(session), source, compute, key, len(session.data), views)
        done = 0
        for done in cache.fill():
            session.show(done / (len(session.data) * max(views, 1)))
        return cache

    def _folder(self, session: Asked) -> Path:
        """Where records go: to the session's cache, or to a folder that ends with this teacher."""
        if session.cache is not None:
            return session.cache
        if self._temporary is None:
            self._temporary = Path(mkdtemp(prefix="headstart-teacher-"))
            weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        return self._temporary


@dataclass(frozen=True)
class Live:
    """Computes what a teacher says whenever it is asked."""

    source: SampleLoader
    compute: Any

    @property
    def content(self) -> str:
        """That of the samples."""
        return self.source.content

    def fetch(self, rows: Rows, views: Rows) -> Tensor:
        """(n, k) of rows (n,) in views (n,)."""
        found: Tensor = self.compute(self.source.fetch(rows, views))
        return found


@dataclass(frozen=True)
class Fixed:
    """What a teacher says of each row, whatever its view."""

    said: Tensor  # (rows, k)
    content: str = ""

    def fetch(self, rows: Rows, views: Rows) -> Tensor:
        """(n, k) of rows (n,)."""
        return self.said[torch.from_numpy(rows)]


def rows_match(outputs: Tensor, data: Dataset) -> Tensor:
    """The outputs (rows, k), if there is one for each row of the data.

    Raises:
        BadInput: there is not.
    """
    if len(outputs) != len(data):
        raise BadInput(
            f"The teacher's outputs are of {len(outputs)} rows, and {data.name} has {len(data)}: give a row "
            "for each. Of unlabelled rows they are not known: give a model."
        )
    return outputs


def _loader(session: Asked, model: Model, augment: Any) -> SampleLoader:
    """The samples of a session as a teacher takes them, in the views of the student."""
    return loader_of(session.data, model.backbone, augment)  # type: ignore[arg-type]


def _plain(source: SampleLoader, rows: int) -> Tensor:
    return source.fetch(np.arange(rows), np.full(rows, -1))


def _seen(model: Model, x: Tensor, view: TeacherView | None) -> Tensor:
    """Outputs, and behind them what is seen inside, (n, k) float32."""
    if view is None:
        outputs: Tensor = model(x)
        return outputs.float()
    features, seen = model.backbone.with_blocks(x, view)
    return torch.cat([model.head(features).float(), *(each.float().flatten(1) for each in seen)], 1)
