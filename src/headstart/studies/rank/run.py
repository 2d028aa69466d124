"""How `rank` is computed: one pass over the same rows for each backbone, and perhaps a training."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput, Method, derive_seed, make, require_label_kind
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.data.splits import folds, holdout
from headstart.data.train_test_split import Rows, training_rows
from headstart.methods.outputs.probing.nearest_centroid import NearestCentroid
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.metrics.agreement import linear_cka
from headstart.metrics.kinds import measure_of
from headstart.metrics.transferability import h_score, knn_accuracy, leep, logme, nce
from headstart.nn.bank import Bank
from headstart.records.record import Interval
from headstart.run.recipe import Recipe
from headstart.session.inputs import default_backbone, fit_to_data
from headstart.session.recipes import recipe_for, settle_precision, settled_precision
from headstart.session.requirements import require_data
from headstart.session.scoring import main_score
from headstart.session.session import Session
from headstart.studies._runner import Job, load_inputs
from headstart.studies._spec import Study
from headstart.studies.rank import TITLES, RankedBackbone, RankSettings, agreement
from headstart.studies.rank.candidates import Candidate, candidates, pairs_of

BATCH = 64

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """What the scores of one backbone are computed from.

    Attributes:
        own: (n, width) features of the rows.
        labels: (n,) of the rows.
        first: (n, width of the first) features of the first backbone.
        head: (n, z) probabilities of the head that the backbone was trained with; None if it is not known.
    """

    own: Floats
    labels: NDArray[Any]
    first: Floats
    head: Any


FOR_ALL = ("logme", "cka")  # defined for tags and numbers, too
OF_HEAD = ("leep", "nce")  # need the backbone's own head
SCORES: dict[str, Callable[[Features], float]] = {  # see `headstart.metrics.transferability`
    "logme": lambda z: logme(z.own, z.labels),
    "h-score": lambda z: h_score(z.own, z.labels),
    "leep": lambda z: leep(z.head, z.labels),
    "nce": lambda z: nce(z.head.argmax(1), z.labels),
    "knn": lambda z: knn_accuracy(z.own, z.labels),
    "cka": lambda z: linear_cka(z.own, z.first),
}


def load(
    spec: Study, given: Mapping[str, Any], settings: RankSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The data, and what each backbone is called and made of."""
    inputs = load_inputs(spec, given, settings, columns)
    named = inputs["backbones"]
    if named is None:
        named = [default_backbone(inputs["data"])]
    if weights := given.get("weights"):
        named = dict(pairs_of(named, weights))
    return {**inputs, "backbones": candidates(named, inputs["data"])}


