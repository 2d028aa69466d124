"""How `yosinski` is computed: base networks, and blocks of them under new ones, for every cut and seed."""

import copy
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import torch.nn

from headstart.core import BadData, Method, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.load import load as load_data
from headstart.data.source_task import require_same_inputs
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.models.backbone import AnyBackbone
from headstart.report.metric import get_metric
from headstart.session.fitted import Fitted
from headstart.session.inputs import build_backbone, default_backbone, fit_to_data
from headstart.session.precision import settled_precision
from headstart.session.recipes import recipe_for
from headstart.session.scoring import gain_of_seeds, mean_of_seeds, selection_metric, selection_score
from headstart.session.session import Session
from headstart.studies._runner import Job
from headstart.studies._spec import Study
from headstart.studies.yosinski import SERIES, Cut, Network, YosinskiSettings
from headstart.studies.yosinski.transplant import check_cuts, shape_digest, treatment, with_weights_of
from headstart.studies.yosinski.two_tasks import Part, apart, by_classes, by_training_part_of

SMALL = 3 * 64 * 64  # numbers in a row; batches of such rows are computed in one part
GUESS = 300.0  # samples a second in training, for the progress bar until it knows better
BASES = {"base A": "base_a", "base B": "base_b"}  # name -> input


def load(
    _: Study, given: Mapping[str, Any], settings: YosinskiSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The tasks, the architecture, and the networks that were given, with its layout and their weights."""
    tasks = {
        name: value if isinstance(value, Dataset) else load_data(value, **columns)
        for name in ("task_a", "task_b")
        if (value := given.get(name)) is not None
    }
    require_same_inputs(list(tasks.values()))
    data = next(reversed(tasks.values()))
    base = default_backbone(data) if given.get("backbone") is None else given["backbone"]
    unused = "random" if isinstance(base, str) and data.table is None else None
    backbone = fit_to_data(build_backbone(data, base, unused), data, settings.size, settings.fit)
    networks = {
        key: with_weights_of(backbone, _network(given[key], base, data), name)
        for name, key in BASES.items()
        if given.get(key) is not None
    }
    return {**tasks, "backbone": backbone, "architecture": shape_digest(backbone), **networks}


def _network(value: Any, base: Any, data: Dataset) -> AnyBackbone:
    """A network that was given, or the architecture with the weights that were named."""
    if isinstance(value, torch.nn.Module):
        return build_backbone(data, value)
    return build_backbone(data, base, None if value == "pretrained" else str(value))


def check(settings: YosinskiSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse tasks without classes, and cuts between blocks that the backbone has not."""
    for data in (inputs["task_a"], inputs.get("task_b")):
        if data is not None and data.label_kind != "classes":
            raise BadData(f"{data.name} has {data.label_kind}; it takes tasks with classes.")
    check_cuts(settings.cuts, inputs["backbone"])


def compute(job: Job[YosinskiSettings]) -> dict[str, Any]:
    """The record's own fields."""
    with job.step("look at the data"):
        a, b = _tasks(job)
        backbone = by_training_part_of(job.inputs["backbone"], b)
    cuts = job.settings.cuts or tuple(range(1, len(backbone.blocks) + 1))
    given = {name: job.inputs[key] for name, key in BASES.items() if job.inputs.get(key) is not None}
    return _Experiment(job, backbone, given, a, b, cuts).run()


def _tasks(job: Job[YosinskiSettings]) -> tuple[Part | None, Part]:
    share, seed = job.settings.test, job.settings.seed
    task_a: Dataset = job.inputs["task_a"]
    task_b: Dataset | None = job.inputs.get("task_b")
    given = job.inputs.get("base_a") is not None
    if task_b is None and not given:
        return by_classes(task_a, job.settings.split, share, seed)
    first = task_a if task_b is not None and not given else None
    a, b, notes = apart(first, task_a if task_b is None else task_b, share, seed)
    job.notes += notes
    return a, b


@dataclass(frozen=True)
class _Experiment:
    """The trainings of one experiment.

    Attributes:
        job: of the study.
        backbone: the architecture.
        given: trained networks, by the name of the base whose place they take.
        a: task A; None if base A was given.
        b: task B.
        cuts: after how many blocks networks are cut.
    """

    job: Job[YosinskiSettings]
    backbone: AnyBackbone
    given: Mapping[str, AnyBackbone]
    a: Part | None
    b: Part
    cuts: tuple[int, ...]

    def run(self) -> dict[str, Any]:
        """All trainings; the record's own fields."""
        self.job.progress.expect(self._expected())
        levels: dict[str, dict[int, float]] = {"base A": {}, "base B": {}}
        scores: dict[tuple[str, int], dict[int, float]] = {(s, n): {} for s in SERIES for n in self.cuts}
        for seed in range(self.job.settings.seeds):
            for letter, task in (("B", self.b), ("A", self.a)):
                network = self._base(f"base {letter}", task, seed, levels[f"base {letter}"])
                if network is not None:
                    self._cut(letter, network, seed, scores)
        return {
            "backbone": self.backbone.name,
            "backbone_parameters": sum(p.numel() for p in self.backbone.parameters()),
            "blocks": [block.removeprefix("inner.") for block in self.backbone.blocks],
            "base_a": None if self.a is None else self._record("base A", self.a, levels["base A"]),
            "base_b": self._record("base B", self.b, levels["base B"]),
            "cuts": list(
                _cuts(scores, levels["base B"], get_metric(selection_metric(self.b.data.labels)).least)
            ),
            "selection": selection_metric(self.b.data.labels),
        }

    def _session(self, network: AnyBackbone, task: Part, cache: str) -> Session:
        return Session(
            network,
            task.data,
            cache=self.job.folder.path / "cache" / cache,
            precision=settled_precision(self.job.settings),
            engine=self.job.engine,
            watch=self.job.progress.watch,
        )

    def _base(self, name: str, task: Part | None, seed: int, levels: dict[int, float]) -> AnyBackbone | None:
        """The network of a seed, trained or given, its level noted; None if its training diverged."""
        step = f"{name}, seed {seed}"
        if name in self.given:
            network = self.given[name]
            if name == "base B":
                session = self._session(network, self.b, name)
                head = treatment(len(network.blocks), len(network.blocks), True)
                self._keep(step, partial(self._level, session, head, seed, step), levels, seed)
            return network
        assert task is not None, "a network that is not given has a task"
        session = self._session(self.backbone, task, name)

        def train(checkpoint: Path) -> dict[str, Any]:
            own = derive_seed(seed, name)
            fitted, level = self._fit(session, FromScratch(), task, own, step, checkpoint)
            return {"level": level, "state": dict(fitted.model.backbone.state_dict())}

        kept = self._keep(step, train, levels, seed)
        if kept is None:
            return None
        network = copy.deepcopy(self.backbone)
        network.load_state_dict(kept["state"])
        return network

    def _cut(
        self, letter: str, network: AnyBackbone, seed: int, scores: dict[tuple[str, int], dict[int, float]]
    ) -> None:
        """Both series that take blocks of a network."""
        cache = f"{letter} {seed}"
        session = self._session(network, self.b, cache)
        for cut in self.cuts:
            for sign, frozen in (("", True), ("+", False)):
                method = treatment(len(self.backbone.blocks), cut, frozen)
                step = _step(letter, frozen, cut, seed)
                train = partial(self._level, session, method, seed, step)
                self._keep(step, train, scores[f"{letter}nB{sign}", cut], seed)
        shutil.rmtree(self.job.folder.path / "cache" / cache, ignore_errors=True)  # no other seed needs it

    def _keep(self, step: str, train: Any, levels: dict[int, float], seed: int) -> dict[str, Any] | None:
        """A training as a kept step; its level is noted, or why there is none."""
        kept = self.job.folder.trial(step, train)
        if "diverged" in kept:
            self.job.notes.append(f"{step} is left out: {kept['diverged']}")
            return None
        levels[seed] = kept["value"]["level"]
        value: dict[str, Any] = kept["value"]
        return value

    def _level(
        self, session: Session, method: Method[Any], seed: int, step: str, checkpoint: Path
    ) -> dict[str, float]:
        """The score of a training on task B, as a step keeps it."""
        return {"level": self._fit(session, method, self.b, seed, step, checkpoint)[1]}

    def _fit(  # a training and where it is kept
        self, session: Session, method: Method[Any], task: Part, seed: int, step: str, checkpoint: Path
    ) -> tuple[Fitted, float]:
        """A training on a task, and its figure of selection on the held-out part."""
        settings = self.job.settings
        seed = derive_seed(settings.seed, "yosinski", seed)
        recipe = recipe_for(method, settings, settings.epochs, len(task.train), seed)
        small = session.samples(task.train[:1]).numel() <= SMALL
        recipe = replace(recipe, views=0, accumulate=1 if small else recipe.accumulate)
        fitted = session.fit(method, task.train, recipe, name=f"try {step}", checkpoint=checkpoint)
        return fitted, selection_score(fitted.logits(task.test), task.data.labels[task.test])

    def _record(self, name: str, task: Part, levels: Mapping[int, float]) -> Network:
        values = list(levels.values())
        return Network(
            task=task.data.name,
            classes=list(task.data.classes),
            train_rows=len(task.train),
            test_rows=len(task.test),
            given=name in self.given,
            seeds=list(levels),
            score=values,
            mean=fmean(values) if values else None,
            interval=mean_of_seeds(values, get_metric(selection_metric(task.data.labels)).least),
        )

    def _expected(self) -> dict[str, float]:
        """The names of all steps with a guess of the seconds of each."""
        second = self.job.settings.epochs / GUESS
        rows = len(self.b.train)
        steps: dict[str, float] = {}
        for seed in range(self.job.settings.seeds):
            for letter, task in (("B", self.b), ("A", self.a)):
                if task is not None:
                    steps[f"try base {letter}, seed {seed}"] = len(task.train) * second
                for cut in self.cuts:
                    share = 1 - cut / (len(self.backbone.blocks) + 1)
                    steps[f"try {_step(letter, True, cut, seed)}"] = share * rows * second
                    steps[f"try {_step(letter, False, cut, seed)}"] = rows * second
        return steps


def _step(letter: str, frozen: bool, cut: int, seed: int) -> str:
    """The name of a step; files may not tell BnB+ from BnB."""
    return f"{letter}nB {'frozen' if frozen else 'tuned'} at {cut}, seed {seed}"


def _cuts(
    scores: Mapping[tuple[str, int], Mapping[int, float]], base: Mapping[int, float], least: float
) -> Iterator[Cut]:
    for (series, cut), levels in scores.items():
        values = list(levels.values())
        if values:
            figures = mean_of_seeds(values, least), gain_of_seeds(levels, base, least)
            yield Cut(series, cut, list(levels), values, fmean(values), *figures)
