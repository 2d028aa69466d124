"""How `adapt` is computed: cross-validate methods, refit the best one, predict the test part once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadInput, LabelKind, Method, derive_seed, make, require_label_kind
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.data.source_task import align_labels, usable_source
from headstart.data.splits import folds
from headstart.data.train_test_split import train_and_test
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.pretraining.supervised import SupervisedPretraining
from headstart.predictor.save import save_model
from headstart.session.recipes import recipe_for
from headstart.session.requirements import needs_source, require_data, require_source_use
from headstart.session.session import Session
from headstart.session.session_data import attach_source
from headstart.studies import _inputs
from headstart.studies._runner import Job, methods_of
from headstart.studies._spec import Study
from headstart.studies.adapt import AdaptSettings, Result
from headstart.studies.adapt.candidates import CrossValidation, choose
from headstart.studies.adapt.evidence import Evidence, fields_of, notes_of, save_pictures
from headstart.studies.adapt.final_models import evaluate_on_test, refit, refit_scratch
from headstart.studies.adapt.layers import layers_of
from headstart.studies.adapt.model_card import card
from headstart.studies.adapt.plan import Plan, amounts, enough, limited, make_plan, only_upper, upper_parts
from headstart.studies.adapt.sizes import size_curve
from headstart.studies.adapt.time_estimate import expected_steps, training_rate, write_timings

DEFAULT = ("logistic-probe", "ridge-probe", "nearest-centroid", "knn", "fine-tune", "lp-ft")
WITH_SOURCE = ("pretrain-fine-tune", "multi-task")


@dataclass(frozen=True)
class Adapted:
    """What `adapt` returns.

    Attributes:
        folder: with `model/`, `result.json`, `timings.json`, `ticks.jsonl` and `report.html`.
        result: the record.
    """

    folder: Path
    result: Result


def load(
    spec: Study, given: Mapping[str, Any], settings: AdaptSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The inputs; labels of a source with the same classes are brought into the order of the data's."""
    inputs = _inputs.load(spec, given, settings, columns)
    if inputs["source"] is not None:
        inputs["source"] = align_labels(inputs["source"], inputs["data"])
    return inputs


def check(settings: AdaptSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse methods that can't learn the labels, lack their source or make nothing of one."""
    kind: LabelKind = inputs["data"].label_kind
    methods = methods_of(settings.methods, inputs)
    if settings.abstain and kind != "classes":
        raise BadInput(
            f"abstain is {settings.abstain:g}, but a model of {kind} is never unsure. Leave it out."
        )
    for method in methods:
        require_label_kind(method, kind)
    if inputs["source"] is not None:
        require_source_use(methods)
    require_data(methods, "this run", source=inputs["source"] is not None)


def compute(job: Job[AdaptSettings]) -> dict[str, Any]:
    """The record's own fields; writes the pictures of mistakes."""
    settings, folder = job.settings, job.folder
    with job.step("look at the data"):
        checked = check_data(job.inputs["data"], reader=job.inputs["backbone"].reader)
        parts = train_and_test(checked.dataset, settings.test, settings.seed)
        train, test = (checked.dataset.subset(rows) for rows in parts)
        source = job.inputs["source"]
        if source is not None:
            source, findings = usable_source(source, checked.dataset, parts[1])
            checked = replace(checked, findings=(*checked.findings, *findings))
    session = job.session(train, np.arange(len(train)), logbook=folder.path / "ticks.jsonl")
    methods = job.methods(settings.methods) or usual_methods(train.label_kind, source is not None)
    plan = _plan(job, session, methods)
    if source is not None:
        _learn_source(job, session, source, plan)
    methods = [limited(method, plan.last) for method in methods]
    numbers = folds(train.strata, train.groups, settings.folds, derive_seed(settings.seed, "folds"))
    validation = CrossValidation(session, numbers, settings, plan, folder)
    job.progress.expect(expected_steps(validation, methods))

    results = validation.run(methods)
    chosen, why = choose(results, train.labels, settings.seed)
    layers = layers_of(validation)
    sizes = size_curve(validation)
    selected = refit(validation, chosen.method)
    scratch = refit_scratch(validation)
    tested, logits = evaluate_on_test(validation, selected, scratch, test)

    with job.step("save"):
        evidence = Evidence(
            settings=settings,
            plan=plan,
            backbone=session.backbone,
            train=train,
            test=test,
            checked=checked,
            results=results,
            chosen=chosen,
            why=why,
            finals=[final for final in (selected, scratch) if final],
            tested=tested,
            logits=logits,
            mistakes=save_pictures(folder.path / "pictures", test, logits),
            layers=layers,
            sizes=sizes,
        )
        job.notes[:] = dict.fromkeys([*job.notes, *notes_of(evidence)])
        job.artefacts["model"] = selected.model(session)
        return fields_of(evidence)


def finish(job: Job[AdaptSettings], record: Result) -> Adapted:
    """Write the model with its card, and what this run took, `timings.json`."""
    kind: LabelKind = job.inputs["data"].label_kind
    model, folder = job.artefacts["model"], job.folder.path / "model"
    save_model(model, folder, tuple(record.classes), job.settings.abstain, card(record), kind)
    write_timings(job, record)
    return Adapted(job.folder.path, record)


def usual_methods(kind: LabelKind, sourced: bool) -> list[Method[Any]]:
    """The default methods that can learn this kind of label."""
    specs = (*DEFAULT, *WITH_SOURCE) if sourced else DEFAULT
    return [method for method in map(make, specs) if kind in method.about.label_kinds]


def _learn_source(job: Job[AdaptSettings], session: Session, source: Dataset, plan: Plan) -> None:
    """Attach the source task, trained for as long as tuning on the whole training part takes, once."""
    name, method = "pre-training on the source", SupervisedPretraining()
    seed = derive_seed(job.settings.seed, name)
    recipe = recipe_for(method, job.settings, plan.epochs_of(method), len(session.data), seed)
    session.source = attach_source(session, source, recipe, job.folder.steps.folder)


def _plan(job: Job[AdaptSettings], session: Session, methods: list[Method[Any]]) -> Plan:
    """What fits the budget; the speed is measured once, so that a resumed run keeps to the plan."""
    settings, kind = job.settings, session.data.label_kind

    def compute_plan() -> dict[str, Any]:
        about = (settings, amounts(session.data))
        ways = sum(1 + needs_source(one, kind) for one in methods if not one.about.closed_form)
        rate = training_rate(session, settings, FineTune())
        plan = make_plan(*about, rate, ways=ways)
        for last in () if settings.methods else upper_parts(len(job.inputs["backbone"].blocks)):
            if enough(plan, settings):
                break
            relative = training_rate(session, settings, FineTune(last=last)) / rate
            plan = only_upper(make_plan(*about, rate, relative, ways), last)
        return plan.record()

    return Plan(**job.folder.once("plan", compute_plan))
