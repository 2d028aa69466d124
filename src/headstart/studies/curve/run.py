"""How `curve` is computed: one training for every size, method and seed, all tested on the same rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import numpy as np
from torch import Tensor

from headstart.core import BadData, Diverged, Method, make, require_label_kind
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.data.source_task import usable_source
from headstart.data.train_test_split import Rows, train_and_test
from headstart.face import spell
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.report.metric import get_metric
from headstart.session.requirements import require_data, require_learnable
from headstart.session.scoring import choose_metric, difference, main_score, mean_of_figures, selection_metric
from headstart.studies._runner import Job, Trial, methods_of
from headstart.studies.curve import ALL, SIZES, CurvePoint, CurveSettings, CurveStart
from headstart.studies.curve.pretrained import PRETRAINING, Pretrained
from headstart.studies.curve.savings import savings
from headstart.studies.curve.starts import GIVEN, SCRATCH, Start, load_upstream, starts_of
from headstart.studies.curve.subsets import (
    SubsetTrials,
    default_sizes,
    n_strata,
    named,
    strata_for_subsets,
)

DEFAULT = ("logistic-probe", "nearest-centroid", "fine-tune", "from-scratch")
SAMPLES_PER_SECOND = 100.0  # of training, for the progress bar until it knows better


def check(settings: CurveSettings, inputs: dict[str, Any]) -> None:
    """Refuse methods that need a source or a target, or that can't learn the kind of label."""
    methods = methods_of(settings.methods, inputs)
    inputs["upstream"] = load_upstream(inputs.get("upstream"), inputs["data"])
    starts_of(settings, inputs)
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
        upstream, said = _usable(job.inputs["upstream"], data, test)
    starts = starts_of(settings, job.inputs)
    sizes, notes = _sizes(data, rest, settings.labels_per_class or default_sizes(SIZES, data))
    job.notes += [*notes, *said]
    session = job.session(data, rest, metric=selection)
    every = sizes[-1] if ALL in (settings.labels_per_class or ()) else 0
    few = SubsetTrials(session, settings, rest, test, selection, settings.steps, every)
    methods = job.methods(settings.methods) or usual_methods(data, bool(starts))
    pretrained = Pretrained(job, session, rest, upstream)
    plan = Plan(starts or [None], methods, sizes)
    outputs = job.trials(_trials(settings, few, plan, pretrained), settings.budget)
    points = list(_points(plan, outputs, few))
    learned = [start.label for start in starts if start.method is not None]
    return {
        "task": data.name,
        "classes": list(data.classes),
        "train_rows": len(rest),
        "test_rows": len(test),
        "backbone": session.backbone.name,
        "backbone_parameters": sum(p.numel() for p in session.backbone.parameters()),
        "labels_per_class": sizes,
        "methods": [method.label for method in methods],
        "points": points,
        "selection": selection,
        "label_kind": data.label_kind,
        "starts": [_about(start, pretrained, data) for start in starts],
        "savings": list(savings(points, starts[0].label, learned, selection)) if starts else [],
        "all_rows": bool(every),
    }


def _usable(upstream: Dataset | None, data: Dataset, test: Rows) -> tuple[Dataset | None, list[str]]:
    """The upstream rows that are in no part of the data, and what is to be said of them."""
    if upstream is None:
        return None, []
    found, findings = usable_source(upstream, data, test)
    return found, [each.text for each in findings if each.severity != "note"]


def _about(start: Start, pretrained: Pretrained, data: Dataset) -> CurveStart:
    """A start in the record."""
    where = pretrained.upstream if start.upstream else data
    name = "" if start.method is None or where is None else where.name
    return CurveStart(start.label, start.title, name, pretrained.rows(start))


def _metric(labels: Rows, settings: CurveSettings) -> str:
    """The wanted metric; none may be wanted, and it is the one of selection."""
    return choose_metric(labels, settings.metric or selection_metric(labels))


def usual_methods(data: Dataset, starts: bool) -> list[Method[Any]]:
    """The default methods that can learn this kind of label, the probe first; fewer from several starts."""
    methods = [linear_probe(data.label_kind), *map(make, ("fine-tune",) if starts else DEFAULT[1:])]
    return [method for method in methods if data.label_kind in method.about.label_kinds]


@dataclass(frozen=True)
class Plan:
    """What is trained with every seed; [None] of starts: from the backbone as it is."""

    starts: Sequence[Start | None]
    methods: list[Method[Any]]
    sizes: list[int]

    def trained(self, start: Start | None) -> list[Method[Any]]:
        """The methods from a start; random weights are trained at the full rate."""
        if start is None or start.label != SCRATCH:
            return self.methods
        return [method.at_full_rate() for method in self.methods]


def _trials(
    settings: CurveSettings, few: SubsetTrials, plan: Plan, pretrained: Pretrained
) -> Iterator[Trial]:
    """One training for every seed, size, start and method, after the pre-trainings of the seed.

    The methods of one seed and size are a round, but those that are solved are one of their own beside those
    that are trained, which take a hundred times as long.
    """
    mixed = len({method.about.closed_form for method in plan.methods}) > 1
    for seed in range(settings.seeds):
        learned = list(pretrained.trials([start for start in plan.starts if start], seed))
        yield from learned
        after = learned[0].key if learned else None
        for k, start in product(plan.sizes, plan.starts):
            for method, trained in zip(plan.methods, plan.trained(start), strict=True):
                one = One(few, settings, method, trained, start, k, seed, pretrained)
                yield one.trial(mixed, after)


