"""What methods learn from beside labelled rows: source task, target domain, groups and sample weights.

A method asks for them by the batch that it eats and by its traits.
"""

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.core import (
    Backbone,
    BadInput,
    Distilled,
    Domains,
    JointTasks,
    LabelKind,
    Method,
    Seeded,
    SourceLabelled,
    Task,
    Unlabelled,
    derive_seed,
    walk,
)
from headstart.data.attributes import class_by_attribute_groups
from headstart.data.dataset import Dataset
from headstart.data.pooled import why_not_pooled
from headstart.data.train_test_split import Rows
from headstart.face import spell
from headstart.models.fast import fast
from headstart.models.words import WordEncoder
from headstart.run.loop import start
from headstart.run.recipe import Recipe
from headstart.session.scoring import outputs_of
from headstart.session.session_data import SessionData


def learns_on_source_alone(stage: Method[Any]) -> bool:
    """Whether a stage learns from the source task alone."""
    return stage.about.needs is SourceLabelled


def needs_source(method: Method[Any], kind: LabelKind = "classes") -> bool:
    """Whether a method learns from a source task, in any of its stages."""
    return any(stage.about.needs in (SourceLabelled, JointTasks) for stage in method.stages(kind))


def needs_target(method: Method[Any]) -> bool:
    """Whether a method learns from unlabelled rows of a target domain, in any of its stages."""
    return any(issubclass(stage.about.needs, Domains | Unlabelled) for stage in method.stages())


def needs_teacher(method: Method[Any]) -> bool:
    """Whether a method learns from a teacher that has to be given."""
    return any(
        issubclass(stage.about.needs, Distilled) and not stage.about.own_teacher for stage in method.stages()
    )


def learns_from_domains(method: Method[Any]) -> bool:
    """Whether a method learns from a labelled source what suits an unlabelled target."""
    stages = method.stages()
    return any(issubclass(stage.about.needs, Domains) for stage in stages) or method.about.weights_source_rows


def label_free_stages(stages: Sequence[Method[Any]]) -> tuple[Method[Any], ...]:
    """The stages that need no labels at all.

    Raises:
        BadInput: there are none.
    """
    unlabelled = tuple(stage for stage in stages if stage.about.needs is Unlabelled)
    if not unlabelled:
        raise BadInput(
            f"{stages[-1].label} learns from labelled rows of the source, and there is only a saved model. "
            "Take shot, which needs no source, or give the source."
        )
    return unlabelled


def require_data(
    methods: Iterable[Method[Any]],
    where: str,
    *,
    source: bool = False,
    target: bool = False,
    target_labelled: bool = False,
    teacher: bool = False,
) -> None:
    """Raise unless all that the methods learn from beside labelled rows is there.

    Args:
        methods: that are to be carried out.
        where: what lacks the data, as in "a curve".
        source: whether there is a source task.
        target: whether there are unlabelled rows of a target domain.
        target_labelled: whether some of the target's rows are labelled.
        teacher: whether there is a teacher.

    Raises:
        BadInput: it names the first method that lacks something, and how to give it.
    """
    for method in methods:
        if not source and needs_source(method):
            raise BadInput(
                f"{method.label} learns from a source task too, and {where} has none. Give it one with "
                f"{spell('source')}, in adapt or fit."
            )
        if not target and needs_target(method):
            raise BadInput(
                f"{method.label} learns from an unlabelled target too, and {where} has none. Take headstart "
                "align, hs.align, or hs.fit with hs.data.Domains(source, target)."
            )
        if not teacher and needs_teacher(method):
            raise BadInput(
                f"{method.label} learns from a teacher, and {where} has none. Take headstart distil or "
                "hs.distil, or give hs.fit one as its teacher: a predictor, a run folder or an estimator."
            )
        if target and not target_labelled and method.about.needs_target_labels:
            raise BadInput(
                f"{method.label} learns from labelled rows of the target, and there are none. Give some: "
                f"{spell('target_labelled', ..., stands='DATA')}. "
                "coral and importance-weighting need none."
            )


def learns_one_source(method: Method[Any], kind: LabelKind = "classes") -> bool:
    """Whether one head learns all that a method learns from sources."""
    return any(map(learns_on_source_alone, method.stages(kind)))


def require_source_use(
    methods: Sequence[Method[Any]], sources: Sequence[Dataset], kind: LabelKind, measured: bool = False
) -> None:
    """Raise unless the source tasks that were given are learned from by one of the methods, if there are any.

    Args:
        methods: that are named.
        sources: one or more.
        kind: of the target's labels.
        measured: whether the sources serve for something else, too.

    Raises:
        BadInput: none does, and the text names those that do; or one of them has one head for all sources,
            whose labels do not go together.
    """
    if methods and not measured and not any(map(needs_source, methods)):
        names = ", ".join(sorted(kind.about.name for kind in walk() if needs_source(kind())))
        raise BadInput(f"There is a source, but no method learns from it. These do: {names}.")
    if why := why_not_pooled(sources):
        for method in methods:
            if learns_one_source(method, kind):
                raise BadInput(
                    f"{method.label} learns all sources with one head, and {why}. Take multi-task, which has "
                    "a head for each, or give one source."
                )


def require_target_use(methods: Iterable[Method[Any]]) -> None:
    """Raise unless each of the methods learns from the labelled source and the target that were given.

    Raises:
        BadInput: it names the methods that do.
    """
    for method in methods:
        if learns_from_domains(method):
            continue
        if needs_target(method):
            raise BadInput(
                f"{method.label} adapts a model that is there while it answers, and learns none from labels. "
                "Take headstart stream or hs.stream."
            )
        names = ", ".join(sorted(kind.about.name for kind in walk() if learns_from_domains(kind())))
        raise BadInput(f"There is a target, but {method.label} does not learn from it. These do: {names}.")