def check(settings: RankSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse a method that needs a source or a target, or that can't learn the kind of label."""
    if settings.tune:
        method = make(settings.tune)
        require_data([method], "a ranking")
        require_label_kind(method, inputs["data"].label_kind)
    _available(settings.scores, inputs["data"])


def compute(job: Job[RankSettings]) -> dict[str, Any]:
    """The record's own fields."""
    settings = job.settings
    with job.step("check the data"):
        data = training_part(job.inputs["data"], settings)
    (method,) = job.methods([settings.tune]) if settings.tune else (None,)
    scores, backbones = _available(settings.scores, data), job.inputs["backbones"]
    fold = np.ones(len(data), np.int64)
    if method:
        fold = folds(data.strata, data.groups, settings.folds, derive_seed(settings.seed, "folds"))
    rows, held_out = np.flatnonzero(fold != 0), np.flatnonzero(fold == 0)
    ranking = _Ranking(job, data, scores, method, backbones, rows, held_out)
    kinds = ("scores of", "tune") if method else ("scores of",)
    job.progress.expect({f"try {kind} {each.name}": 1.0 for each in backbones for kind in kinds})
    table = [ranking.row(candidate) for candidate in backbones]
    if len(table) == 1:
        job.notes.append(_alone(backbones[0], data))
    table.sort(key=lambda row: (row.scores[scores[0]] is None, -(row.scores[scores[0]] or 0.0)))
    accuracies = {row.backbone: row.accuracy.value for row in table if row.accuracy}
    return {
        "task": data.name,
        "classes": len(data.classes),
        "rows": len(rows),
        "held_out": len(held_out),
        "scores": scores,
        "tuned": method.label if method else "",
        "table": table,
        "agreement": {score: agreement(table, score, accuracies) for score in scores} if method else {},
        "metric": measure_of(data.label_kind).main,
    }


def training_part(data: Dataset, settings: RankSettings) -> Dataset:
    """The rows that `adapt` would train on."""
    data = check_data(data).dataset
    if data.split is not None:
        return data.subset(training_rows(data))
    rows, _ = holdout(data.strata, data.groups, settings.test, derive_seed(settings.seed, "holdout"))
    return data.subset(rows)


def _available(scores: tuple[str, ...], data: Dataset) -> list[str]:
    """Those that are defined for the labels: for tags and numbers the evidence and the similarity."""
    available = [name for name in dict.fromkeys(scores) if data.label_kind == "classes" or name in FOR_ALL]
    if not available:
        raise BadInput(
            f"{data.name} has {data.label_kind} as labels, and {', '.join(scores)} need classes. Take the "
            f"score logme."
        )
    return available


@dataclass(frozen=True)
class _Ranking:
    """The same rows for every backbone, one after the other."""

    job: Job[RankSettings]
    data: Dataset
    scores: list[str]
    method: Method[Any] | None
    candidates: list[Candidate]
    rows: Rows  # that the scores are computed on, and the method is fitted to
    held_out: Rows  # that the method is evaluated on

    @cached_property
    def first_features(self) -> Floats:
        """Of the first backbone, which the others are compared with."""
        return _features(self._session(self.candidates[0], note=False), self.rows)

    def row(self, candidate: Candidate) -> RankedBackbone:
        """A backbone's scores, and its accuracy if a method is fitted on it."""
        session = self._session(candidate)
        kept = self.job.folder.trial(
            f"scores of {candidate.name}", lambda _: self._scores(candidate, session)
        )["value"]
        missing = " and ".join(TITLES[name] for name, score in kept["scores"].items() if score is None)
        if missing:
            self.job.notes.append(f"Without {missing} for {candidate.name}: {candidate.headless}.")
        return RankedBackbone(
            backbone=candidate.name,
            weights=candidate.origin,
            width=session.backbone.width,
            parameters=sum(p.numel() for p in session.backbone.parameters()),
            seconds=kept["seconds"],
            scores=kept["scores"],
            accuracy=None if self.method is None else self._accuracy(candidate, session, self.method),
        )

    def _session(self, candidate: Candidate, note: bool = True) -> Session:
        job, settings = self.job, self.job.settings
        backbone = fit_to_data(candidate.make(self.data), self.data, settings.size, settings.fit)
        settings, notes = settle_precision(
            job.settings, backbone, job.engine, job.folder.steps, f"precision of {candidate.name}"
        )
        job.notes += [f"{candidate.name}: {sentence}" for sentence in notes if note]
        return Session(
            backbone,
            self.data,
            cache=Path(job.inputs["cache"] or job.folder.path / "cache"),
            precision=settled_precision(settings),
            augment=self.data.modality.augment,
            engine=job.engine,
            watch=job.progress.watch,
        )

    def _scores(self, candidate: Candidate, session: Session) -> dict[str, Any]:
        """The scores by name, None where the backbone's own head is not known; and how long it took."""
        begun = time.perf_counter()
        own = _features(session, self.rows)
        similar = "cka" in self.scores and candidate is not self.candidates[0]
        first = self.first_features if similar else own
        head = candidate.probabilities(session.backbone, own) if {*OF_HEAD} & {*self.scores} else None
        features = Features(own, self.data.labels[self.rows], first, head)
        scores: dict[str, float | None] = dict.fromkeys(self.scores)
        for name in self.scores:
            if head is not None or name not in OF_HEAD:
                try:
                    scores[name] = SCORES[name](features)
                except BadData as error:
                    raise BadData(f"{candidate.name}: {error}") from error
        return {"scores": scores, "seconds": time.perf_counter() - begun}

    def _accuracy(self, candidate: Candidate, session: Session, method: Method[Any]) -> Interval | None:
        """On the held-out fold, of the method fitted on the other rows; None if the training diverged."""
        settings, name = self.job.settings, f"tune {candidate.name}"
        seed = derive_seed(settings.seed, "tune")
        recipe = recipe_for(method, settings, settings.epochs, len(self.rows), seed)

        def compute(checkpoint: Path) -> list[float]:
            fitted = session.fit(method, self.rows, recipe, name=name, checkpoint=checkpoint)
            truth = self.data.labels[self.held_out], self.data.groups_of(self.held_out)
            score = main_score(fitted.logits(self.held_out), *truth, settings.seed)
            return [score.value, score.low, score.high]

        kept = self.job.folder.trial(name, compute)
        if "diverged" in kept:
            self.job.notes.append(f"{candidate.name} has no accuracy: {kept['diverged']}")
            return None
        return Interval(*kept["value"])


def _alone(candidate: Candidate, data: Dataset) -> str:
    """What to compare the only backbone with."""
    if data.table is None:
        return (
            f"{candidate.name} is alone, and scores say nothing by themselves. Name more backbones, or its "
            f"random weights."
        )
    return (
        f"{candidate.name} is alone: the backbone of a table is made of its columns, whatever the number of "
        f"hidden units, as these begin with nothing. Compare it with random weights, or with an encoder or a "
        f"model that was fitted on a table of the same columns."
    )


def _features(session: Session, rows: Rows) -> Floats:
    """(n, width) in the order of `rows`: what a probe collects in its one pass."""
    classes = session.data.label_kind == "classes"
    probe: Method[Any] = NearestCentroid(scale=1.0) if classes else RidgeProbe(penalty=1.0)
    bank = session.fit(probe, rows, Recipe(batch=BATCH), name="features").run.parts["bank"]
    assert isinstance(bank, Bank)
    features: Floats = bank.content[0].cpu().numpy()
    return features
