"""Every method that is told labels obeys the weights of the rows that have them, or refuses weights."""

from dataclasses import fields, replace
from functools import cache

import pytest
import torch
from tests.contract.runs import Droppable
from tests.toy import TASK, make, stream, suited

from headstart.core import BadInput, Batch, Descend, Domains, JointTasks, Labelled, derive_seed, walk
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

METHODS = sorted((m for m in walk() if issubclass(m.about.needs, Labelled)), key=lambda m: m.about.name)
METHODS += sorted((m for m in walk() if m.about.needs in (JointTasks, Domains)), key=lambda m: m.about.name)
METHODS = [m for m in METHODS if not (m.about.opposing_losses or m.about.labels_of_teacher)]  # or learns none
every = pytest.mark.parametrize("kind", METHODS, ids=lambda m: m.about.name)
ROWS = 24
ODD = torch.arange(ROWS) % 4 == 3  # rows whose labels are not to be trusted


def each_labelled(batch, change):
    """The batch with all that is labelled in it changed."""
    if isinstance(batch, Labelled):
        return change(batch)
    values = {field.name: getattr(batch, field.name) for field in fields(batch)}
    inner = {k: each_labelled(v, change) for k, v in values.items() if isinstance(v, Batch)}
    if isinstance(batch, JointTasks):
        inner["sources"] = tuple(each_labelled(source, change) for source in batch.sources)
    return replace(batch, **inner)


def fed(kind, change):
    """The batches that a method declares, each changed by the rows' numbers in it."""

    def begin(step):
        for batch in stream(kind.about.needs, n=ROWS)(step):
            yield each_labelled(batch, change)

    return begin


def model_of(kind, change):
    """What a method makes of batches whose labelled parts were changed."""
    recipe = Recipe(steps=4, lr=1e-2, schedule="constant", warmup=0.0, seed=3, batch=ROWS)
    task = replace(TASK, rows=4 * ROWS)
    run = start(kind(), suited(kind, Droppable()), task, recipe)
    try:
        drain(train(run, fed(kind, change)))
    except BadInput as refused:
        if "leave the weights" not in str(refused):
            raise
        pytest.skip("takes no weights, and says so")
    return kind().predictor(run.parts).eval()


def learns_head(kind):
    """Whether a descent changes the head."""
    descents = [move for move in kind().moves() if isinstance(move, Descend)]
    return not descents or any(on.part == "head" for move in descents for on in move.on)


def answers(kind, change):
    return model_of(kind, change)(make(Labelled, 50, 77).x).detach()


@cache
def plain_answers(kind):
    """Those of rows that have no weights."""
    return answers(kind, lambda batch: batch)


def poisoned(shift, weigh):
    """Other labels for the odd rows; with `weigh` they count nothing, and the others more."""

    def change(batch):
        odd = ODD[: len(batch)]
        y = torch.where(odd, (batch.y + shift) % 3, batch.y)
        weight = (~odd).float() * (len(odd) / (~odd).sum())
        return replace(batch, y=y, weight=weight if weigh else batch.weight)

    return change


@every
def test_rows_that_count_nothing_may_have_any_label(kind):
    clean, poison = (answers(kind, poisoned(shift, True)) for shift in (0, 1))
    torch.testing.assert_close(poison, clean, rtol=1e-4, atol=1e-4)


@every
def test_where_all_count_the_same_the_same_labels_do_harm(kind):
    """Or the test before this one could not fail."""
    if kind.about.needs is Domains and not learns_head(kind):
        pytest.skip("adapts what stands before a model that a former stage has trained on the labels")
    clean, poison = plain_answers(kind), answers(kind, poisoned(1, False))
    assert not torch.allclose(poison, clean, rtol=1e-3, atol=1e-3)


@every
def test_weights_of_one_are_no_weights(kind):
    def ones(batch):
        return replace(batch, weight=torch.ones(len(batch)))

    torch.testing.assert_close(answers(kind, ones), plain_answers(kind), rtol=2e-3, atol=2e-3)


@every
def test_a_row_that_counts_twice_counts_more_than_one_that_counts_once(kind):
    """Weights change the result, not only whether they are 0."""
    if kind.about.needs is Domains and not learns_head(kind):
        pytest.skip("adapts what stands before a model that a former stage has trained on the labels")
    g = torch.Generator().manual_seed(derive_seed("weights"))
    some = torch.rand(ROWS, generator=g) * 2

    def change(batch):
        weight = some[: len(batch)]
        return replace(batch, weight=weight / weight.mean())

    assert not torch.equal(answers(kind, change), plain_answers(kind))


@every
def test_weights_go_with_the_parts_of_a_batch(kind):
    """A batch in 3 parts = the batch at once, as long as the loss is a mean over rows."""
    if (
        kind.about.stochastic_loss
        or not kind.about.per_sample_loss
        or not any(isinstance(m, Descend) for m in kind().moves())
    ):
        pytest.skip("declares that its loss compares rows or draws random numbers, or has none")
    found = []
    for parts in (1, 3):
        recipe = Recipe(steps=3, lr=1e-2, optimiser="sgd", seed=3, batch=ROWS, accumulate=parts)
        run = start(kind(), suited(kind, Droppable(norm=False)), replace(TASK, rows=4 * ROWS), recipe)
        drain(train(run, fed(kind, poisoned(1, True))))
        found.append(run.parts.state_dict())
    for name, value in found[0].items():
        torch.testing.assert_close(found[1][name], value, rtol=1e-4, atol=1e-6, msg=name)
