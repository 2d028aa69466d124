"""Which backbone? Scores of several from one pass of features each."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput, Diverged, Method, Unknown, derive_seed, make, require_label_kind
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.splits import folds, holdout
from headstart.methods.outputs.probing.nearest_centroid import NearestCentroid
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.metrics.kinds import measure_of
from headstart.nn.bank import Bank
from headstart.records.record import Interval
from headstart.run.engine import Engine, One
from headstart.run.progress import Progress
from headstart.run.recipe import Recipe
from headstart.session.inputs import suited
from headstart.session.precision import settle_precision, settled_precision
from headstart.session.recipes import recipe_for
from headstart.session.scoring import main_score
from headstart.session.session import Session
from headstart.session.source import refuse_sourced
from headstart.session.target import refuse_targeted
from headstart.studies.adapt.spec import AdaptSettings
from headstart.studies.rank.contenders import Contender, Given, contenders
from headstart.studies.rank.record import Ranked, Ranking, agreement
from headstart.studies.rank.scores import FOR_ALL, SCORES, NoSource, Seen

EPOCHS = 5  # of a training, where the settings name none
DEFAULT = ("logme", "h-score", "leep", "nce", "knn")
BATCH = 64

Rows = NDArray[np.int64]


def rank(
    backbones: Sequence[Given] | Mapping[str, Given],
    data: str | Path | Dataset | tuple[Any, Any],
    scores: Sequence[str] = DEFAULT,
    *,
    tune: str | Method[Any] | None = None,
    cache: str | Path | None = None,
    progress: Progress | None = None,
    engine: Engine | None = None,
    **options: Any,
) -> Ranking:
    """Rank backbones by how well their features will serve a task, from one pass each.

    Only the part of the rows is looked at that `adapt` would train on with the same settings: the test
    part takes no part in the choice of the backbone either. With `tune`, a fold of it is held out, too.

    Args:
        backbones: names, modules of yours, what `hs.models.backbone` gave, the `model` of a predictor, or
            pairs (name, weights) with a local file or "random"; a mapping gives them names of your choice.
            Never changed. For a table, "table" is its standardised columns; what else can be compared with
            them is ("table", "random"), and what was fitted on a table with the same columns.
        data: whatever `hs.data.load` takes, or what it gave.
        scores: out of "logme", "h-score", "leep", "nce", "knn" and "cka" (likeness to the first
            backbone); the first one orders the table. LEEP and NCE need the head that the backbone was
            trained with: where it is not known, they are left out.
        tune: also fit this method, such as "ridge-probe", and report its accuracy on the held-out fold.
        cache: folder for what frozen parts give, for the next time; None keeps nothing.
        progress: shows what is going on; None: silent.
        engine: where to compute; None: one process on the CPU.
        **options: fields of `AdaptSettings`: size, fit, precision, seed, test, folds; and of the tuning
            epochs, batch, lr.

    Raises:
        Unknown: a score, a method or an architecture that nothing goes by.
        BadInput: no backbone, two of the same name, or a file of weights that is missing.
        BadData: nothing readable, one class, or backbones for pictures and data that are none.
        Mismatch: weights in a file belong to another architecture.
    """
    settings = AdaptSettings(**options)
    method = make(tune) if isinstance(tune, str) else tune
    refuse_sourced([method] if method else [], "a ranking")
    refuse_targeted([method] if method else [], "a ranking")
    dataset = data if isinstance(data, Dataset) else load(data)
    wanted = _fitting(_known(scores), dataset)
    named = contenders(backbones, dataset)
    part = _training_part(dataset, settings)
    contest = _Contest(part, wanted, method, settings, engine or One(), progress or Progress())
    try:
        with _folder(cache) as folder:
            return contest.run(named, folder)
    finally:
        contest.progress.close()


def _known(scores: Sequence[str]) -> list[str]:
    if isinstance(scores, str) or not scores:
        raise BadInput(f"scores is {scores!r}; give a list of one or more of {', '.join(SCORES)}.")
    for name in scores:
        if name not in SCORES:
            raise Unknown("score", name, SCORES)
    return list(dict.fromkeys(scores))


def _fitting(scores: list[str], data: Dataset) -> list[str]:
    """Those that the labels have: of tags and numbers the evidence and the likeness."""
    found = [name for name in scores if data.label_kind == "classes" or name in FOR_ALL]
    if not found:
        raise BadInput(
            f"{data.name} has {data.label_kind} as labels, and {', '.join(scores)} need classes. Use the "
            f"score logme."
        )
    return found


def _training_part(data: Dataset, settings: AdaptSettings) -> Dataset:
    """The rows that `adapt` would train on."""
    checked = check(data).dataset
    if checked.split is not None:
        return checked.subset(np.flatnonzero(np.array(checked.split) != "test"))
    seed = derive_seed(settings.seed, "holdout")
    return checked.subset(holdout(checked.strata, checked.groups, settings.test, seed)[0])


@contextmanager
def _folder(cache: str | Path | None) -> Iterator[Path]:
    """The folder of the cache; a temporary one if none was named."""
    if cache is not None:
        yield Path(cache)
        return
    with TemporaryDirectory(prefix="headstart-") as folder:
        yield Path(folder)


@dataclass
class _Contest:
    """The same rows for every backbone, one after the other."""

    part: Dataset
    wanted: list[str]
    method: Method[Any] | None
    settings: AdaptSettings
    engine: Engine
    progress: Progress

    def __post_init__(self) -> None:
        self.notes: list[str] = []
        if self.method is not None:
            require_label_kind(self.method, self.part.label_kind)
        self.rows, self.held = np.arange(len(self.part)), np.zeros(0, np.int64)
        if self.method is not None:
            numbers = folds(
                self.part.strata,
                self.part.groups,
                self.settings.folds,
                derive_seed(self.settings.seed, "folds"),
            )
            self.rows, self.held = np.flatnonzero(numbers != 0), np.flatnonzero(numbers == 0)
        self._first: NDArray[np.float32] | None = None

    def run(self, named: list[Contender], cache: Path) -> Ranking:
        self.progress.expect(dict.fromkeys(self._steps(named), 1.0))
        table = [self._ranked(one, cache) for one in named]
        if len(named) == 1:
            self.notes.append(_alone(named[0], self.part))
        table.sort(key=lambda one: _order(one.scores[self.wanted[0]]))
        known = {one.backbone: one.accuracy.value for one in table if one.accuracy}
        return Ranking(
            task=self.part.name,
            classes=len(self.part.classes),
            rows=len(self.rows),
            held_out=len(self.held),
            scores=self.wanted,
            tuned=self.method.label if self.method else "",
            table=table,
            agreement={score: agreement(table, score, known) for score in self.wanted} if self.method else {},
            notes=self.notes,
            metric=measure_of(self.part.label_kind).main,
        )

    def _steps(self, named: list[Contender]) -> Iterator[str]:
        for one in named:
            yield f"look through {one.name}"
            if self.method is not None:
                yield f"tune {one.name}"

    def _ranked(self, one: Contender, cache: Path) -> Ranked:
        mapping = suited(one.made(self.part), self.part, self.settings)
        settings, said = settle_precision(self.settings, mapping, self.engine)
        self.notes += [f"{one.name}: {note}" for note in said]
        session = Session(
            mapping,
            self.part,
            cache=cache,
            precision=settled_precision(settings),
            augment=self.part.modality.augment,
            engine=self.engine,
            watch=self.progress.watch,
        )
        with self.progress.step(f"look through {one.name}"):
            begun = time.perf_counter()
            scores = self._scores(one, session)
            seconds = time.perf_counter() - begun
        return Ranked(
            backbone=one.name,
            weights=one.origin,
            width=mapping.width,
            parameters=sum(p.numel() for p in mapping.parameters()),
            seconds=seconds,
            scores=scores,
            accuracy=self._tuned(one, session),
        )

    def _scores(self, one: Contender, session: Session) -> dict[str, float | None]:
        features = _features(session, self.rows)
        self._first = features if self._first is None else self._first
        source = None
        if {"leep", "nce"} & set(self.wanted):
            source = one.probabilities(session.backbone, features)
        seen = Seen(features, self.part.labels[self.rows], self._first, source)
        found: dict[str, float | None] = dict.fromkeys(self.wanted)
        for name in self.wanted:
            try:
                found[name] = SCORES[name](seen)
            except NoSource:
                continue
            except BadData as error:
                raise BadData(f"{one.name}: {error}") from error
        left = " and ".join(name for name, score in found.items() if score is None)
        if left:
            self.notes.append(f"Without {left} for {one.name}: {one.headless}.")
        return found

    def _tuned(self, one: Contender, session: Session) -> Interval | None:
        """Accuracy on the held-out fold of the method fitted on the other rows."""
        if self.method is None:
            return None
        epochs = self.settings.epochs or EPOCHS
        recipe = recipe_for(
            self.method, self.settings, epochs, len(self.rows), derive_seed(self.settings.seed, "tune")
        )
        with self.progress.step(f"tune {one.name}"):
            try:
                fitted = session.fit(self.method, self.rows, recipe, name=f"tune {one.name}")
            except Diverged as error:
                self.notes.append(f"{one.name} has no accuracy: {error}")
                return None
            outputs = fitted.logits(self.held)
        return main_score(outputs, self.part.labels[self.held], self.settings.seed)


def _alone(one: Contender, data: Dataset) -> str:
    """What to compare the only backbone with."""
    if data.table is None:
        return (
            f"{one.name} is alone, and scores say nothing by themselves. Name more backbones, or its random "
            f"weights."
        )
    return (
        f"{one.name} is alone: the backbone of a table is made of its columns, whatever the number of hidden "
        f"units, as these begin with nothing. Compare it with random weights, or with an encoder or a model "
        f"that was fitted on a table of the same columns."
    )


def _features(session: Session, rows: Rows) -> NDArray[np.float32]:
    """(n, width) in the order of `rows`: what a probe collects in its one pass."""
    probe: Method[Any] = (
        NearestCentroid(scale=1.0) if session.data.label_kind == "classes" else RidgeProbe(penalty=1.0)
    )
    fitted = session.fit(probe, rows, Recipe(batch=BATCH), name="features")
    bank = fitted.run.parts["bank"]
    assert isinstance(bank, Bank)
    found: NDArray[np.float32] = bank.content[0].cpu().numpy()
    return found


def _order(score: float | None) -> tuple[bool, float]:
    """The largest first, what has none last."""
    return (score is None, -(score or 0.0))