def require_teacher_use(method: Method[Any], teacher: object, unlabelled: object) -> None:
    """Raise unless a teacher and unlabelled rows, if they were given, are learned from by the method.

    Raises:
        BadInput: they are not; it names the methods that do.
    """
    if teacher is not None and not needs_teacher(method):
        names = ", ".join(sorted(kind.about.name for kind in walk() if needs_teacher(kind())))
        raise BadInput(f"There is a teacher, but {method.label} does not learn from one. These do: {names}.")
    if unlabelled is not None and teacher is None and not issubclass(method.about.needs, Seeded):
        raise BadInput(
            f"{method.about.name} does not learn from unlabelled rows alone. Give a teacher to tell of them, "
            f"{spell('teacher', ..., stands='RUN')}; or take a method that pre-trains on them first, such as "
            "simclr; or hs.data.Domains(data, unlabelled) with one that learns from a target."
        )


def learns_from_words(method: Method[Any], backbone: Backbone) -> bool:
    """Whether a method learns from columns where a backbone reads texts, whose words are those columns."""
    tokens = getattr(backbone, "tokens", None)
    return method.about.needs_columns and tokens is not None and not isinstance(backbone, WordEncoder)


def require_learnable(
    methods: Iterable[Method[Any]], backbone: Backbone, kind: LabelKind, sources: int = 1
) -> None:
    """Raise unless all stages of the methods find what they train in a backbone, which is copied.

    Args:
        methods: that are to be carried out.
        backbone: that they train.
        kind: of the labels.
        sources: how many source tasks there are.

    Raises:
        BadInput: it names the first method that does not, such as one for blocks that are not there.
    """
    example = getattr(backbone, "example", torch.empty(0))
    task = Task(2, tuple(example.shape[1:]), 2, kind=kind, groups=(1, 1), columns=_columns_like(example))
    for method in methods:
        for stage in method.stages(kind):
            if not learns_from_words(stage, backbone):
                stage.shipped_backbone(backbone)  # refuses one that the stage can't read
            if not stage.about.closed_form:
                recipe = replace(Recipe(steps=1), **stage.recipe_overrides())
                start(stage, copy.deepcopy(backbone), replace(task, sources=(task,) * sources), recipe)


def _columns_like(example: Tensor) -> Tensor | None:
    """Rows of which every column varies, such as an example (n, columns); None if its rows are no columns."""
    return torch.cat([example, example + 1]) if example.ndim == 2 and example.is_floating_point() else None


FEW = 5  # rows of a group below which it is named


def group_rows(data: Dataset, rows: Rows) -> tuple[int, ...]:
    """How many of `rows` (n,) each group has."""
    groups = class_by_attribute_groups(data)
    return tuple(np.bincount(groups.numbers[rows], minlength=len(groups.names)).tolist())


def group_notes(data: Dataset, rows: Rows) -> Iterator[str]:
    """Notes on groups that are classes for want of an attribute, and on small ones."""
    groups = class_by_attribute_groups(data)
    if not groups.by_attribute:
        yield (
            "The data have no attribute, so the groups are the classes. Name one with "
            f"{spell('attribute_column')} to look after groups within them."
        )
    counts = np.bincount(groups.numbers[rows], minlength=len(groups.names))
    small = [
        f"{groups.names[group]} ({counts[group]})" for group in np.flatnonzero((counts > 0) & (counts < FEW))
    ]
    if small:
        yield f"Groups with fewer than {FEW} training rows: {', '.join(small[:5])}. Their rows weigh much."


def row_weights(
    session: SessionData, method: Method[Any], rows: Rows, seed: int, given: np.ndarray | None
) -> tuple[np.ndarray | None, list[str]]:
    """Weights of all rows of a session's data, 1 on average over `rows`, and notes; None if all are equal.

    Raises:
        BadInput: they are not finite numbers >= 0, one a row, or all of `rows` have 0.
    """
    notes: list[str] = []
    if given is None and method.about.weights_source_rows and session.target is not None:
        target = session.target
        both = features(session, rows), features(target.session, target.rows)
        estimated = method.row_weights(*both, derive_seed(seed, "weights"))
        assert estimated is not None
        given = np.zeros(len(session.data))
        given[rows] = estimated.numpy(force=True)
        warning = method.unreliable_weights(*both, estimated)
        notes = [] if warning is None else [warning]
    if given is None:
        return None, []
    weights = np.asarray(given, dtype=np.float64)
    wrong = weights.shape != (len(session.data),) or not np.isfinite(weights).all() or (weights < 0).any()
    if wrong or not weights[rows].sum() > 0:
        raise BadInput(
            f"Weights must be {len(session.data)} finite numbers >= 0, one for each row and not all 0; "
            "drop rows whose weight is unknown."
        )
    return weights / weights[rows].mean(), notes


def features(session: SessionData, rows: Rows) -> Tensor:
    """What the frozen backbone gives (n, width) for rows (n,)."""
    return outputs_of(frozen_encoder(session), session.source_in(None), rows, session.engine.device)


def frozen_encoder(session: SessionData) -> nn.Module:
    """A copy of the backbone on the session's device that gives features as fast as it can."""
    device = session.engine.device
    return (
        fast(session.backbone) if device.type == "cpu" else copy.deepcopy(session.backbone).to(device).eval()
    )
