"""One method of your choice on a backbone and data."""

import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from torch import nn

from headstart.core import BadInput, Guides, Method, make
from headstart.core.guides import open_guides
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.domains import Domains
from headstart.data.load import load
from headstart.data.maybe_labelled import is_labelled, load_maybe_labelled
from headstart.data.pooled import Given
from headstart.data.row_numbers import RowNumberWarning, numbers_left_out
from headstart.data.source_task import load_sources
from headstart.data.unlabelled import load_unlabelled
from headstart.face import spell
from headstart.models.trained_head import HeadChoice
from headstart.predictor.predictor import Predictor
from headstart.predictor.training import Training
from headstart.predictor.training_rows import measure_rows
from headstart.run.engine import Engine, One
from headstart.run.progress import Progress
from headstart.run.recipe import Recipe
from headstart.session.inputs import build_backbone, fit_to_data, hand_on_head
from headstart.session.pretraining import (
    encoder_alone,
    has_labelled_stage,
    needs_labels,
    pretrains,
    require_labels,
    require_weights_use,
)
from headstart.session.requirements import require_source_use, require_target_use, require_teacher_use
from headstart.session.session import FitOptions, Session
from headstart.session.session_data import attach_source, attach_target
from headstart.session.table_backbone import by_training_part
from headstart.session.teacher import attach_teacher, for_students
from headstart.session.view_use import require_view_use

QUICK = 1.0  # seconds; a quicker fit shows no progress bar


class FitWarning(UserWarning):
    """A note on a fit that questions its result."""


def fit(  # noqa: PLR0913  # an option is an argument
    method: Method[Any] | str,
    base: str | nn.Module | Predictor,
    data: str | Path | Dataset | Domains | tuple[Any, Any],
    recipe: Recipe | None = None,
    *,
    cache: str | Path | None = None,
    checkpoint: str | Path | None = None,
    engine: Engine | None = None,
    source: Given | Sequence[Given] | None = None,
    weights: ArrayLike | None = None,
    head: HeadChoice = "keep",
    teacher: Any = None,
    unlabelled: Any = None,
    shared_classes: bool = False,
    views: Any = None,
    augment: Augment | None = None,
    guides: Guides | str | Path | None = None,
) -> Predictor:
    """Carry out one method on all rows of the data; in a notebook a progress bar shows how far it is.

    Args:
        method: with its settings, such as `hs.methods.LPFT()`, or as a text, such as "lp-ft:probe=20".
        base: a name, an `nn.Module` of yours, what `hs.models.backbone` gave, or a model that headstart
            fitted: a predictor, its `model`, or a folder; never changed.
        data: whatever `hs.data.load` takes, or what it gave; or `hs.data.Domains`, whose target the method
            learns from without labels. A method of pre-training, such as `simclr`, takes rows without labels
            as well, as `hs.data.load_unlabelled` does.
        recipe: how to descend; None takes 100 steps of 32 rows with fresh views.
        cache: folder for what frozen parts give, for the next time; None keeps nothing.
        checkpoint: file that an interrupted training goes on from.
        engine: where to compute; None: one process on the CPU.
        source: labelled data of another task, given like `data`, or a list of several such data sets, for
            methods that learn from both.
        weights: (n,) >= 0, how much each labelled row counts, such as importance weights; their scale does
            not matter, and a pre-training before does not read them. None: all the same, or as a method
            weighs them that does so.
        head: of a fitted model. "keep": methods that tune a head begin with its outputs for the classes that
            the data have by the same names; "new": with a new head; {"maize": "corn"} or "maize=corn" renames
            classes of the fitted model first.
        teacher: of methods that learn from one: a predictor, the folder of a run or of a model, a fitted
            estimator of scikit-learn, outputs (rows, classes) of all rows of the data, or a list of these,
            whose answers are averaged; see `headstart.session.teacher.attach_teacher`.
        unlabelled: rows without labels that are learned from with the teacher, or that a method of
            pre-training begins with beside the data, whatever `hs.data.load_unlabelled` takes; labels in them
            are dropped.
        shared_classes: whether the teacher may have other classes than the data; what it says is then
            restricted to those that both have.
        views: of methods that compare random views: a function of samples (n, ...) and their seeds int64
            (n,), a transform of torchvision, or a batched module such as kornia's; see
            `headstart.nn.views.callers.CallersViews`. None: the method's own.
        augment: of training with labels on pictures: `hs.data.Augment(...)`, such as with a colour jitter;
            None: crops and flips. `hs.Recipe(views=0)` turns it off.
        guides: of the base's weights, or the file or folder of `headstart scouts` that holds them: each
            weight takes that share of every update. None: all weights are free.

    Returns:
        The predictor, or of pre-training on rows without labels one with an `encoder` alone;
        its `model` is the fitted backbone and head, its `training` says what happened: the losses (`curve`)
        and what was chosen, left out or is doubtful (`notes`). `save` keeps it all.

    Warns:
        FitWarning: a note that questions the result, such as that importance weights are unreliable, that all
            views of a sample are identical, or that rows of a test part that the data name were learned from.

    Raises:
        BadData: nothing readable, rows without labels where the method learns from labels, or a backbone
            for pictures is given arrays.
        BadInput: something else is given as the method, the base or the recipe; the method learns from a
            source, a target or a teacher and there is none, or there is one and it does not; so with views;
            the teacher has other classes; or weights are no finite numbers >= 0, or nothing reads them.
        Mismatch: the checkpoint was saved from another method, backbone or settings; or the guides are of
            another base.
        CannotWrite: the checkpoint or the cache can't be written.
        Diverged: the loss stopped being a number; the checkpoint holds the last good weights.
    """
    method = make(method) if isinstance(method, str) else method
    base = base.model if isinstance(base, Predictor) else base
    _check_types(method, base, recipe)
    started, progress = time.perf_counter(), Progress.to_notebook(QUICK)
    domains = data if isinstance(data, Domains) else None
    dataset, method, said = _read(method, domains.source if domains else data)
    if domains:
        require_target_use([method])
    require_teacher_use(method, teacher, unlabelled)
    require_view_use(method, views)
    dataset = for_students(method, dataset, teacher)
    require_weights_use(method, weights)
    others = _sources(source, dataset, method)
    mapping = hand_on_head(fit_to_data(build_backbone(dataset, base), dataset), dataset, head)
    if dataset.table is not None:
        mapping = by_training_part(mapping, dataset)
        if numbers := [name for name in dataset.table.ids if name not in dataset.table.words]:
            warnings.warn(numbers_left_out(numbers), RowNumberWarning, stacklevel=2)
    session = Session(
        mapping,
        dataset,
        cache=Path(cache) if cache else None,
        augment=_augment(dataset, augment),
        engine=engine or One(),
        watch=progress.watch,
        views=views,
        guides=open_guides(guides) if isinstance(guides, str | Path) else guides,
    )
    session.source = attach_source(session, others) if others else None
    session.target = attach_target(session, domains.target, domains.target_labelled) if domains else None
    beside = None if unlabelled is None else load_unlabelled(unlabelled, dataset)
    if beside is not None and teacher is None:
        session.unlabelled = replace(session, data=beside)
    if teacher is not None:
        session.teacher = attach_teacher(session, teacher, unlabelled=beside, shared_classes=shared_classes)
    try:
        with progress.step(method.title):
            fitted = session.fit(
                method,
                np.arange(len(dataset)),
                recipe or Recipe(views=None),
                checkpoint=Path(checkpoint) if checkpoint else None,
                options=FitOptions(None if weights is None else np.asarray(weights)),
            )
    finally:
        progress.close()
    alone = pretrains(method) and not has_labelled_stage(method)
    if dataset.label_kind == "classes" and not alone:
        kind = dataset if session.target is None else session.target.session.data
        measure_rows(fitted.model, kind, session.engine.device, recipe.seed if recipe else 0)
    cautions = [*fitted.cautions, *_about_split(dataset)]
    for caution in cautions:
        warnings.warn(caution, FitWarning, stacklevel=2)
    said += [finding.text for finding in dataset.findings]
    notes = list(dict.fromkeys([*said, *mapping.notes, *fitted.notes, *cautions]))
    seconds = time.perf_counter() - started
    training = Training(method.label, method.title, len(dataset), fitted.curve, notes, seconds)
    classes = () if alone else dataset.classes
    return Predictor(
        fitted.model, classes, mapping.preprocess, label_kind=dataset.label_kind, training=training
    )


