"""How `curve` is computed: one training for every size, method and seed, all tested on the same rows."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import BadData, HeadstartError, Method, derive_seed, make, require_label_kind
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.data.splits import per_class
from headstart.data.train_test_split import Rows, train_and_test
from headstart.face import spell
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.records.settings import TrainingSettings
from headstart.report.metric import get_metric
from headstart.run.recipe import Recipe
from headstart.session.recipes import recipe_for
from headstart.session.requirements import require_data, require_learnable
from headstart.session.scoring import choose_metric, difference, main_score, mean_of_figures, selection_metric
from headstart.session.session import Session
from headstart.studies._runner import Job, Trial, methods_of
from headstart.studies._step_times import TIMED, Stopwatch
from headstart.studies._unsolved import as_diverged
from headstart.studies.curve import SIZES, CurvePoint, CurveSettings

DEFAULT = ("logistic-probe", "nearest-centroid", "fine-tune", "from-scratch")
SAMPLES_PER_SECOND = 100.0  # of training, for the progress bar until it knows better
ROWS_FOR_CLASS = 10  # with tags or numbers stand for a row of each class in sizes that nobody has named


def check(settings: CurveSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse methods that need a source or a target, or that can't learn the kind of label."""
    methods = methods_of(settings.methods, inputs)
    require_data(methods, "a curve")
    for method in methods:
        require_label_kind(method, inputs["data"].label_kind)
    require_learnable(methods, inputs["backbone"], inputs["data"].label_kind)
    _metric(inputs["data"].labels, settings)


def compute(job: Job[CurveSettings]) -> dict[str, Any]:
    """The record's own fields."""
    settings, backbone = job.settings, job.inputs["backbone"]
    with job.step("check the data"):
        data = check_data(job.inputs["data"], reader=backbone.reader).dataset
        rest, test = train_and_test(data, settings.test, settings.seed)
        selection = _metric(data.labels[rest], settings)
        _metric(data.labels[test], settings)  # refuses a test part that has no such figure
    sizes, notes = _sizes(data, rest, settings.labels_per_class or default_sizes(SIZES, data))
    job.notes += notes
    session = job.session(data, rest, metric=selection)
    few = SubsetTrials(session, settings, rest, test, selection, settings.steps)
    methods = job.methods(settings.methods) or usual_methods(data)
    outputs = job.trials(_trials(settings, few, methods, sizes), settings.budget)
    return {
        "task": data.name,
        "classes": list(data.classes),
        "train_rows": len(rest),
        "test_rows": len(test),
        "backbone": session.backbone.name,
        "backbone_parameters": sum(p.numel() for p in session.backbone.parameters()),
        "labels_per_class": sizes,
        "methods": [method.label for method in methods],
        "points": list(_points(methods, sizes, outputs, few)),
        "selection": selection,
        "label_kind": data.label_kind,
    }


def _metric(labels: Rows, settings: CurveSettings) -> str:
    """The wanted metric; none may be wanted, and it is the one of selection."""
    return choose_metric(labels, settings.metric or selection_metric(labels))


def usual_methods(data: Dataset) -> list[Method[Any]]:
    """The default methods that can learn this kind of label; the probe comes first."""
    methods = [linear_probe(data.label_kind), *map(make, DEFAULT[1:])]
    return [method for method in methods if data.label_kind in method.about.label_kinds]


@dataclass(frozen=True)
class SubsetTrials:
    """Subsets of rows that are the same for every method, and one part that evaluates them all.

    Attributes:
        session: knows the rows of both.
        settings: of the trainings.
        rest: that the subsets are taken from.
        held: held-out rows for the evaluation.
        metric: of the evaluation.
        steps: the least of each training.
    """

    session: Session
    settings: TrainingSettings
    rest: Rows
    held: Rows
    metric: str
    steps: int = 1

    def rows(self, k: int, seed: int) -> Rows:
        """`k` rows of each class, or in all; of one seed, the fewer are among the more."""
        strata = strata_for_subsets(self.session.data)[self.rest]
        return self.rest[per_class(strata, k, derive_seed(self.settings.seed, "size", seed))]

    def outputs(
        self, method: Method[Any], epochs: int, k: int, seed: int, name: str, checkpoint: Path | None = None
    ) -> Tensor:
        """Outputs (n, k) for the held-out rows after `epochs` on `k` labels a class.

        Raises:
            Diverged: the loss stopped being a number.
        """
        rows = self.rows(k, seed)
        recipe = self._recipe(method, epochs, k, seed)
        fitted = self.session.fit(method, rows, recipe, name=name, checkpoint=checkpoint)
        return fitted.logits(self.held)

    def measure(self, method: Method[Any], epochs: int, k: int, seed: int, left: float) -> float:
        """Seconds that the steps of a training take, by its first ones; 0 if these fail: it will say why."""
        whole = self._recipe(method, epochs, k, seed)
        watch = Stopwatch.with_left(left)
        session = replace(self.session, logbook=None, watch=watch.watch)
        with suppress(HeadstartError), as_diverged():
            session.fit(method, self.rows(k, seed), replace(whole, steps=min(TIMED, whole.steps)))
        return sum(usual * whole.steps for _, usual in watch.usual())

    def _recipe(self, method: Method[Any], epochs: int, k: int, seed: int) -> Recipe:
        rows = self.rows(k, seed)
        recipe = recipe_for(method, self.settings, epochs, len(rows), derive_seed(seed, k))
        return replace(recipe, steps=max(self.steps, recipe.steps))

    @property
    def truth(self) -> tuple[Any, Rows | None, int, str]:
        """Labels and groups of the held-out rows, the seed of their intervals, and the metric."""
        data = self.session.data
        return data.labels[self.held], data.groups_of(self.held), self.settings.seed, self.metric


