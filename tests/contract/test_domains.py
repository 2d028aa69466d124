"""At weight 0, what brings two domains together is not there: the source is learned from, byte for byte."""

from dataclasses import fields
from functools import cache

import pytest
import torch
from tests.contract.runs import METHODS, same
from tests.methods.shifts import learned

from headstart.core import Domains
from headstart.methods.inputs.domains.source_only import SourceOnly

WEIGHED = [
    kind
    for kind in METHODS
    if kind.about.needs is Domains
    and not kind.about.closed_form
    and not kind.about.needs_batch_norm
    and "weight" in {field.name for field in fields(kind)}
]
each = pytest.mark.parametrize("kind", WEIGHED, ids=lambda kind: kind.about.name)


@cache
def state(method, steps=4, target_labelled=0, unseen=False):
    """What a method makes of some batches; `unseen`: their target rows are no numbers."""

    def unreadable(batch):
        return {"target": torch.full_like(batch.target, torch.nan)}

    run = learned(method, unreadable if unseen else None, steps, target_labelled=target_labelled)
    return run.parts.state_dict()


def test_there_are_such_methods():
    assert len(WEIGHED) >= 10


@each
@pytest.mark.parametrize("target_labelled", [0, 5])
@pytest.mark.parametrize("settings", [{}, {"smoothing": 0.1, "last": 1}], ids=["plain", "set"])
def test_without_weight_it_is_training_on_the_source_whatever_the_target_is(kind, settings, target_labelled):
    expected = state(SourceOnly(**settings), target_labelled=target_labelled)
    assert same(state(kind(weight=0.0, **settings), 4, target_labelled, unseen=True), expected)


@each
def test_with_a_weight_it_is_not(kind):
    """60 steps, since one that learns from its own answers waits until it is sure of some."""
    weight = "backbone.body.2.weight"
    assert not torch.equal(state(kind(), 60, 5)[weight], state(SourceOnly(), 60, 5)[weight])
