"""How transferable is each depth? The experiment of Yosinski et al. (arXiv:1411.1792) on any network."""

import copy
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

import headstart
from headstart.core import BadData, Method, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.models.backbone import AnyBackbone
from headstart.records.provenance import versions
from headstart.run.engine import Engine, One
from headstart.run.progress import Progress
from headstart.session.inputs import alike, backbone_for, suited
from headstart.session.precision import settle_precision, settled_precision
from headstart.session.recipes import recipe_for
from headstart.session.scoring import least_of, selection_of, value
from headstart.session.session import Fitted, Session
from headstart.studies._experiment import YosinskiSettings
from headstart.studies._inputs import backbone_digest, data_digest
from headstart.studies._repeats import gain, interval, mean
from headstart.studies._store import StudyFolder, merge_options, open_study, require_empty
from headstart.studies.yosinski.record import SCHEMA, SERIES, Cut, Network, Transfer
from headstart.studies.yosinski.transplant import check_cuts, shape_digest, treatment, with_weights_of
from headstart.studies.yosinski.two_tasks import Part, apart, by_classes, by_training_part_of

Data = str | Path | Dataset | tuple[Any, Any]
FILE = "yosinski.json"
SMALL = 3 * 64 * 64  # numbers in a row; batches of such rows are computed in one part
GUESS = 300.0  # samples a second in training, for the progress bar until it knows better


def yosinski(  # noqa: PLR0913  # two tasks and two networks
    base: str | nn.Module,
    task_a: Data,
    task_b: Data | None = None,
    *,
    base_a: nn.Module | None = None,
    base_b: nn.Module | None = None,
    out: str | Path | None = None,
    settings: YosinskiSettings | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    engine: Engine | None = None,
    **options: Any,
) -> Transfer:
    """Copy the first n blocks of a network, begin the rest anew, train on task B; for every n.

    The networks that blocks are taken from, base A and base B, are trained from scratch on task A and
    task B. BnB and AnB keep the copied blocks frozen; BnB+ and AnB+ train all. What BnB loses
    against base B shows that blocks had adapted to each other; what AnB loses beyond that, how special to
    task A the copied blocks are (arXiv:1411.1792).

    All trainings are alike: the same epochs, learning rate and rows, no augmentation, so that what frozen
    blocks give can be recorded. With one seed, the blocks that are begun anew have the same random
    weights in all four series and the rows come in the same order.

    Args:
        base: the architecture: a name, an `nn.Module` of yours, or what `hs.models.backbone` gave; its
            weights are not looked at and never changed.
        task_a: whatever `hs.data.load` takes, or what it gave.
        task_b: the same; None splits the classes of `task_a` into two tasks, see `split`.
        base_a: a trained network of the same architecture to take in place of base A. Then no task A is
            needed: without `task_b`, all of `task_a` is task B.
        base_b: the same for base B. Its level is then that of a new head on all of its blocks, and that
            it has not seen the held-out rows is yours to see to.
        out: folder for the record `yosinski.json` and the finished steps; empty or new, unless `resume`.
            None keeps nothing.
        settings: or the same as keyword options: `cuts`, `split`, `seeds`, `epochs`, `test`, `size`,
            `fit`, `batch`, `lr`, `precision`, `seed`.
        resume: go on with an interrupted experiment; it ends in the same bytes as if it had not been.
        progress: shows what is going on; None: silent.
        engine: where to compute; None: one process on the CPU.
        **options: fields of `YosinskiSettings` by name.

    Returns:
        The record: balanced accuracy on the held-out part of task B for each series, cut and seed, means
        with 95 % intervals over the seeds, and paired differences to base B.

    Raises:
        BadData: nothing readable, too few classes, or tasks of different kinds.
        BadInput: a setting out of range or a cut that is not there; on resuming, another folder.
        Mismatch: a given network has another architecture.
        CannotWrite: the folder is not empty or can't be written to.
    """
    settings = merge_options(settings, YosinskiSettings(), options)
    folder = None if out is None else Path(out)
    if folder is not None:
        require_empty(folder, resume)
    data = [one if isinstance(one, Dataset) else load(one) for one in (task_a, task_b) if one is not None]
    alike(data)
    for one in data:
        if one.label_kind != "classes":
            raise BadData(f"{one.name} has {one.label_kind}; this experiment is made of tasks with classes.")
    made = suited(backbone_for(data[-1], base), data[-1], settings)
    check_cuts(settings.cuts, made)
    networks = {"base A": base_a, "base B": base_b}
    given = {
        name: with_weights_of(made, backbone_for(data[-1], network), name)
        for name, network in networks.items()
        if network is not None
    }
    digests = dict(
        zip(("task A", "task B") if len(data) == 2 else ("data",), map(data_digest, data), strict=True)
    )
    digests["architecture"] = shape_digest(made)
    digests |= {name: backbone_digest(given[name]) if name in given else "" for name in networks}
    with open_study(folder, settings, digests, resume, progress or Progress()) as place:
        settings, notes = settle_precision(settings, made, engine or One(), place.steps)
        return _Yosinski(place, settings, made, given, engine or One(), notes).run(data)


