"""What is measured once a method is chosen: each block, few labels, and the final models on the test part.

The selected model is compared with what any model has to beat: the same architecture from random weights, a
linear model of the raw features, and a constant.
"""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import Diverged, LabelKind, Method, derive_seed, label_kind_of
from headstart.data.dataset import Dataset
from headstart.data.labels import labels_of
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.methods.mapping.words.tf_idf import TfIdf
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.metrics.thresholds import Threshold
from headstart.records.record import Interval
from headstart.report.metric import drawn_metric
from headstart.report.text import join_words
from headstart.run.progress import Progress
from headstart.session.recipes import recipe_for
from headstart.session.scoring import DECIDED, decided, difference, metric_value, scores
from headstart.session.session import Session
from headstart.solvers.threads import threads_for
from headstart.studies._store import OutOfTime
from headstart.studies.adapt import Layer, SizePoint, Tested
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.fitted_model import FittedModel, to_keep
from headstart.studies.adapt.plan import NO_ROOM, NO_SCRATCH, STOPPED_SCRATCH, refit_name
from headstart.studies.curve.subsets import SubsetTrials
from headstart.studies.probe import ProbeSettings
from headstart.studies.probe.outputs import read_blocks
from headstart.studies.probe.run import make_tasks, probe_block

LAYERS = "probe every block"
NO_COMPARISON = "From scratch: its loss stopped being a number, so there is nothing to compare transfer with."
SEEDS = 5  # of the probe in the size curve; whole models get one, as each costs a training
REAL_ROWS = "real-rows"
RIVALS = {"from-scratch": "From scratch", REAL_ROWS: "The same without the generated rows"}
CONSTANTS: dict[LabelKind, tuple[str, str]] = {  # the model that ignores the samples: name and title
    "classes": ("majority-class", "Always the largest class"),
    "tags": ("tag-shares", "Each tag as often as in training"),
    "numbers": ("mean", "Always the mean"),
}


# --- on the training part: the blocks, and few labels


def layers_of(validation: CrossValidation) -> list[Layer]:
    """`probe_layers` on the training part, as a step of the study; [] if there is no time for it."""
    session, said = validation.session, f"The blocks of the backbone were not probed: {NO_ROOM}"
    if not validation.budget.fits(LAYERS, [LAYERS], said=said):
        return []

    def compute() -> dict[str, Any]:
        layers = probe_layers(session, np.arange(len(session.data)), validation.folder.progress)
        return {"layers": [(layer.block, layer.width, *astuple(layer.score)) for layer in layers]}

    kept = validation.folder.once(LAYERS, compute)["layers"]
    return [Layer(block, width, Interval(*score)) for block, width, *score in kept]


def probe_layers(session: Session, rows: NDArray[np.int64], shown: Progress | None = None) -> list[Layer]:
    """The score of a ridge probe on every block's output, averaged over places; see `hs.probe`.

    All blocks are read in one pass over the rows, and each row, or group of rows, is predicted by the exact
    fit without it. The penalty of each probe is the one that serves rows best that were left out.
    """
    tasks = make_tasks(session.data.subset(rows), ProbeSettings(control=0), _drawn(session))
    results = [probe_block("ridge", block, tasks, 0) for block in read_blocks(session, rows, None, shown)]
    return [Layer(result.block, result.width, result.score) for result in results]


def _drawn(session: Session) -> str:
    drawn = drawn_metric(session.metric, session.data.label_kind).name
    return session.metric if session.metric == drawn else drawn


def size_steps(validation: CrossValidation) -> list[tuple[Method[Any], int, int]]:
    """Method, labels a class and number of seeds of every point of the size curve, in order."""
    plan, probe = validation.plan, linear_probe(validation.session.data.label_kind)
    tuned = (FineTune(last=plan.last), FromScratch())
    return [(probe, k, SEEDS) for k in plan.sizes] + [(m, k, 1) for m in tuned for k in plan.sizes_of(m)]


def size_name(method: Method[Any], k: int) -> str:
    """The step's name."""
    return f"{method.about.title} with {k} labels a class"


