"""Methods that look after groups, in a session: the group of each row, and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadInput
from headstart.data.attributes import class_by_attribute_groups
from headstart.data.grouped import grouped
from headstart.data.stream import Arrays, labelled
from headstart.metrics.groups import group_accuracy
from headstart.models.backbone import backbone
from headstart.run.recipe import Recipe
from headstart.session.session import Session
from headstart.studies.shortcuts.changes import ClassifierUnderTest

RECIPE = Recipe(steps=60, batch=32, lr=0.02, seed=0)


def spurious(n=400, against=0.05, seed=0):
    """The second column tells the class of most rows, louder than the first, which tells all."""
    draw = np.random.default_rng(seed)
    y = np.arange(n) % 2
    wrong = draw.permutation(n) < against * n
    sign = 2.0 * y - 1
    x = np.stack([0.7 * sign, np.where(wrong, -sign, sign) * 2], 1) + 0.4 * draw.normal(size=(n, 2))
    return hs.data.load((x, y), attribute=np.where(wrong, 1 - y, y))


@pytest.fixture(scope="module")
def base():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 2))
    return backbone(net, example=torch.zeros(2, 2))


def worst(method, base, data, test):
    asked = ClassifierUnderTest.of(hs.fit(method, base, data, RECIPE), test)
    return group_accuracy(
        asked.predict(test) == test.labels, class_by_attribute_groups(test).numbers
    ).worst.value


def test_the_group_in_a_batch_is_that_of_its_rows():
    data = spurious()
    rows = np.arange(400)[::-3]
    source = Arrays(data)
    stream = labelled(source, data.labels, rows, 16, 5, 0)
    numbers = class_by_attribute_groups(data).numbers
    for start in (0, 7):
        for plain, batch, _ in zip(
            stream(start), grouped(stream, rows, numbers, 16, 5)(start), range(30), strict=False
        ):
            assert torch.equal(plain.x, batch.x)
            found = [int((np.abs(data.array - x.numpy()).sum(1)).argmin()) for x in batch.x]
            assert batch.group.tolist() == numbers[found].tolist()
            assert (batch.group // 2).tolist() == batch.y.tolist()


def test_a_row_without_a_group_is_refused():
    data = spurious(20)
    stream = labelled(Arrays(data), data.labels, np.arange(20), 4, 0)
    with pytest.raises(BadInput, match="10 rows have a group, and row 19"):
        grouped(stream, np.arange(20), np.zeros(10), 4, 0)


def test_what_looks_after_groups_helps_the_worst(base):
    data, test = spurious(), spurious(against=0.5, seed=1)
    plain, balanced, dro = (
        worst(method, base, data, test)
        for method in (hs.methods.FineTune(), hs.methods.GroupBalanced(), hs.methods.GroupDRO())
    )
    assert balanced > plain + 0.2
    assert dro > plain + 0.2


def test_rows_that_are_not_trained_on_do_not_count(base):
    """Poison: attributes and labels of other rows change no byte of the model and no weight."""
    data, rows = spurious(), np.arange(300)
    fitted = []
    for garbage in (False, True):
        attributes, labels = data.attributes.copy(), data.labels.copy()
        if garbage:
            attributes[300:], labels[300:] = 1 - attributes[300:], 0
        poisoned = replace(data, attributes=attributes, labels=labels)
        fitted.append(Session(base, poisoned).fit(hs.methods.GroupDRO(), rows, replace(RECIPE, steps=5)))
    one, other = (fit.run.parts.state_dict() for fit in fitted)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert one["groups.rows"].sum().item() == 300


def test_with_a_record_of_what_is_frozen_it_learns_the_same(base, tmp_path):
    data = spurious()
    method = hs.methods.GroupBalanced(last=1)
    plain, cached = (
        Session(base, data, cache=cache).fit(method, np.arange(400), replace(RECIPE, steps=8))
        for cache in (None, tmp_path)
    )
    for name, value in plain.run.parts.state_dict().items():
        torch.testing.assert_close(cached.run.parts.state_dict()[name], value, rtol=1e-4, atol=1e-6)


def test_what_is_said_of_the_groups(base):
    data = spurious(80)
    few = Session(base, data).fit(hs.methods.GroupBalanced(), np.arange(80), replace(RECIPE, steps=2)).notes
    assert any("fewer than 5 training rows: 0, 1 (" in note or "1, 0 (" in note for note in few)
    bare = replace(data, attributes=None, attribute_names=())
    said = Session(base, bare).fit(hs.methods.GroupDRO(), np.arange(80), replace(RECIPE, steps=2)).notes
    assert any("no attribute, so the groups are the classes" in note for note in said)
    plain = Session(base, bare).fit(hs.methods.FineTune(), np.arange(80), replace(RECIPE, steps=2)).notes
    assert not any("groups" in note for note in plain)


def test_numbers_have_no_groups(base):
    with pytest.raises(BadInput, match="group-dro learns classes, not numbers"):
        hs.fit(hs.methods.GroupDRO(), base, hs.data.load((np.eye(2).repeat(4, 0), np.arange(8) + 0.5)))
