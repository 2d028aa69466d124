"""How `yosinski` is computed: base networks, and blocks of them under new ones, for every cut and seed."""

import copy
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import torch.nn
from torch import Tensor

from headstart.core import BadData, BadInput, Method, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.samples import Rows
from headstart.data.source_task import require_same_inputs
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.models.backbone import AnyBackbone
from headstart.report.metric import get_metric
from headstart.run.cache import key_of
from headstart.session.inputs import build_backbone, default_backbone, fit_to_data
from headstart.session.recipes import recipe_for, settled_precision
from headstart.session.scoring import difference, main_score, mean_of_figures, selection_metric
from headstart.session.session import Session
from headstart.session.table_backbone import by_training_part
from headstart.session.transplant import transplant
from headstart.studies._runner import Job, load_labelled
from headstart.studies._spec import Study
from headstart.studies.yosinski import SERIES, Cut, Network, YosinskiSettings
from headstart.studies.yosinski.tasks import Part, split_classes, with_weights_of

SMALL = 3 * 64 * 64  # numbers in a row; batches of such rows are computed in one part
GUESS = 300.0  # samples a second in training, for the progress bar until it knows better
BASES = {"base A": "base_a", "base B": "base_b"}  # name -> input


def load(
    _: Study, given: Mapping[str, Any], settings: YosinskiSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The tasks, the architecture, and the networks that were given, as copies of it with their weights."""
    tasks = {
        name: load_labelled(value, columns)
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
    shapes = {name: tuple(value.shape) for name, value in backbone.state_dict().items()}
    architecture = key_of({}, str(backbone.source), str(shapes))
    return {**tasks, "backbone": backbone, "architecture": architecture, **networks}


def _network(value: Any, base: Any, data: Dataset) -> AnyBackbone:
    """A network that was given, or the architecture with the weights that were named."""
    if isinstance(value, torch.nn.Module):
        return build_backbone(data, value)
    return build_backbone(data, base, None if value == "pretrained" else str(value))


def check(settings: YosinskiSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse tasks without classes, and cuts between blocks that the backbone does not have."""
    for data in (inputs["task_a"], inputs.get("task_b")):
        if data is not None and data.label_kind != "classes":
            raise BadData(f"{data.name} has {data.label_kind}; it takes tasks with classes.")
    name, blocks = inputs["backbone"].name, len(inputs["backbone"].blocks)
    if not blocks:
        raise BadInput(f"The backbone {name} has no blocks to cut between. Give a network of layers.")
    if settings.cuts and settings.cuts[-1] > blocks:
        raise BadInput(
            f"cuts names {settings.cuts[-1]}, but {name} has {blocks} blocks; name some of 1 to {blocks}, or "
            f"none for all."
        )


def compute(job: Job[YosinskiSettings]) -> dict[str, Any]:
    """The record's own fields."""
    with job.step("check the data"):
        a, b = _tasks(job)
    # both tasks have the same features, which are independent of the held-out rows of task B
    backbone = by_training_part(job.inputs["backbone"], b.data.subset(b.train))
    cuts = job.settings.cuts or tuple(range(1, len(backbone.blocks) + 1))
    given = {name: job.inputs[key] for name, key in BASES.items() if job.inputs.get(key) is not None}
    return _Experiment(job, backbone, given, a, b, cuts).run()


def _tasks(job: Job[YosinskiSettings]) -> tuple[Part | None, Part]:
    """Task A and task B; no task A if a trained network takes its place.

    Copies of rows that task B is tested on are left out of the training rows of task A.
    """
    share, seed, task_a = job.settings.test, job.settings.seed, job.inputs["task_a"]
    task_b, given = job.inputs.get("task_b"), job.inputs.get("base_a") is not None
    if task_b is None and not given:
        return split_classes(task_a, job.settings.split, share, seed)
    b = Part.of(task_a if task_b is None else task_b, share, seed)
    if given:
        return None, b
    a, left_out = Part.of(task_a, share, seed).without_test_rows_of(b)
    if left_out:
        job.notes.append(f"{left_out} rows of task A are not used for training: copies of them test task B.")
    return a, b


@dataclass(frozen=True)
class _Experiment:
    """The trainings of one experiment."""

    job: Job[YosinskiSettings]
    backbone: AnyBackbone  # the architecture
    given: Mapping[str, AnyBackbone]  # trained networks, by the name of the base whose place they take
    a: Part | None  # task A; None if base A was given
    b: Part  # task B
    cuts: tuple[int, ...]  # after how many blocks networks are cut
    outputs: dict[Any, dict[int, Tensor]] = field(default_factory=lambda: defaultdict(dict))
    """For the test rows, by seed, of the bases by name and of the series by name and cut."""

    def run(self) -> dict[str, Any]:
        """All trainings; the record's own fields."""
        self.job.progress.expect(self._expected())
        for seed in range(self.job.settings.seeds):
            for letter, task in (("B", self.b), ("A", self.a)):
                network = self._base(f"base {letter}", task, seed)
                if network is not None:
                    self._cut(letter, network, seed)
        series = [(name, cut) for name in SERIES for cut in self.cuts]
        return {
            "backbone": self.backbone.name,
            "backbone_parameters": sum(p.numel() for p in self.backbone.parameters()),
            "blocks": [block.removeprefix("inner.") for block in self.backbone.blocks],
            "base_a": None if self.a is None else self._record("base A", self.a),
            "base_b": self._record("base B", self.b),
            "cuts": [self._record_cut(name, cut) for name, cut in series if self.outputs[name, cut]],
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

    def _base(self, name: str, task: Part | None, seed: int) -> AnyBackbone | None:
        """The network of a seed, trained or given, after it is scored; None if its training diverged."""
        step, blocks = f"{name}, seed {seed}", len(self.backbone.blocks)
        if name in self.given:
            network = self.given[name]
            if name == "base B":
                session, head = self._session(network, self.b, name), transplant(blocks, blocks, True)
                self._keep(name, seed, step, partial(self._train, session, head, self.b, seed, step))
            return network
        assert task is not None, "a network that is not given has a task"
        session = self._session(self.backbone, task, name)
        train = partial(self._train, session, FromScratch(), task, derive_seed(seed, name), step)
        kept = self._keep(name, seed, step, train)
        if kept is None:
            return None
        network = copy.deepcopy(self.backbone)
        network.load_state_dict(kept["state"])
        return network

    def _cut(self, letter: str, network: AnyBackbone, seed: int) -> None:
        """Both series that take blocks of a network."""
        cache = f"{letter} {seed}"
        session = self._session(network, self.b, cache)
        for cut in self.cuts:
            for sign, frozen in (("", True), ("+", False)):
                method = transplant(len(self.backbone.blocks), cut, frozen)
                step = _step(letter, frozen, cut, seed)
                train = partial(self._train, session, method, self.b, seed, step)
                self._keep((f"{letter}nB{sign}", cut), seed, step, train)
        shutil.rmtree(self.job.folder.path / "cache" / cache, ignore_errors=True)  # no other seed needs it

    def _keep(
        self, key: Any, seed: int, step: str, train: Callable[[Path], dict[str, Any]]
    ) -> dict[str, Any] | None:
        """A training as a kept step; its outputs are added to the key's, or noted why there are none."""
        kept = self.job.folder.trial(step, train)
        if "diverged" in kept:
            self.job.notes.append(f"{step} is left out: {kept['diverged']}")
            return None
        value: dict[str, Any] = kept["value"]
        self.outputs[key][seed] = value["outputs"]
        return value

    def _train(
        self, session: Session, method: Method[Any], task: Part, seed: int, step: str, checkpoint: Path
    ) -> dict[str, Any]:
        """A training on a task: outputs for its held-out part, and the weights of a new base network."""
        settings = self.job.settings
        seed = derive_seed(settings.seed, "yosinski", seed)
        recipe = recipe_for(method, settings, settings.epochs, len(task.train), seed)
        small = session.samples(task.train[:1]).numel() <= SMALL
        recipe = replace(recipe, views=0, accumulate=1 if small else recipe.accumulate)
        fitted = session.fit(method, task.train, recipe, name=f"try {step}", checkpoint=checkpoint)
        outputs, is_base = {"outputs": fitted.logits(task.test)}, isinstance(method, FromScratch)
        return outputs | ({"state": dict(fitted.model.backbone.state_dict())} if is_base else {})

    def _record(self, name: str, task: Part) -> Network:
        return Network(
            task=task.data.name,
            classes=list(task.data.classes),
            train_rows=len(task.train),
            test_rows=len(task.test),
            given=name in self.given,
            **self._scores(self.outputs[name], task),
        )

    def _record_cut(self, series: str, cut: int) -> Cut:
        own, base, truth = self.outputs[series, cut], self.outputs["base B"], self._truth(self.b)
        gains = [difference(own[seed], base[seed], *truth) for seed in sorted(own.keys() & base.keys())]
        low = get_metric(truth[-1]).least - 1
        return Cut(series, cut, **self._scores(own, self.b), gain=mean_of_figures(gains, low, -low))

    def _truth(self, task: Part) -> tuple[Any, Rows | None, int, str]:
        """Labels and groups of the test rows of a task, the seed of their intervals, and the metric."""
        labels = task.data.labels
        groups, seed = task.data.groups_of(task.test), self.job.settings.seed
        return labels[task.test], groups, seed, selection_metric(labels)

    def _scores(self, by_seed: Mapping[int, Tensor], task: Part) -> dict[str, Any]:
        """Fields of a record."""
        truth = self._truth(task)
        figures = [main_score(outputs, *truth) for outputs in by_seed.values()]
        scores = [figure.value for figure in figures]
        return {
            "seeds": list(by_seed),
            "score": scores,
            "mean": fmean(scores) if scores else None,
            "interval": mean_of_figures(figures, get_metric(truth[-1]).least),
        }

    def _expected(self) -> dict[str, float]:
        """The names of all steps with a guess of the seconds of each."""
        second = self.job.settings.epochs / GUESS
        steps: dict[str, float] = {}
        for seed in range(self.job.settings.seeds):
            for letter, task in (("B", self.b), ("A", self.a)):
                if task is not None:
                    steps[f"try base {letter}, seed {seed}"] = len(task.train) * second
                for cut in self.cuts:
                    share, rows = 1 - cut / (len(self.backbone.blocks) + 1), len(self.b.train)
                    steps[f"try {_step(letter, True, cut, seed)}"] = share * rows * second
                    steps[f"try {_step(letter, False, cut, seed)}"] = rows * second
        return steps


def _step(letter: str, frozen: bool, cut: int, seed: int) -> str:
    """The name of a step; names of files may not distinguish BnB+ from BnB."""
    return f"{letter}nB {'frozen' if frozen else 'tuned'} at {cut}, seed {seed}"