def _trials(
    settings: CurveSettings, few: SubsetTrials, methods: list[Method[Any]], sizes: list[int]
) -> Iterator[Trial]:
    """One training for every seed, size and method.

    The methods of one seed and size are a round, but those that are solved are one of their own beside those
    that are trained, which take a hundred times as long.
    """
    data = few.session.data
    mixed = len({method.about.closed_form for method in methods}) > 1
    for seed, k, method in product(range(settings.seeds), sizes, methods):
        rows = k * n_strata(data)
        samples = max(settings.epochs * rows, settings.steps * min(settings.batch, rows))
        name = f"{method.label} with {_labels(k, data)}, seed {seed}"

        def compute(
            checkpoint: Path, k: int = k, method: Method[Any] = method, seed: int = seed, name: str = name
        ) -> Tensor:
            return few.outputs(method, settings.epochs, k, seed, f"try {name}", checkpoint)

        solved = method.about.closed_form
        yield Trial(
            (method.label, k, seed),
            name,
            f"{method.title} with {_labels(k, data)}, seed {seed}",
            compute,
            0.1 if solved else samples / SAMPLES_PER_SECOND,
            f"seed {seed} with {_labels(k, data)}{' (trained)' if mixed and not solved else ''}",
            measure=None if solved else partial(few.measure, method, settings.epochs, k, seed),
        )


def _sizes(data: Dataset, rest: Rows, wanted: tuple[int, ...]) -> tuple[list[int], list[str]]:
    """The subset sizes that there are rows for, and a note on each of the others."""
    counts = np.bincount(strata_for_subsets(data)[rest], minlength=n_strata(data))
    least, classes = int(counts.min()), data.label_kind == "classes"
    whose = f"the class {data.classes[int(counts.argmin())]!r}" if classes else "the training part"
    sizes = [k for k in wanted if k <= least]
    few = f"{whose} has {least} {'row' if least == 1 else 'rows'} to learn from"
    of = " of each class" if classes else ""
    if not sizes:
        raise BadData(
            f"{data.name}: {few}, and the smallest subset takes {wanted[0]}{of}. Give more rows, or "
            f"smaller subsets with {spell('labels_per_class')}."
        )
    return sizes, [f"{_labels(k, data)} are left out: {few}." for k in wanted if k > least]


def _labels(k: int, data: Dataset) -> str:
    noun = "label" if k == 1 else "labels"
    return f"{k} {noun} a class" if data.label_kind == "classes" else f"{k} {noun}"


def _points(
    methods: list[Method[Any]], sizes: list[int], outputs: Mapping[Any, Tensor], few: SubsetTrials
) -> Iterator[CurvePoint]:
    """Means over the seeds, and differences to the first method on the same subsets and test rows."""
    by_seed: dict[tuple[str, int], dict[int, Tensor]] = {}
    for (label, k, seed), logits in outputs.items():
        by_seed.setdefault((label, k), {})[seed] = logits
    metric, first = get_metric(few.metric), methods[0].label
    range_ = metric.most - metric.least
    for method, k in product(methods, sizes):
        if own := by_seed.get((method.label, k)):
            base = by_seed.get((first, k), {})
            figures = [main_score(logits, *few.truth) for logits in own.values()]
            gains = [
                difference(own[seed], base[seed], *few.truth) for seed in sorted(own.keys() & base.keys())
            ]
            yield CurvePoint(
                method=method.label,
                title=method.title,
                labels_per_class=k,
                seeds=list(own),
                score=[figure.value for figure in figures],
                mean=fmean(figure.value for figure in figures),
                interval=mean_of_figures(figures, metric.least, metric.most),
                gain=None if method.label == first else mean_of_figures(gains, -range_, range_),
            )


def strata_for_subsets(data: Dataset) -> Rows:
    """(n,) the stratum of each row that subsets draw from evenly: its class; 0 with tags and numbers."""
    labels: Rows = data.labels if data.label_kind == "classes" else np.zeros(len(data), np.int64)
    return labels


def n_strata(data: Dataset) -> int:
    """Number of strata: classes, or 1 with tags and numbers."""
    return len(data.classes) if data.label_kind == "classes" else 1


def default_sizes(sizes: tuple[int, ...], data: Dataset) -> tuple[int, ...]:
    """Sizes of subsets: those of classes, or ten times as many rows for tags and numbers."""
    return sizes if data.label_kind == "classes" else tuple(ROWS_FOR_CLASS * size for size in sizes)