def size_curve(validation: CrossValidation, solved: bool) -> list[SizePoint]:
    """Scores on the first fold after training on a few labels a class of the other folds.

    Trainings that diverge, or that there is no time for, are left out; a point may so be left with none.

    Args:
        validation: whose session and plan there are.
        solved: whether of the methods that are solved in one pass, or of the others.
    """
    held, rest = np.flatnonzero(validation.folds == 0), np.flatnonzero(validation.folds != 0)
    trials = SubsetTrials(validation.session, validation.settings, rest, held, _drawn(validation.session))
    points, left_out = [], defaultdict[str, list[str]](list)
    for method, k, seeds in size_steps(validation):
        if method.about.closed_form != solved:
            continue
        fits = validation.budget.fits(name := size_name(method, k), [name])
        scores = _scores(validation, trials, method, k, seeds) if fits else None
        if scores is None:
            left_out[method.about.title].append(str(k))
        else:
            points.append(SizePoint(method.about.name, method.about.title, k, scores))
    for title, sizes in left_out.items():
        validation.budget.note(
            f"{title} with {join_words(sizes)} labels a class is not in the size curve: {NO_ROOM}"
        )
    return points


def _scores(
    validation: CrossValidation, trials: SubsetTrials, method: Method[Any], k: int, seeds: int
) -> list[float] | None:
    """Of each seed whose training did not diverge; None: the time was over before they were known."""
    name, epochs = size_name(method, k), validation.plan.epochs_of(method)
    trials = replace(trials, session=validation.session_of(method))

    def compute() -> dict[str, Any]:
        scores = []
        for seed in range(seeds):
            with suppress(Diverged):
                outputs = trials.outputs(method, epochs, k, seed, f"{name} seed {seed}")
                scores.append(metric_value(outputs, trials.truth[0], trials.metric))
        return {"scores": scores}

    with validation.budget.bounded():
        kept = validation.folder.once(name, compute)
    return None if "cut" in kept else list(kept["scores"])


# --- the final models


def refit(validation: CrossValidation, method: Method[Any], name: str = "") -> FittedModel:
    """Fit a method on all of the training part, and what was generated; a step of the study, by its name."""
    name = name or refit_name(method)
    rows = np.arange(len(validation.session.data))

    def compute() -> dict[str, Any]:
        seed = derive_seed(validation.settings.seed, name)
        recipe = recipe_for(method, validation.settings, validation.plan.epochs_of(method), len(rows), seed)
        checkpoint = validation.folder.steps.checkpoint(name)
        return to_keep(validation.fit(method, rows, recipe, name=name, checkpoint=checkpoint))

    kept = validation.folder.once(name, compute)
    if "diverged" in kept:
        raise Diverged(kept["diverged"])
    if "cut" in kept:
        raise OutOfTime
    return FittedModel(method, **kept)


def refit_scratch(validation: CrossValidation) -> FittedModel | None:
    """The same architecture trained from random weights; None if there is no time for it or it diverges."""
    method, budget = FromScratch(), validation.budget
    name = refit_name(method)
    planned = validation.plan.scratch
    epochs = planned and budget.epochs(name, planned)
    if not epochs:
        budget.note(NO_SCRATCH if planned else "")
        return None
    if epochs < planned:
        budget.note(f"From scratch was trained for {epochs} of {planned} epochs: {NO_ROOM}")
    try:
        with budget.bounded():
            return refit(replace(validation, plan=replace(validation.plan, scratch=epochs)), method)
    except Diverged:
        budget.note(NO_COMPARISON)
    except OutOfTime:
        budget.note(STOPPED_SCRATCH)
    return None


def refit_real(validation: CrossValidation, method: Method[Any]) -> dict[str, FittedModel]:
    """The selected method without the generated rows, by its name in the test; none if there are none.

    It is left out, with a note, where it takes longer than there is time for, or diverges.
    """
    if validation.generated is None:
        return {}
    name, budget = f"{refit_name(method)} without the generated rows", validation.budget
    try:
        with budget.bounded():
            return {REAL_ROWS: refit(replace(validation, generated=None), method, name)}
    except (Diverged, OutOfTime):
        budget.note("What the generated rows brought is not known: there was no time to fit without them.")
    return {}


