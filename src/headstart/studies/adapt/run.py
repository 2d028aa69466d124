"""The main job: try the ways to reuse a backbone, pick one honestly, save it and show the evidence."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from headstart.core import BadData, BadInput, LabelKind, Method, derive_seed, make, require_label_kind
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.splits import folds
from headstart.data.train_test_split import train_and_test
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.pretraining.supervised import SupervisedPretraining
from headstart.models.backbone import AnyBackbone
from headstart.predictor.save import save_model
from headstart.records import provenance as made_by
from headstart.records.record import Result
from headstart.records.settings import AdaptSettings
from headstart.run.engine import Engine, One
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.session.inputs import backbone_for, suited
from headstart.session.precision import settle_precision, settled_precision
from headstart.session.recipes import recipe_for
from headstart.session.session import Session
from headstart.session.source import SourceTask, beside, needs_source, refuse_sourced, refuse_unused
from headstart.session.source_data import fit_to_learn, loaded_source
from headstart.session.target import refuse_targeted
from headstart.session.training import training_session
from headstart.studies._inputs import backbone_digest, data_digest
from headstart.studies._store import prepare_folder, remove_unstarted, require_empty
from headstart.studies.adapt.candidates import Trials, choose
from headstart.studies.adapt.card import card
from headstart.studies.adapt.evidence import Evidence, result_of, save_pictures
from headstart.studies.adapt.expected import expected_steps
from headstart.studies.adapt.finals import judge, refit, refit_scratch
from headstart.studies.adapt.layers import layers_of
from headstart.studies.adapt.plan import Plan, amounts, enough, limited, make_plan, only_upper, upper_parts
from headstart.studies.adapt.sizes import size_curve
from headstart.studies.adapt.speed import training_rate
from headstart.studies.adapt.timings import write_up

DEFAULT = ("logistic-probe", "ridge-probe", "nearest-centroid", "knn", "fine-tune", "lp-ft")
WITH_SOURCE = ("pretrain-fine-tune", "multi-task")


@dataclass(frozen=True)
class Adapted:
    """What `adapt` made.

    Attributes:
        folder: with `model/`, `result.json`, `timings.json`, `ticks.jsonl` and `report.html`.
        result: all that the report says.
    """

    folder: Path
    result: Result


def adapt(  # noqa: PLR0913  # an option is an argument
    base: str | nn.Module,
    data: str | Path | Dataset | tuple[Any, Any],
    *,
    out: str | Path,
    source: str | Path | Dataset | tuple[Any, Any] | None = None,
    settings: AdaptSettings | None = None,
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
        source: labelled data of another task, given like `data`, for the methods that learn from both; they
            are then tried beside the others. Its rows that are copies of rows of the data are left out.
        settings: or the same as keyword options, such as `budget=60`; see `AdaptSettings`.
        resume: go on with an interrupted run; it ends in the same bytes as if it had not been.
        progress: shows what is going on; None: silent.
        engine: where to compute; None: one process on the CPU.
        **options: fields of `AdaptSettings` by name.

    Returns:
        The run folder and the result.

    Raises:
        BadData: nothing readable, one class, or a class with one row.
        BadInput: an unknown name or a setting out of range; a source that no method learns from, or a method
            without its source; on resuming, another study's folder.
        CannotWrite: the folder is not empty or can't be written to.
        Diverged: a training's loss stopped being a number.
    """
    begun = time.perf_counter()
    settings = replace(settings or AdaptSettings(), **options)
    named = [make(spec) for spec in settings.methods]
    folder = Path(out)
    require_empty(folder, resume)
    dataset = data if isinstance(data, Dataset) else load(data)
    other = loaded_source(source, dataset)
    methods = _methods(named, settings, dataset.label_kind, other is not None)
    mapping = suited(backbone_for(dataset, base), dataset, settings)
    digests = {"data": data_digest(dataset), "backbone": backbone_digest(mapping)}
    digests |= {} if other is None else {"source": data_digest(other)}
    command = prepare_folder(folder, settings, digests, resume, made_by.command())
    progress = progress or Progress()
    try:
        engine = engine or One()
        settings, said = settle_precision(settings, mapping, engine, StepCache(folder / "steps"))
        study = _Study(folder, settings, dataset, mapping, engine, progress, said, other)
        result = study.run(methods, command)
        write_up(folder, result, study.journal.spent(), time.perf_counter() - begun)
    except (BadData, BadInput):
        remove_unstarted(folder)
        raise
    finally:
        progress.close()
    return Adapted(folder, result)


@dataclass(frozen=True)
class _Study:
    """The steps of `adapt`, in order; each is written down when it is finished."""

    folder: Path
    settings: AdaptSettings
    data: Dataset
    backbone: AnyBackbone
    engine: Engine
    progress: Progress
    said: list[str]  # of the precision
    source: Dataset | None = None

    @property
    def journal(self) -> StepCache:
        return StepCache(self.folder / "steps")

    def run(self, methods: Sequence[Method[Any]], command: str) -> Result:
        with self.progress.step("look at the data"):
            checked = check(self.data, tokens=self.backbone.tokens)
            parts = train_and_test(checked.dataset, self.settings.test, self.settings.seed)
            train, test = (checked.dataset.subset(rows) for rows in parts)
            source = None
            if self.source is not None:
                source, said = fit_to_learn(self.source, checked.dataset, parts[1])
                checked = replace(checked, findings=(*checked.findings, *said))
        session = self._session(train)
        plan = self._plan(session, methods)
        if source is not None:
            session.source = self._source_task(session, source, plan)
        methods = [limited(method, plan.last) for method in methods]
        numbers = folds(
            train.strata, train.groups, self.settings.folds, derive_seed(self.settings.seed, "folds")
        )
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
                said=self.said,
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
            about = (train.classes, self.settings.abstain, card(result), train.label_kind)
            save_model(model, self.folder / "model", *about)
        return result

    def _session(self, train: Dataset) -> Session:
        precision = settled_precision(self.settings)
        return training_session(self.backbone, train, self.folder, precision, self.engine, self.progress)

    def _source_task(self, session: Session, source: Dataset, plan: Plan) -> SourceTask:
        """The source, learned from for as long as tuning on the whole training part takes, once for all."""
        name = "pre-training on the source"
        seed, method = derive_seed(self.settings.seed, name), SupervisedPretraining()
        recipe = recipe_for(method, self.settings, plan.epochs_of(method), len(session.data), seed)
        return beside(session, source, recipe, self.journal.folder)

    def _plan(self, session: Session, methods: Sequence[Method[Any]]) -> Plan:
        """What fits the budget; the speed is measured once, so that a resumed run keeps to the plan."""

        def compute() -> dict[str, Any]:
            about = (self.settings, amounts(session.data))
            target = session.data.label_kind
            ways = sum(1 + needs_source(one, target) for one in methods if not one.about.closed_form)
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


def _methods(
    named: list[Method[Any]], settings: AdaptSettings, kind: LabelKind, sourced: bool
) -> list[Method[Any]]:
    """Those that were named, or the usual ones that can learn the kind of target."""
    if settings.abstain and kind != "classes":
        raise BadInput(
            f"abstain is {settings.abstain:g}, but a model of {kind} is never unsure. Leave it out."
        )
    for method in named:
        require_label_kind(method, kind)
    if sourced:
        refuse_unused(named)
    else:
        refuse_sourced(named, "this run")
    refuse_targeted(named, "this run")
    usual = (*DEFAULT, *WITH_SOURCE) if sourced else DEFAULT
    return named or [method for method in map(make, usual) if kind in method.about.label_kinds]
