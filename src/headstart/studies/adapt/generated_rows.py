"""Generated rows that join the training part of a run, and no other."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput, Method
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.naming import some
from headstart.data.overlap import rows_without_copies
from headstart.data.pooled import pool
from headstart.data.similarity import require_same_kind
from headstart.face import spell
from headstart.generators.generator import BEGUN, Generator, open_generator
from headstart.generators.spaces.pictures import to_folder_name
from headstart.run.recipe import Recipe
from headstart.session.fitted import FitOptions, Fitted
from headstart.session.session import Session
from headstart.studies._page import read_record
from headstart.studies._runner import beside
from headstart.studies.generate import SPEC as GENERATE
from headstart.studies.generate import Generation


@dataclass(frozen=True, eq=False)
class GeneratedRows:
    """Rows that final models learn from beside those of a session; they are never tested on.

    Attributes:
        data: with the classes of the session's data, in their order.
        weight: of each, where a real row has 1.
        sessions: on the real rows alone and on both, by the identity of the first.
    """

    data: Dataset
    weight: float
    sessions: dict[int, tuple[Session, Session]] = field(default_factory=dict)

    def fit(
        self, session: Session, method: Method[Any], rows: NDArray[np.int64], recipe: Recipe, **how: Any
    ) -> Fitted:
        """Fit on rows (n,) of a session's data and on all generated ones, in as many steps."""
        real = len(session.data)
        if id(session) not in self.sessions:
            self.sessions[id(session)] = session, self._with(session)
        both = self.sessions[id(session)][1]
        learn = np.concatenate([rows, np.arange(real, real + len(self.data))])
        weights = np.concatenate([np.ones(real), np.full(len(self.data), self.weight)])
        return both.fit(method, learn, recipe, options=FitOptions(weights), **how)

    def _with(self, session: Session) -> Session:
        mine = replace(session.data, attributes=None, attribute_names=())
        found = replace(pool([mine, self.data]), name=session.data.name)
        return replace(session, data=replace(found, attributes=None, attribute_names=()))


def load_generated(given: Any, data: Dataset, columns: Mapping[str, Any]) -> Dataset | None:
    """Labelled rows of what `headstart generate` wrote, or of any data, with the classes of some data.

    Args:
        given: a folder of a run of `generate`, or anything that `hs.data.load` takes; None: none.
        data: that they are to join.
        columns: of files, as `hs.data.load` takes them.

    Raises:
        BadData: rows of another kind, or of a class that the data have not.
    """
    if given is None:
        return None
    record = _record(given)
    if record is not None and record.kind == "tables":
        label = open_generator(given).space.settings["label"]
        found = load(Path(given) / record.samples, label_column=label)
    elif record is not None:
        found = load(Path(given) / record.samples)
    else:
        _refuse_unfinished(given)
        found = given if isinstance(given, Dataset) else load(given, **beside(columns))
    if found.label_kind != data.label_kind or data.label_kind != "classes":
        raise BadData(
            f"{found.name} has {found.label_kind} and {data.name} has {data.label_kind} as labels. "
            f"Rows of classes alone can be added: leave out {spell('augment_with')}."
        )
    names = {to_folder_name(name): name for name in data.classes} if record else {}
    known = [name if name in data.classes else names.get(name, "") for name in found.classes]
    if unknown := [name for name, mine in zip(found.classes, known, strict=True) if not mine]:
        raise BadData(
            f"{found.name} has the class {some(unknown)}, which {data.name} has not. Rows of its "
            f"classes can be added: {some(list(data.classes))}."
        )
    places = np.array([data.classes.index(name) for name in known])
    labelled = replace(found, classes=data.classes, labels=places[found.labels], split=None, groups=None)
    return require_same_kind(replace(labelled, name=f"{found.name}, generated", findings=()), data)


def require_unseen(given: Any, test: Dataset) -> None:
    """Refuse rows of a generator that has learned from rows that are held out for the test.

    Raises:
        BadInput: it has.
    """
    folder = _run_of(given)
    generator = None if folder is None else open_generator(folder)
    seen = _seen(generator, test)
    if generator is not None and seen:
        raise BadInput(
            f"The generator of {given} has learned from {seen} of the {len(test)} rows that are held "
            f"out here for the test, so what it drew would give them away. Make it again with the "
            f"same {spell('test')} and {spell('seed')} as this run, on the same data."
        )


def added_rows(
    inputs: Mapping[str, Any], train: Dataset, test: Dataset, weight: float | None
) -> tuple[GeneratedRows | None, list[str]]:
    """The rows to add, without copies of test rows, and sentences for the record.

    Args:
        inputs: of the study: `augment_with`, as `load_generated` gives it, and what was given, `_generated`.
        train: that they join.
        test: held out.
        weight: of a generated row; None: 1, or less, so that together they weigh no more than the real ones.

    Raises:
        BadInput: as `require_unseen`.
        BadData: all of them are copies of test rows.
    """
    found: Dataset | None = inputs["augment_with"]
    if found is None:
        return None, []
    require_unseen(inputs["_generated"], test)
    kept = rows_without_copies(found, test)
    if not len(kept):
        raise BadData(f"All rows of {found.name} are copies of rows held out for the test. Give others.")
    weighs = weight if weight is not None else min(1.0, len(train) / len(kept))
    note = (
        f"The final models learned from {len(kept):,} rows of {found.name}, beside the {len(train):,} real "
        f"rows of the training part, with weight {weighs:.2g} each, in as many steps. Methods were compared "
        "on real rows alone, as a generator has seen the rows of all folds; the test part is real, too."
    )
    fewer = f"{len(found) - len(kept)} generated rows were left out: they are copies of test rows."
    notes = [note, fewer] if len(kept) < len(found) else [note]
    return GeneratedRows(found.subset(kept), weighs), notes


def about_generated(generated: GeneratedRows | None) -> dict[str, Any]:
    """The fields of the record."""
    if generated is None:
        return {}
    return {"generated_rows": len(generated.data), "generated_weight": generated.weight}


def _record(given: Any) -> Generation | None:
    """The record of a run of `generate`; None of anything else."""
    if not isinstance(given, str | Path):
        return None
    file = Path(given).expanduser() / GENERATE.record_file
    return read_record(Generation, file) if file.is_file() else None


def _refuse_unfinished(given: Any) -> None:
    """Raise `BadInput` if the folder of a run was given that has no generator, or not yet."""
    if isinstance(given, str | Path) and (Path(given).expanduser() / BEGUN).is_file():
        open_generator(given)


def _run_of(given: Any) -> Path | None:
    """The folder of the run of `generate` that was given, or whose samples were; None of anything else."""
    if not isinstance(given, str | Path):
        return None
    path = Path(given).expanduser()
    if _record(path) is not None:
        return path
    beside_it = _record(path.parent)
    return path.parent if beside_it is not None and beside_it.samples == path.name else None


def _seen(generator: Generator | None, test: Dataset) -> int:
    learned = frozenset(generator.learned if generator else ())
    return sum(digest in learned for digest in test.digests)