@dataclass
class _Yosinski:
    """The steps of `yosinski`; each is written down when it is finished."""

    place: StudyFolder
    settings: YosinskiSettings
    made: AnyBackbone
    given: Mapping[str, AnyBackbone]
    engine: Engine
    notes: list[str]

    def run(self, data: list[Dataset]) -> Transfer:
        with self.place.progress.step("look at the data"):
            a, b = self._tasks(data)
            self.made = by_training_part_of(self.made, b)
        self.place.progress.expect(self._expected(a, b))
        levels: dict[str, dict[int, float]] = {"base A": {}, "base B": {}}
        found: dict[tuple[str, int], dict[int, float]] = {(s, n): {} for s in SERIES for n in self.cuts}
        for seed in range(self.settings.seeds):
            for letter, task in (("B", b), ("A", a)):
                network = self._base(f"base {letter}", task, b, seed, levels[f"base {letter}"])
                if network is not None:
                    self._cut(letter, network, b, seed, found)
        record = Transfer(
            schema=SCHEMA,
            headstart=headstart.__version__,
            command=self.place.command,
            backbone=self.made.name,
            backbone_parameters=sum(p.numel() for p in self.made.parameters()),
            blocks=[block.removeprefix("inner.") for block in self.made.blocks],
            base_a=None if a is None else self._network("base A", a, levels["base A"]),
            base_b=self._network("base B", b, levels["base B"]),
            cuts=list(_cuts(found, levels["base B"], least_of(b.data.labels))),
            notes=self.notes,
            settings=self.settings.record(),
            seed=self.settings.seed,
            versions=versions(),
            selection=selection_of(b.data.labels),
        )
        self.place.write(record, FILE)
        return record

    @property
    def cuts(self) -> tuple[int, ...]:
        return self.settings.cuts or tuple(range(1, len(self.made.blocks) + 1))

    def _tasks(self, data: list[Dataset]) -> tuple[Part | None, Part]:
        share, seed = self.settings.test, self.settings.seed
        if len(data) == 1 and "base A" not in self.given:
            return by_classes(data[0], self.settings.split, share, seed)
        first = data[0] if len(data) == 2 and "base A" not in self.given else None
        a, b, said = apart(first, data[-1], share, seed)
        self.notes += said
        return a, b

    def _session(self, network: AnyBackbone, task: Part, cache: str) -> Session:
        return Session(
            network,
            task.data,
            cache=self.place.path / "cache" / cache,
            precision=settled_precision(self.settings),
            engine=self.engine,
            watch=self.place.progress.watch,
        )

    def _base(
        self, name: str, task: Part | None, b: Part, seed: int, levels: dict[int, float]
    ) -> AnyBackbone | None:
        """The network of a seed, trained or given, its level noted; None if its training diverged."""
        step = f"try {name}, seed {seed}"
        if name in self.given:
            network = self.given[name]
            if name == "base B":
                session = self._session(network, b, name)
                head = treatment(len(network.blocks), len(network.blocks), True)
                answer = self.place.once(step, lambda: {"level": self._fit(session, head, b, seed, step)[1]})
                self._note(step, answer, levels, seed)
            return network
        assert task is not None, "a network that is not given has a task"
        session = self._session(self.made, task, name)

        def train() -> dict[str, Any]:
            fitted, level = self._fit(session, FromScratch(), task, derive_seed(seed, name), step)
            return {"level": level, "state": dict(fitted.model.backbone.state_dict())}

        answer = self.place.once(step, train)
        if not self._note(step, answer, levels, seed):
            return None
        network = copy.deepcopy(self.made)
        network.load_state_dict(answer["state"])
        return network

    def _cut(
        self,
        letter: str,
        network: AnyBackbone,
        b: Part,
        seed: int,
        found: dict[tuple[str, int], dict[int, float]],
    ) -> None:
        """Both series that take blocks of a network."""
        cache = f"{letter} {seed}"
        session = self._session(network, b, cache)
        for cut in self.cuts:
            for sign, frozen in (("", True), ("+", False)):
                method = treatment(len(self.made.blocks), cut, frozen)
                step = _step(letter, frozen, cut, seed)
                answer = self.place.once(step, partial(self._level, session, method, b, seed, step))
                self._note(step, answer, found[f"{letter}nB{sign}", cut], seed)
        shutil.rmtree(self.place.path / "cache" / cache, ignore_errors=True)  # of no use to other seeds

    def _level(self, *arguments: Any) -> dict[str, float]:
        """The score of a training, as a step keeps it."""
        return {"level": self._fit(*arguments)[1]}

    def _fit(
        self, session: Session, method: Method[Any], task: Part, seed: int, step: str
    ) -> tuple[Fitted, float]:
        """A training on a task, and its figure of selection on the held-out part."""
        settings = self.settings
        seed = derive_seed(self.settings.seed, "yosinski", seed)
        recipe = recipe_for(method, settings, self.settings.epochs, len(task.train), seed)
        small = session.samples(task.train[:1]).numel() <= SMALL
        recipe = replace(recipe, views=0, accumulate=1 if small else recipe.accumulate)
        checkpoint = self.place.steps.checkpoint(step)
        fitted = session.fit(method, task.train, recipe, name=step, checkpoint=checkpoint)
        return fitted, value(fitted.logits(task.test), task.data.labels[task.test])

    def _note(self, step: str, answer: dict[str, Any], levels: dict[int, float], seed: int) -> bool:
        """Write the level down, or why there is none; whether there is one."""
        if "diverged" in answer:
            self.notes.append(f"{step.removeprefix('try ')} is left out: {answer['diverged']}")
            return False
        levels[seed] = answer["level"]
        return True

    def _network(self, name: str, task: Part, levels: Mapping[int, float]) -> Network:
        values = list(levels.values())
        return Network(
            task=task.data.name,
            classes=list(task.data.classes),
            train_rows=len(task.train),
            test_rows=len(task.test),
            given=name in self.given,
            seeds=list(levels),
            score=values,
            mean=mean(values) if values else None,
            interval=interval(values, least_of(task.data.labels)) if values else None,
        )

    def _expected(self, a: Part | None, b: Part) -> dict[str, float]:
        """The names of all steps with a guess of the seconds of each."""
        second = self.settings.epochs / GUESS
        steps: dict[str, float] = {}
        for seed in range(self.settings.seeds):
            for letter, task in (("B", b), ("A", a)):
                if task is not None:
                    steps[f"try base {letter}, seed {seed}"] = len(task.train) * second
                for cut in self.cuts:
                    share = 1 - cut / (len(self.made.blocks) + 1)
                    steps[_step(letter, True, cut, seed)] = share * len(b.train) * second
                    steps[_step(letter, False, cut, seed)] = len(b.train) * second
        return steps


def _step(letter: str, frozen: bool, cut: int, seed: int) -> str:
    """The name of a step; files may not tell BnB+ from BnB."""
    return f"try {letter}nB {'frozen' if frozen else 'tuned'} at {cut}, seed {seed}"


def _cuts(
    found: Mapping[tuple[str, int], Mapping[int, float]], base: Mapping[int, float], least: float
) -> Iterator[Cut]:
    for (series, cut), levels in found.items():
        values = list(levels.values())
        if values:
            told = interval(values, least), gain(levels, base, least)
            yield Cut(series, cut, list(levels), values, mean(values), *told)
