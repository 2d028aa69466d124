"""The main job: try the ways to reuse a backbone, pick one honestly, save it and show the evidence."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from headstart.core import BadData, BadInput, Method, fold, make
from headstart.data.augment import Augment
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.splits import folds
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.models.backbone import AnyBackbone
from headstart.run.engine import Engine, One

from . import made_by
from .candidates import Trials, choose
from .card import card
from .evidence import Evidence, result_of, save_pictures
from .expected import expected_steps
from .finals import judge, refit, refit_scratch
from .folder import backbone_digest, data_digest, prepare_folder, refuse_full, take_back, write_up
from .held_out import train_and_test
from .inputs import backbone_for, suited
from .journal import Journal
from .layers import layers_of
from .plan import Plan, enough, limited, make_plan, only_upper, upper_parts
from .progress import Progress
from .records import Result
from .save import save_model
from .session import Session
from .settings import Settings
from .sizes import size_curve
from .speed import training_rate
from .tables import by_training_part

DEFAULT = ("logistic-probe", "ridge-probe", "nearest-centroid", "knn", "fine-tune", "lp-ft")


@dataclass(frozen=True)
class Adapted:
    """What `adapt` made.

    Attributes:
        folder: with `model/`, `result.json`, `timings.json`, `ticks.jsonl` and `report.html`.
        result: all that the report says.
    """

    folder: Path
    result: Result


def adapt(
    base: str | nn.Module,
    data: str | Path | Dataset | tuple[Any, Any],
    *,
    out: str | Path,
    settings: Settings | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    engine: Engine | None = None,
    **options: Any,
) -> Adapted:
    """Turn a backbone and labelled data into a model, a report and the evidence for both.

    The data are checked and split. On the training part, methods are tried by cross-validation
    under a time budget, and the best is fitted on all of it. Then the held-out test part is
    looked at, once, also through the same architecture trained from scratch, the largest class
    and the raw numbers.

    Args:
        base: a name, an `nn.Module` of yours, or what `hs.models.backbone` gave; never changed.
        data: a folder of class folders, a CSV or Parquet manifest, a built-in name, (x, y), or
            what `hs.data.load` gave.
        out: the run folder; must be empty or new, unless `resume`.
        settings: or the same as keyword options, such as `budget=60`; see `Settings`.
        resume: go on with an interrupted run; it ends in the same bytes as if it had not been.
        progress: shows what is going on; None: silent.
        engine: where to compute; None: one process on the CPU.
        **options: fields of `Settings` by name.

    Returns:
        The run folder and the result.

    Raises:
        BadData: nothing readable, one class, or a class with one row.
        BadInput: an unknown name or a setting out of range; on resuming, another study's folder.
        CannotWrite: the folder is not empty or can't be written to.
        Diverged: a training's loss stopped being a number.
    """
    begun = time.perf_counter()
    settings = replace(settings or Settings(), **options)
    methods = _methods(settings)
    folder = Path(out)
    refuse_full(folder, resume)
    dataset = data if isinstance(data, Dataset) else load(data)
    mapping = suited(backbone_for(dataset, base), dataset, settings)
    digests = {"data": data_digest(dataset), "backbone": backbone_digest(mapping)}
    command = prepare_folder(folder, settings, digests, resume, made_by.command())
    progress = progress or Progress()
    try:
        study = _Study(folder, settings, dataset, mapping, engine or One(), progress)
        result = study.run(methods, command)
        write_up(folder, result, study.journal.spent(), time.perf_counter() - begun)
    except (BadData, BadInput):
        take_back(folder)
        raise
    finally:
        progress.close()
    return Adapted(folder, result)


@dataclass(frozen=True)
class _Study:
    """The steps of `adapt`, in order; each is written down when it is finished."""

    folder: Path
    settings: Settings
    data: Dataset
    backbone: AnyBackbone
    engine: Engine
    progress: Progress

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / "steps")

    def run(self, methods: Sequence[Method[Any]], command: str) -> Result:
        with self.progress.step("look at the data"):
            checked = check(self.data, tokens=self.backbone.tokens)
            parts = train_and_test(checked.dataset, self.settings.test, self.settings.seed)
            train, test = (checked.dataset.subset(rows) for rows in parts)
        session = self._session(train)
        plan = self._plan(session, methods)
        methods = [limited(method, plan.last) for method in methods]
        numbers = folds(train.labels, train.groups, self.settings.folds, fold(self.settings.seed, "folds"))
        trials = Trials(session, numbers, self.settings, plan, self.journal, self.progress)
        self.progress.expect(expected_steps(trials, methods))

        tried = trials.run(methods)
        chosen, why = choose(tried, train.labels, self.settings.seed)
        layers = layers_of(trials)
        sizes = size_curve(trials)
        selected = refit(trials, chosen.method)
        scratch = refit_scratch(trials)
        tested, logits = judge(trials, selected, scratch, test)

        with self.progress.step("save"):
            evidence = Evidence(
                settings=self.settings,
                command=command,
                plan=plan,
                backbone=session.backbone,
                train=train,
                test=test,
                checked=checked,
                tried=tried,
                chosen=chosen,
                why=why,
                finals=[final for final in (selected, scratch) if final],
                tested=tested,
                logits=logits,
                mistakes=save_pictures(self.folder / "pictures", test, logits),
                layers=layers,
                sizes=sizes,
            )
            result = result_of(evidence)
            model = selected.model(session)
            save_model(model, self.folder / "model", train.classes, self.settings.abstain, card(result))
        return result

    def _session(self, train: Dataset) -> Session:
        return Session(
            by_training_part(self.backbone, train),
            train,
            cache=self.folder / "cache",
            precision=self.settings.precision,
            augment=Augment() if train.is_images else None,
            engine=self.engine,
            logbook=self.folder / "ticks.jsonl",
            watch=self.progress.watch,
        )

    def _plan(self, session: Session, methods: Sequence[Method[Any]]) -> Plan:
        """What fits the budget; the speed is measured once, so that a resumed run keeps to the plan."""

        def compute() -> dict[str, Any]:
            counts = np.bincount(session.data.labels, minlength=len(session.data.classes))
            about = (self.settings, len(session.data), int(counts.min()), len(counts))
            ways = sum(not method.about.one_pass for method in methods)
            rate = training_rate(session, self.settings, FineTune())
            plan = make_plan(*about, rate, ways=ways)
            for last in () if self.settings.methods else upper_parts(len(self.backbone.blocks)):
                if enough(plan, self.settings):
                    break
                relative = training_rate(session, self.settings, FineTune(last=last)) / rate
                plan = only_upper(make_plan(*about, rate, relative, ways), last)
            return plan.record()

        with self.progress.step("plan"):
            return Plan(**self.journal.once("plan", compute))


def _methods(settings: Settings) -> list[Method[Any]]:
    return [make(spec) for spec in settings.methods or DEFAULT]