@dataclass(frozen=True)
class One:
    """One training of a curve."""

    few: SubsetTrials
    settings: CurveSettings
    method: Method[Any]
    trained: Method[Any]  # the same, at the rate that suits the start
    start: Start | None
    k: int
    seed: int
    pretrained: Pretrained

    def trial(self, mixed: bool, after: Any) -> Trial:
        """As the runner carries it out; `mixed`: some methods are solved and others trained."""
        data, solved = self.few.session.data, self.method.about.closed_form
        rows = self.k * n_strata(data)
        samples = max(self.settings.epochs * rows, self.settings.steps * min(self.settings.batch, rows))
        labels = named(self.k, data)
        return Trial(
            (_start_label(self.start), self.method.label, self.k, self.seed),
            self._name,
            f"{_title(self.start, self.method)} with {labels}, seed {self.seed}",
            self._compute,
            0.1 if solved else samples / SAMPLES_PER_SECOND,
            f"seed {self.seed} with {labels}{' (trained)' if mixed and not solved else ''}",
            after,
            measure=None if solved else self._measure,
        )

    @property
    def _name(self) -> str:
        begun = "" if self.start is None else f"{self.start.label}, "
        return f"{begun}{self.method.label} with {named(self.k, self.few.session.data)}, seed {self.seed}"

    def _begun(self) -> SubsetTrials:
        return replace(self.few, session=self.pretrained.begun(self.start, self.seed))

    def _compute(self, checkpoint: Path) -> Tensor:
        few, epochs = self._begun(), self.settings.epochs
        return few.outputs(self.trained, epochs, self.k, self.seed, f"try {self._name}", checkpoint)

    def _measure(self, left: float) -> float:
        try:
            few = self._begun()
        except Diverged:
            return 0.0
        return few.measure(self.trained, self.settings.epochs, self.k, self.seed, left)


def _start_label(start: Start | None) -> str:
    return GIVEN if start is None else start.label


def _title(start: Start | None, method: Method[Any]) -> str:
    return method.title if start is None else f"{start.title} \N{RIGHTWARDS ARROW} {method.title}"


def _sizes(
    data: Dataset, rest: Rows, wanted: tuple[int | Literal["all"], ...]
) -> tuple[list[int], list[str]]:
    """The subset sizes that there are rows for, and a note on each of the others.

    All rows are the last size, by their mean number a class.
    """
    counts = np.bincount(strata_for_subsets(data)[rest], minlength=n_strata(data))
    least, classes = int(counts.min()), data.label_kind == "classes"
    whose = f"the class {data.classes[int(counts.argmin())]!r}" if classes else "the training part"
    numbers = [k for k in wanted if k != ALL]
    sizes, every = [k for k in numbers if k <= least], [round(len(rest) / n_strata(data))]
    few = f"{whose} has {least} {'row' if least == 1 else 'rows'} to learn from"
    of = " of each class" if classes else ""
    if not sizes and ALL not in wanted:
        raise BadData(
            f"{data.name}: {few}, and the smallest subset takes {wanted[0]}{of}. Give more rows, or "
            f"smaller subsets with {spell('labels_per_class')}."
        )
    notes = [f"{named(k, data)} are left out: {few}." for k in numbers if k > least]
    return ([k for k in sizes if k != every[0]] + every if ALL in wanted else sizes), notes


def _points(plan: Plan, outputs: Mapping[Any, Tensor], few: SubsetTrials) -> Iterator[CurvePoint]:
    """Means over the seeds, and paired differences on the same subsets and test rows.

    They are to the first method, or where there are several starts to the first start with the same method.
    """
    by_seed: dict[tuple[str, str, int], dict[int, Tensor]] = {}
    for (start, label, k, seed), logits in outputs.items():
        if start != PRETRAINING:
            by_seed.setdefault((start, label, k), {})[seed] = logits
    metric = get_metric(few.metric)
    range_ = metric.most - metric.least
    first = _start_label(plan.starts[0])
    for start, method, k in product(plan.starts, plan.methods, plan.sizes):
        place = _start_label(start), method.label
        if own := by_seed.get((*place, k)):
            reference = (first, plan.methods[0].label if start is None else method.label)
            base = by_seed.get((*reference, k), {})
            figures = [main_score(logits, *few.truth) for logits in own.values()]
            gains = [
                difference(own[seed], base[seed], *few.truth) for seed in sorted(own.keys() & base.keys())
            ]
            yield CurvePoint(
                method=method.label,
                title=_title(start, method),
                labels_per_class=k,
                seeds=list(own),
                score=[figure.value for figure in figures],
                mean=fmean(figure.value for figure in figures),
                interval=mean_of_figures(figures, metric.least, metric.most),
                gain=None if place == reference else mean_of_figures(gains, -range_, range_),
                start=place[0],
            )
