"""Input pipeline: samples or cached activations of the frozen layers, with labels, in batches."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from headstart.core import (
    Batch,
    CacheRefused,
    Distilled,
    Domains,
    Grouped,
    JointTasks,
    Labelled,
    Method,
    SampleLoader,
    Seeded,
    SeededLabelled,
    Task,
    Unlabelled,
    derive_seed,
)
from headstart.data.attributes import class_by_attribute_groups
from headstart.data.domain_batches import join_tasks, pair_domains, unlabelled, unlabelled_once
from headstart.data.grouped import grouped
from headstart.data.labels import labels_of
from headstart.data.random_draws import shuffled
from headstart.data.seeded import Joined, seeded, with_seeds
from headstart.data.stream import Stream, labelled, once
from headstart.data.train_test_split import Rows
from headstart.run.frozen import Replay
from headstart.run.recipe import Recipe
from headstart.run.state import Run
from headstart.session.label_units import LabelUnits as LabelUnits
from headstart.session.label_units import standardise_labels as standardise_labels
from headstart.session.session_data import SessionData
from headstart.session.students import ask_teacher, student_stream, unlabelled_of
from headstart.session.view_use import draws_views

COLUMN_ROWS = 4096  # most rows that cells of a column are drawn from
COLOURS, LOOKED_AT = 3, 32  # channels, and pictures that are looked at for colours


@dataclass(frozen=True)
class InputSource:
    """Input of a run: a loader of samples or cached activations, and the number of views of each row."""

    source: SampleLoader
    replay: Replay | None
    views: int | None
    notes: list[str]


class MethodInputs(NamedTuple):
    """Inputs of a method: of its labelled rows, of the data beside them, of labelled rows of the target."""

    own: InputSource
    beside: tuple[InputSource, ...]
    target_labelled: InputSource | None


def column_rows(session: SessionData, rows: Rows, seed: int) -> Tensor | None:
    """Some of the rows (n,) to draw cells from, (m, columns); None if samples are no rows of columns."""
    if len(session.shape) != 1 or session.backbone.tokens is not None:
        return None
    return session.samples(np.sort(rows[shuffled(len(rows), seed, "columns")[:COLUMN_ROWS]]))


def with_views(session: SessionData, task: Task, rows: Rows, seed: int) -> Task:
    """The task with what views and masks of the rows (n,) are drawn from and made by."""
    columns, grey = column_rows(session, rows, seed), are_grey(session, rows, seed)
    return replace(task, columns=columns, colourless=grey, views=session.views)


def are_grey(session: SessionData, rows: Rows, seed: int) -> bool:
    """Whether pictures are grey, though a backbone reads them in three channels, by some of the rows (n,)."""
    if len(session.shape) != 3 or session.shape[0] != COLOURS:
        return False
    some = session.samples(np.sort(rows[shuffled(len(rows), seed, "colours")[:LOOKED_AT]]))
    return bool((some == some[:, :1]).all())


def training_input(session: SessionData, run: Run[Any], replay: Replay | None) -> InputSource:
    """Input of training: augmented samples, or cached activations of the frozen layers."""
    views = run.recipe.views if session.augment else 0
    if views == 0:
        return plain_input(session, run, replay)
    if views is None or replay is None:  # fresh views in every epoch can't be recorded
        return InputSource(session.source_in(session.augment), None, views, [])
    return _recorded(session, run, replay, views)


def plain_input(session: SessionData, run: Run[Any], replay: Replay | None) -> InputSource:
    """The same without augmentation, for probes and for answers."""
    return _recorded(session, run, replay, 0) if replay else InputSource(session.source_in(None), None, 0, [])


def _recorded(session: SessionData, run: Run[Any], replay: Replay, views: int) -> InputSource:
    """What the run's frozen prefix gives, recorded; the samples if the record can't be trusted."""
    source = session.source_in(session.augment if views else None)
    try:
        return InputSource(session.caches.loader(run, replay, source, views), replay, views, [])
    except CacheRefused as refusal:
        return InputSource(source, None, views, [str(refusal)])


def method_inputs(
    session: SessionData, method: Method[Any], run: Run[Any], replay: Replay | None
) -> MethodInputs:
    """Inputs of all data that a method learns from; cached for all of them or for none."""
    other, few = _beside(session, method), _target_labelled(session, method)
    if draws_views(method):  # of plain samples, by itself
        plain = [InputSource(each.source_in(None), None, 0, []) for each in (session, *other)]
        return MethodInputs(plain[0], tuple(plain[1:]), None)
    if method.about.needs is Unlabelled and other:
        unseen = training_input(other[0], run, replay)
        return MethodInputs(unseen, (unseen,), None)
    own = training_input(session, run, replay)
    beside = tuple(training_input(each, run, own.replay) for each in other)
    if own.replay is not None and own.replay.tokens and unlabelled_of(session, method) is not None:
        return method_inputs(session, method, run, None)  # records of both data differ in length
    target_labelled = None if few is None else training_input(few, run, own.replay)
    given = beside if target_labelled is None else (*beside, target_labelled)
    if any((each.replay is None) != (own.replay is None) for each in given):
        return method_inputs(session, method, run, None)
    return MethodInputs(own, beside, target_labelled)


def example_batch(session: SessionData, method: Method[Any], rows: Rows) -> Batch:
    """A batch of the first of `rows`, of the kind that a method eats."""

    def first(of: SessionData, some: Rows) -> Labelled:
        return Labelled(of.samples(some[:3]), labels_of(of.data.labels, some[:3]))

    batch: Any = first(session, rows)
    if issubclass(method.about.needs, Grouped):
        groups = class_by_attribute_groups(session.data).numbers[rows[:3]]
        batch = Grouped(batch.x, batch.y, batch.weight, torch.from_numpy(groups))
    if issubclass(method.about.needs, Distilled):
        said = ask_teacher(session, method, rows, None)(rows[:3], np.full(len(rows[:3]), -1))
        batch = Distilled(batch.x, batch.y, batch.weight, said.logits, said.features)
    other, target_labelled = _beside(session, method), _target_labelled(session, method)
    needs = method.about.needs
    if needs is JointTasks and other:
        batch = JointTasks(batch, tuple(first(each, np.arange(len(each.data))) for each in other))
    elif issubclass(needs, Domains | Unlabelled) and session.target is not None:
        unseen = session.target.session.samples(session.target.rows[:2])
        few = (
            None if target_labelled is None else first(target_labelled, np.arange(len(target_labelled.data)))
        )
        batch = Unlabelled(unseen) if needs is Unlabelled else Domains(batch, unseen, few)
    moved: Batch = batch.to(session.engine.device)
    return moved


def batch_stream(
    session: SessionData,
    method: Method[Any],
    given: MethodInputs,
    rows: Rows,
    recipe: Recipe,
    weights: np.ndarray | None = None,
) -> Stream[Any]:
    """Batches of the kind that a method eats: rows (n,) of the session's data and what lies beside."""
    (own, beside, target_labelled), needs, target = given, method.about.needs, session.target
    labels = standardise_labels(session.data.labels, rows)
    if issubclass(needs, Unlabelled) and target is not None and beside:
        return _unlabelled(beside[0], target.rows, recipe)
    size, batch = min(recipe.batch, len(rows)), -(-len(rows) // recipe.steps)
    if needs is Seeded:
        return _seeded(session, method, given, rows, recipe)
    if method.about.closed_form:
        stream = once(own.source, labels, rows, batch, weights)
    else:
        stream = labelled(own.source, labels, rows, size, recipe.seed, own.views, weights)
    if issubclass(needs, Distilled):
        others = beside[0].source if beside else None
        return student_stream(session, method, stream, rows, recipe, own.views, others)
    if not beside:
        return _with_more(session, needs, stream, rows, recipe)
    if needs is JointTasks:
        tasks = zip(beside, _beside(session, method), strict=True)
        return join_tasks(stream, [_of_source(*task, recipe, place) for place, task in enumerate(tasks)])
    assert target is not None
    if method.about.closed_form:
        unseen = unlabelled_once(beside[0].source, target.rows, -(-len(rows) // batch))
    else:
        unseen = _unlabelled(beside[0], target.rows, recipe)
    return pair_domains(stream, unseen, _labelled_target(session, target_labelled, rows, recipe))


def _with_more(
    session: SessionData, needs: type[Any], stream: Stream[Labelled], rows: Rows, recipe: Recipe
) -> Stream[Any]:
    """The labelled batches of rows (n,), with the groups or the seeds of these, if a method needs them."""
    size = min(recipe.batch, len(rows))
    if issubclass(needs, SeededLabelled):
        return with_seeds(stream, rows, size, recipe.seed)
    if issubclass(needs, Grouped):
        return grouped(stream, rows, class_by_attribute_groups(session.data).numbers, size, recipe.seed)
    return stream


def require_batch(session: SessionData, method: Method[Any], rows: Rows, recipe: Recipe) -> None:
    """Raise `BadInput` if a pre-training can't learn from batches of rows (n,) and all that lie beside."""
    if draws_views(method):
        many = len(rows) + sum(len(each.data) for each in _beside(session, method))
        method.require_batch(min(recipe.batch, many))


def _seeded(
    session: SessionData, method: Method[Any], given: MethodInputs, rows: Rows, recipe: Recipe
) -> Stream[Seeded]:
    """Rows (n,) of the data and all rows without labels beside them, as one."""
    others = [len(each.data) for each in _beside(session, method)]
    if not others:
        return seeded(given.own.source, rows, min(recipe.batch, len(rows)), recipe.seed)
    first = len(session.data)
    joined = Joined([each.source for each in (given.own, *given.beside)], [first, *others])
    every = np.concatenate([rows, np.arange(first, first + sum(others))])
    return seeded(joined, every, min(recipe.batch, len(every)), recipe.seed)


def _of_source(given: InputSource, session: SessionData, recipe: Recipe, place: int) -> Stream[Labelled]:
    """All rows of the source task at a place, in an order of their own."""
    rows = np.arange(len(session.data))
    labels, size = standardise_labels(session.data.labels, rows), min(recipe.batch, len(rows))
    seed = derive_seed(recipe.seed, "source", *([place] if place else []))
    return labelled(given.source, labels, rows, size, seed, given.views)


def _unlabelled(given: InputSource, rows: Rows, recipe: Recipe) -> Stream[Unlabelled]:
    seed = derive_seed(recipe.seed, "target")
    return unlabelled(given.source, rows, min(recipe.batch, len(rows)), seed, given.views)


def _labelled_target(
    session: SessionData, target_labelled: InputSource | None, rows: Rows, recipe: Recipe
) -> Stream[Labelled] | None:
    if target_labelled is None or session.target is None or session.target.target_labelled is None:
        return None
    data = session.target.target_labelled.data
    labels, all_rows = standardise_labels(session.data.labels, rows, data.labels), np.arange(len(data))
    size, seed = min(recipe.batch, len(data)), derive_seed(recipe.seed, "few")
    return labelled(target_labelled.source, labels, all_rows, size, seed, target_labelled.views)


def _beside(session: SessionData, method: Method[Any]) -> tuple[SessionData, ...]:
    """The sessions on the other data that a method eats, if it eats any."""
    if method.about.needs is JointTasks and session.source is not None:
        return session.source.tasks
    if (unlabelled := unlabelled_of(session, method)) is not None:
        return (unlabelled,)
    if method.about.needs is Seeded and session.unlabelled is not None:
        return (session.unlabelled,)
    if issubclass(method.about.needs, Domains | Unlabelled) and session.target is not None:
        return (session.target.session,)
    return ()


def _target_labelled(session: SessionData, method: Method[Any]) -> SessionData | None:
    wanted = session.target is not None and issubclass(method.about.needs, Domains)
    return session.target.target_labelled if wanted and session.target is not None else None