def evaluate_on_test(
    validation: CrossValidation,
    selected: FittedModel,
    rivals: Mapping[str, FittedModel],
    test: Dataset,
    threshold: Threshold | None = None,
) -> tuple[list[Tested], Tensor]:  # and the selected model's logits
    """All figures on the test part, which nothing has seen; the selected model, by its threshold, first.

    `rivals` are "from-scratch" and "real-rows", as far as they were fitted.
    """
    predicted = _predict_test(validation, {"selected": selected, **rivals}, test)
    logits, metric = predicted["logits"], validation.session.metric
    truth = test.labels, test.groups, validation.settings.seed, metric
    (raw, features), (constant, title) = test.modality.baseline, CONSTANTS[test.label_kind]
    regression = "Ridge" if test.label_kind == "numbers" else "Logistic"
    models = {  # title and number of trained parameters
        "selected": (selected.method.title, selected.trained),
        **{name: (RIVALS[name], model.trained) for name, model in rivals.items()},
        raw: (f"{regression} regression on {features}", predicted["raw parameters"]),
        constant: (title, 0),
    }
    if isinstance(selected.method, TfIdf):  # is that regression itself
        logits.pop(raw)
    mine = decided(logits["selected"], threshold if metric in DECIDED else None)
    tested = []
    for name, outputs in logits.items():
        own = threshold if name == "selected" else None
        gain = None if name == "selected" else difference(mine, outputs, *truth)
        tested.append(Tested(name, *models[name], scores(outputs, *truth, own), gain))
    return tested, logits["selected"]


def _predict_test(
    validation: CrossValidation, models: Mapping[str, FittedModel], test: Dataset
) -> dict[str, Any]:
    """Outputs (test rows, outputs) of every model; a step of the study, done once."""
    session, rows = validation.session, np.arange(len(test))

    def compute() -> dict[str, Any]:
        held = Session(session.backbone, test, precision=session.precision, engine=session.engine)
        logits, done = {}, validation.folder.progress.advance((len(models) + 1) * len(test))
        for name, each in models.items():
            own = validation.session_of(each.method)
            read = held if own.backbone.reader == session.backbone.reader else replace(own, data=test)
            logits[name] = read.logits(each.model(own), rows, done)
        logits[test.modality.baseline[0]], parameters = raw_baseline(session, held)
        done(len(test))
        logits[CONSTANTS[test.label_kind][0]] = constant_baseline(session.data, len(test))
        return {"logits": logits, "raw parameters": parameters}

    return validation.folder.once("test", compute)


def raw_baseline(session: Session, held: Session) -> tuple[Tensor, int]:
    """A linear model without a backbone, its penalty chosen as for any probe.

    Returns:
        Its outputs (n, outputs) for all rows of `held`, and the number of its parameters.
    """
    data, rows = session.data, np.arange(len(session.data))
    features = data.modality.features(data, rows, session.backbone.reader)
    x, y = features(data, rows, session.samples), labels_of(data.labels, rows)
    with threads_for(x.numel()):
        head = linear_probe(data.label_kind).solve(x, y, len(data.classes))
    with torch.inference_mode():
        outputs = head(features(held.data, np.arange(len(held.data)), held.samples))
    return outputs, sum(p.numel() for p in head.parameters())


def constant_baseline(train: Dataset, rows: int) -> Tensor:
    """The same outputs (rows, outputs) for every row, of the labels of the training part alone.

    Classes: the log of how often each was seen; tags: the log odds of it; numbers: their means. Half a row
    more counts for and against each class and tag.
    """
    labels: NDArray[Any] = train.labels
    kind = label_kind_of(labels)
    if kind == "classes":
        counts = np.bincount(labels, minlength=len(train.classes)) + 0.5
        outputs = np.log(counts / counts.sum())
    elif kind == "tags":
        outputs = np.log((labels.sum(0) + 0.5) / (len(labels) - labels.sum(0) + 0.5))
    else:
        outputs = labels.mean(0)
    return torch.from_numpy(outputs).float().expand(rows, len(train.classes)).clone()
