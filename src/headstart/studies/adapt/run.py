"""How `adapt` is computed: cross-validate methods, refit the best one, predict the test part once."""

import math
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadInput, LabelKind, Method, MissingPackage, derive_seed, require_label_kind
from headstart.data.check import check as check_data
from headstart.data.class_findings import rows_alone
from headstart.data.dataset import Dataset
from headstart.data.label_fixes import all_fixes
from headstart.data.source_task import require_same_inputs, usable_sources
from headstart.data.splits import folds
from headstart.data.train_test_split import train_and_test
from headstart.face import spell
from headstart.methods.mapping.pretraining.supervised import SupervisedPretraining
from headstart.predictor.training import Training
from headstart.records.label_errors import FILE as LABEL_ERRORS
from headstart.report.text import join_words
from headstart.run.engine_choices import EngineChoices
from headstart.run.step_cache import StepCache
from headstart.session.recipes import recipe_for
from headstart.session.requirements import (
    require_data,
    require_learnable,
    require_source_use,
)
from headstart.session.scoring import choose_metric
from headstart.session.session import Session
from headstart.session.session_data import attach_source
from headstart.studies._runner import Job, load_inputs, methods_of
from headstart.studies._spec import Study
from headstart.studies._trim import trim_run
from headstart.studies.adapt import AdaptSettings, Result, Timing, Timings
from headstart.studies.adapt.adapted import Adapted
from headstart.studies.adapt.budget import Budget
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.choice import best, choose, transfers
from headstart.studies.adapt.evaluation import (
    evaluate_on_test,
    layers_of,
    refit,
    refit_real,
    refit_scratch,
    size_curve,
)
from headstart.studies.adapt.expected_steps import expected_steps, likely_steps, steps_by_method
from headstart.studies.adapt.explained_rows import explain_rows
from headstart.studies.adapt.few_rows import with_possible_folds
from headstart.studies.adapt.first_model import first_probe, save_first
from headstart.studies.adapt.first_steps import begin_to_read
from headstart.studies.adapt.fixed_costs import ALWAYS, EXPLAINED, KEPT, LABELS_PAGE, RANKED
from headstart.studies.adapt.forgetting import hold_out, measure_forgetting, old_model
from headstart.studies.adapt.generated_rows import about_generated, added_rows, load_generated
from headstart.studies.adapt.given_guides import about_guides, load_guides
from headstart.studies.adapt.going_on import about_sittings, drop_outgrown, require_more
from headstart.studies.adapt.kept_examples import keep_examples
from headstart.studies.adapt.label_errors import label_errors_of
from headstart.studies.adapt.larger_budget import remeasured
from headstart.studies.adapt.opening import about_inputs, about_plan
from headstart.studies.adapt.page_labels import write_labels_page
from headstart.studies.adapt.plan import Plan, limited, refit_name
from headstart.studies.adapt.planner import Planner, plan_study
from headstart.studies.adapt.record_fields import (
    about_candidate,
    about_data,
    about_test,
    curves_of,
    notes_of,
    save_mistakes,
)
from headstart.studies.adapt.shipped_model import ship_model
from headstart.studies.adapt.two_classes import (
    choose_threshold,
    measure_two_classes,
    positive_of,
    require_two_classes,
)
from headstart.studies.adapt.usual_methods import left_out, not_pooled, usual_methods, within_bounds

NOTED = ("one-example", "codes")  # kinds of findings that are notes of the run, too


