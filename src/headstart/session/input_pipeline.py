"""Input pipeline: raw samples or cached activations of the frozen layers, in batches."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from headstart.core import (
    Batch,
    CacheRefused,
    Domains,
    Labelled,
    Method,
    SampleLoader,
    TwoTasks,
    Unlabelled,
    derive_seed,
)
from headstart.data.domain_batches import pair_domains, pair_tasks, unlabelled, unlabelled_once
from headstart.data.labels import Labels, labels_of
from headstart.data.stream import Stream, labelled, once
from headstart.data.train_test_split import Rows
from headstart.run.frozen import Replay
from headstart.run.recipe import Recipe
from headstart.run.state import Run
from headstart.session.requirements import grouped_example, in_groups
from headstart.session.session_data import SessionData
from headstart.session.units import Units


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
    other: InputSource | None
    target_labelled: InputSource | None


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
        return InputSource(session.records.source(run, replay, source, views), replay, views, [])
    except CacheRefused as refusal:
        return InputSource(source, None, views, [str(refusal)])


def method_inputs(
    session: SessionData, method: Method[Any], run: Run[Any], replay: Replay | None
) -> MethodInputs:
    """Inputs of all data that a method learns from; cached for all of them or for none."""
    other, target_labelled = _beside(session, method), _target_labelled(session, method)
    if method.about.needs is Unlabelled and other is not None:
        unseen = training_input(other, run, replay)
        return MethodInputs(unseen, unseen, None)
    mine = training_input(session, run, replay)
    theirs = None if other is None else training_input(other, run, mine.replay)
    labelled = None if target_labelled is None else training_input(target_labelled, run, mine.replay)
    found = [each for each in (mine, theirs, labelled) if each is not None]
    if len({each.replay is None for each in found}) > 1:  # a run takes records of all of them or of none
        return method_inputs(session, method, run, None)
    return MethodInputs(mine, theirs, labelled)


def example_batch(session: SessionData, method: Method[Any], rows: Rows) -> Batch:
    """A batch of the first of `rows`, of the kind that a method eats."""

    def first(one: SessionData, some: Rows) -> Labelled:
        return Labelled(one.samples(some[:3]), labels_of(one.data.labels, some[:3]))

    batch: Any = grouped_example(session.data, method, first(session, rows), rows[:3])
    other, target_labelled = _beside(session, method), _target_labelled(session, method)
    needs = method.about.needs
    if needs is TwoTasks and other is not None:
        batch = TwoTasks(batch, first(other, np.arange(len(other.data))))
    elif issubclass(needs, Domains | Unlabelled) and session.target is not None:
        unseen = session.target.session.samples(session.target.rows[:2])
        known = (
            None if target_labelled is None else first(target_labelled, np.arange(len(target_labelled.data)))
        )
        batch = Unlabelled(unseen) if needs is Unlabelled else Domains(batch, unseen, known)
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
    (mine, theirs, target_labelled), needs, target = given, method.about.needs, session.target
    labels = standardise_labels(session.data.labels, rows)
    if issubclass(needs, Unlabelled) and target is not None and theirs is not None:
        return _unlabelled(theirs, target.rows, recipe)
    batch = -(-len(rows) // recipe.steps)
    if method.about.closed_form:
        own = once(mine.source, labels, rows, batch, weights)
    else:
        own = labelled(
            mine.source, labels, rows, min(recipe.batch, len(rows)), recipe.seed, mine.views, weights
        )
    if theirs is None:
        return in_groups(session.data, method, own, rows, min(recipe.batch, len(rows)), recipe.seed)
    if needs is TwoTasks and session.source is not None:
        other = session.source
        order = replace(recipe, seed=derive_seed(recipe.seed, "source"))
        own_labels = standardise_labels(other.session.data.labels, other.rows)
        size = min(order.batch, len(other.rows))
        return pair_tasks(
            own, labelled(theirs.source, own_labels, other.rows, size, order.seed, theirs.views)
        )
    assert target is not None
    if method.about.closed_form:
        unseen = unlabelled_once(theirs.source, target.rows, -(-len(rows) // batch))
    else:
        unseen = _unlabelled(theirs, target.rows, recipe)
    return pair_domains(own, unseen, _labelled_target(session, target_labelled, rows, recipe))


def standardise_labels(labels: Labels, rows: Rows, of: Labels | None = None) -> Labels:
    """Labels as methods learn them: numbers in units of their own, those of `rows` of `labels`."""
    units = Units.of(labels[rows])
    given = labels if of is None else of
    return units.standard(given) if units else given


def _unlabelled(theirs: InputSource, rows: Rows, recipe: Recipe) -> Stream[Unlabelled]:
    seed = derive_seed(recipe.seed, "target")
    return unlabelled(theirs.source, rows, min(recipe.batch, len(rows)), seed, theirs.views)


def _labelled_target(
    session: SessionData, target_labelled: InputSource | None, rows: Rows, recipe: Recipe
) -> Stream[Labelled] | None:
    if target_labelled is None or session.target is None or session.target.target_labelled is None:
        return None
    data = session.target.target_labelled.data
    labels, all_rows = standardise_labels(session.data.labels, rows, data.labels), np.arange(len(data))
    size, seed = min(recipe.batch, len(data)), derive_seed(recipe.seed, "few")
    return labelled(target_labelled.source, labels, all_rows, size, seed, target_labelled.views)


def _beside(session: SessionData, method: Method[Any]) -> SessionData | None:
    """The session on the other data that a method eats, if it eats any."""
    if method.about.needs is TwoTasks and session.source is not None:
        return session.source.session
    if issubclass(method.about.needs, Domains | Unlabelled) and session.target is not None:
        return session.target.session
    return None


def _target_labelled(session: SessionData, method: Method[Any]) -> SessionData | None:
    wanted = session.target is not None and issubclass(method.about.needs, Domains)
    return session.target.target_labelled if wanted and session.target is not None else None