def _augment(dataset: Dataset, given: Augment | None) -> Augment | None:
    """What makes views of pictures for training with labels."""
    if given is not None and dataset.modality.augment is None:
        raise BadInput(
            f"{spell('augment')} makes views of pictures alone, not of {dataset.name}: leave it out."
        )
    return given or dataset.modality.augment


def _read(method: Method[Any], data: Any) -> tuple[Dataset, Method[Any], list[str]]:
    """The data, the method for them, and notes: without labels, the method ends with the encoder."""
    if not pretrains(method) or needs_labels(method):
        dataset = data if isinstance(data, Dataset) else load(data)
        require_labels(method, dataset)
        return dataset, method, []
    dataset, said = load_maybe_labelled(data)
    return dataset, method if is_labelled(dataset) else encoder_alone(method), said


def _sources(source: Any, dataset: Dataset, method: Method[Any]) -> list[Dataset]:
    """The sources, which the method has to learn from if there are any."""
    others = load_sources(source, dataset)
    if others:
        require_source_use([method], others, dataset.label_kind)
    return others


def _about_split(data: Dataset) -> list[str]:
    """That rows of a test part were learned from."""
    test = sum(part == "test" for part in data.split or ())
    if not test:
        return []
    text = f"The data name a test part, and its {test} of {len(data)} rows were learned from, too."
    return [f"{text} To keep them apart, give data.subset(...) of the other rows, or take hs.adapt."]


def _check_types(method: Any, base: Any, recipe: Any) -> None:
    """Refuse what is no method, base or recipe."""
    if not isinstance(method, Method):
        name = method.__name__ if isinstance(method, type) else ""
        way = f"write {name}()" if name else "give one of hs.methods, such as hs.methods.FineTune()"
        raise BadInput(f"The method is {name or repr(method)}, which is none: {way}.")
    if not isinstance(base, str | nn.Module):
        raise BadInput(
            f"The base is {base!r}; it must be a name, such as 'efficientnet_lite0', an nn.Module, what "
            "hs.models.backbone gave, or a predictor."
        )
    if not isinstance(recipe, Recipe | None):
        raise BadInput(f"The recipe is {recipe!r}; it must be a headstart.Recipe or None.")