def load(
    spec: Study, given: Mapping[str, Any], settings: AdaptSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The inputs, the data with their label fixes.

    `_old` is the fitted model that was given as the backbone, if its old data may be there; `_decided` are
    the rows that the fixes decide.
    """
    inputs = load_inputs(spec, given, settings, columns)
    decided = {fix.item for fix in all_fixes(given.get("label_fixes")) if fix.action}
    old = old_model(given.get("backbone"), inputs["source"] or [])
    inputs["guides"] = load_guides(given.get("guides"), inputs["backbone"], inputs["data"])
    inputs["augment_with"] = load_generated(given.get("augment_with"), inputs["data"], columns)
    return {**inputs, "_old": old, "_decided": decided, "_generated": given.get("augment_with")}


def check(settings: AdaptSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse methods that can't learn the labels, lack their source or make nothing of one."""
    kind: LabelKind = inputs["data"].label_kind
    methods = methods_of(settings.methods, inputs)
    for name, why in (("abstain", "is never unsure"), ("logit_adjustment", "has no classes")):
        if (value := getattr(settings, name)) and kind != "classes":
            raise BadInput(f"{spell(name)} is {value:g}, but a model of {kind} {why}. Leave it out.")
    for method in methods:
        require_label_kind(method, kind)
    if settings.transfer_only and methods and not any(map(transfers, methods)):
        raise BadInput(
            f"{spell('transfer_only')} leaves nothing to select, as "
            f"{join_words([method.label for method in methods])} transfer nothing. Take others, or leave it."
        )
    require_two_classes(settings, inputs["data"])
    choose_metric(inputs["data"].labels, settings.metric)
    if settings.quality == "fast":
        require_solved(settings, methods, inputs["source"] or [])
    sources, old = inputs["source"] or [], inputs["_old"]
    if sources:
        require_same_inputs([*sources, inputs["data"]])
        measured = old is not None and all(map(old.knows, sources))
        require_source_use(methods, sources, kind, measured)
    require_data(methods, "this run", source=bool(sources))
    require_learnable(methods, inputs["backbone"], kind, max(1, len(sources)))


def require_solved(settings: AdaptSettings, methods: Sequence[Method[Any]], sources: Sequence[Any]) -> None:
    """Refuse what the fast quality has no use for: it trains nothing by gradients."""
    whole = [method.label for method in methods if not method.about.closed_form]
    asked = [spell("methods", [label]) for label in whole]
    asked += [spell("epochs", settings.epochs)] if settings.epochs is not None else []
    asked += [spell("source")] if sources else []
    if asked:
        raise BadInput(
            f"{spell('quality', 'fast')} trains no whole model, so it has no use for {join_words(asked)}. "
            f"Leave that out, or choose {spell('quality', 'good')}."
        )


def resume(out: Path, before: AdaptSettings, now: AdaptSettings) -> None:
    """Make a run, finished or not, ready for the larger budget that it may be resumed with."""
    if (out / "result.json").exists() and not (out / "steps").exists():
        raise BadInput(
            f"Of the finished run in {out} the results alone were kept, so there are no steps to go on from. "
            f"{spell('overwrite', True)} begins anew."
        )
    if (before.seconds, before.quality) != (now.seconds, now.quality):
        require_more(before, now)
        drop_outgrown(StepCache(out / "steps"), before)


def compute(job: Job[AdaptSettings]) -> dict[str, Any]:
    """The record's own fields; writes the pictures of mistakes."""
    settings, folder = job.settings, job.folder
    job.progress.limit, job.progress.certain = settings.limit, frozenset(ALWAYS)
    with job.step("check the data"):
        done = job.progress.advance(len(job.inputs["data"]))
        checked = check_data(
            job.inputs["data"], reader=job.inputs["backbone"].reader, untested=True, done=done
        )
        parts = train_and_test(checked.dataset, settings.test, settings.seed)
        train, test = (checked.dataset.subset(rows) for rows in parts)
        given, old = job.inputs["source"] or [], job.inputs["_old"]
        sources, old_tasks = hold_out(old, given, checked.dataset, settings)
        sources, said = usable_sources(sources, checked.dataset, parts[1])
        generated, added = added_rows(job.inputs, train, test, settings.augment_weight)
        checked = replace(checked, findings=(*checked.findings, *said))
    added += about_guides(job.inputs["guides"])
    job.notes.extend([*(one.text for one in checked.findings if one.kind in NOTED), *added])
    job = with_possible_folds(job, train)
    settings, whole = job.settings, len(job.inputs["data"])
    job.progress.tell(about_inputs(whole, checked, (train, test), job.inputs["backbone"], settings))
    metric = choose_metric(train.labels, settings.metric, positive_of(settings, train))
    choose_metric(test.labels, settings.metric)  # refuses a test part that has no such figure
    how = {"logit_adjustment": settings.logit_adjustment, "guides": job.inputs["guides"], "metric": metric}
    session = job.session(train, np.arange(len(train)), logbook=folder.path / "ticks.jsonl", **how)
    equal = metric == "balanced_accuracy" and not settings.logit_adjustment
    usual = (train, sources, equal, settings.quality, session.backbone)
    methods = job.methods(settings.methods) or usual_methods(*usual)
    methods, beyond = within_bounds(methods, session)
    job.notes.extend(beyond + ([] if settings.methods else [*left_out(train), *not_pooled(sources)]))
    budget, quick = Budget(settings.limit or math.inf, folder), first_probe(methods, train.label_kind)
    rows = {"train": len(train), "test": len(test), "old": sum(len(task.data) for task in old_tasks)}
    reading = begin_to_read(job, session, quick, budget, rows)
    session = replace(session, backbone=reading.backbone)
    session.watch = budget.watch
    numbers = folds(train.strata, train.groups, settings.folds, derive_seed(settings.seed, "folds"))
    numbers[rows_alone(checked.dataset)[parts[0]]] = -1  # learned from in every fold
    probed = replace(session, backbone=reading.probed)
    validation = CrossValidation(
        session, numbers, settings, folder, budget, probed=probed, generated=generated
    )
    read = save_first(job, validation, quick) / len(train)
    planner = Planner(job, session, budget, read)
    likely = replace(validation, plan=planner.likely(methods))
    job.progress.expect(likely_steps(likely, methods, read, rows))
    solved = validation.solve(methods, quick)
    able = [one for one in solved if transfers(one.method) or not settings.transfer_only]
    if (ahead := best(able, train.labels, metric)) and ahead.method is not quick:
        save_first(job, validation, ahead.method)
    plan = plan_study(planner, methods)
    if sources:
        _learn_sources(job, session, sources, plan)
    methods = [limited(method, plan.last) for method in methods if method.label not in plan.left_out]
    job.progress.tell(about_plan(plan, settings, budget.elapsed(), len(solved)))
    validation = replace(validation, plan=plan)
    job.progress.forget("")  # what was likely
    job.progress.expect(expected_steps(validation, methods, read, rows))
    results = validation.race(methods, solved)
    validation = replace(validation, plan=remeasured(validation, results))
    results += validation.race_adapters(results)
    chosen, why = choose(results, train, metric, settings.seed, settings.transfer_only)
    for result in results:
        if result is not chosen:
            job.progress.forget(refit_name(result.method))
    selected = refit(validation, chosen.method)
    layers, sizes = layers_of(validation), size_curve(validation, solved=True)
    scratch = refit_scratch(validation)
    rivals = refit_real(validation, chosen.method) | ({"from-scratch": scratch} if scratch else {})
    sizes += size_curve(validation, solved=False)
    decision = choose_threshold(settings, train, chosen, metric)
    threshold = decision.saved if decision else None
    tested, logits = evaluate_on_test(validation, selected, rivals, test, threshold)
    forgetting, cautions = measure_forgetting(validation, old_tasks, selected)

    with job.step(RANKED):
        pictures = folder.path / "pictures"
        ranked = label_errors_of(results, chosen, train, metric, pictures, job.inputs["_decided"])
        folder.write(ranked, LABEL_ERRORS)

    model = selected.model(validation.session_of(chosen.method))
    job.artefacts |= {"model": model, "metric": metric}
    with job.step(KEPT):
        keep_examples(job, model, train, read)
    with job.step(EXPLAINED):
        explain_rows(job, model, test, (logits, threshold), read)
    with job.step("save"):
        budget.note_overrun()
        finals = [final for final in (selected, scratch) if final]
        noted = notes_of(validation, test, results, finals, sizes)
        sittings = about_sittings(folder, settings)
        job.notes[:] = dict.fromkeys([*job.notes, *sittings, *cautions, *noted])
        method = selected.method
        job.artefacts["training"] = Training(
            method.label, method.title, len(train), selected.curve, selected.notes
        )
        return {
            **about_data(session, test, checked),
            "readings": list(reading.compared),
            **about_generated(generated),
            "candidates": [about_candidate(result, validation) for result in job.progress.count(results)],
            "selected": chosen.method.label,
            "why": why,
            "larger_budget": validation.plan.larger,
            "layers": layers,
            "size_curve": [point for point in sizes if point.score],
            "curves": list(curves_of(results, finals)),
            **about_test(train, test, tested, logits, method, threshold),
            "two_classes": decision and measure_two_classes(logits, test, decision, settings.seed),
            "forgetting": forgetting,
            "mistakes": save_mistakes(pictures, test, logits, threshold),
        }


def finish(job: Job[AdaptSettings], record: Result) -> Adapted:
    """Write the model with its card, and what this run took, `timings.json`."""
    folder = job.folder.path
    ship_model(job, record)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    steps = {name: Timing(**cost) for name, cost in job.folder.steps.spent().items()}
    by_method = steps_by_method(steps, [candidate.name for candidate in record.candidates])
    forward = str(EngineChoices(folder / "cache"))
    earlier = job.folder.steps.carried
    timings = Timings(machine, job.progress.elapsed() + earlier, by_method, forward, earlier)
    job.folder.write(timings, "timings.json")
    with job.step(LABELS_PAGE), suppress(MissingPackage):  # which `headstart labels` names
        write_labels_page(folder)
    return Adapted(folder, record)


def trim(job: Job[AdaptSettings]) -> None:
    """Remove what the finished run does not need."""
    trim_run(job.folder.path, job.settings.keep_files)


def _learn_sources(job: Job[AdaptSettings], session: Session, sources: Sequence[Dataset], plan: Plan) -> None:
    """Attach the source tasks, trained for as long as tuning on the whole training part takes, once."""
    name, method = "pre-training on the source", SupervisedPretraining()
    seed = derive_seed(job.settings.seed, name)
    recipe = recipe_for(method, job.settings, plan.epochs_of(method), len(session.data), seed)
    session.source = attach_source(session, sources, recipe, job.folder.steps.folder)
