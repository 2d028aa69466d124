"""A learner that ignores the support is at chance, whatever draws the tasks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.tasks.rows import numbered
from tests.tasks.test_grouped import table
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

import headstart as hs
from headstart.core import Episodes, Labelled
from headstart.tasks import ColumnTasks, FewShot, GaussianClasses, GroupTasks, Several, split_classes
from headstart.tasks.register import family_names

ALLOWED = 0.03  # above chance: 5 standard deviations of what is measured
TASKS = 400


def families():
    """Every family of classes, with a few small classes, whose rows tell their class."""
    parts = split_classes(numbered(10, 20), train=6, validation=0, test=4)
    x, y = numbered(6, 24)
    of_groups = hs.data.load((x, y), groups=np.arange(len(y)) % 2)
    made = {
        "few-shot": FewShot(parts.train, ways=3, shots=1),
        "few-shot, new classes": FewShot(parts.test, ways=3, shots=1),
        "few-shot, varied": FewShot(parts.train, ways=(2, 4), shots=(1, 2)),
        "groups": GroupTasks(of_groups, ways=3, shots=1),
        "several": Several([numbered(3, 20), numbered(5, 20)], ways=3, shots=1),
        "columns": ColumnTasks(table(), answers="classes", ways=2, shots=1),
    }
    others = (kind() for kind in family_names().values())
    made |= {family.name: replace(family, shots=1) for family in others if family.kind == "classes"}
    return {name: replace(family, tasks=TASKS, queries=3) for name, family in made.items()}


FAMILIES = families()


def ignorant_accuracy(draw, ways):
    """Accuracy on new tasks of a net that learns from queries, their places and labels alone."""
    generator = torch.Generator().manual_seed(0)

    def rows(step):
        query = draw(step).query
        place = one_hot(torch.arange(query.y.shape[1]), query.y.shape[1]).float().expand(len(query.y), -1, -1)
        x = torch.cat([query.x.flatten(2), place], 2).flatten(0, 1)
        return x / x.abs().amax(0).clamp_min(1e-6), query.y.flatten()

    x, y = rows(0)
    net = nn.Sequential(nn.Linear(x.shape[1], 64), nn.ReLU(), nn.Linear(64, ways))
    with torch.no_grad():
        for each in net.parameters():
            each.copy_(torch.randn(each.shape, generator=generator) / each.shape[-1] ** 0.5)
    optimiser = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(60):
        optimiser.zero_grad()
        cross_entropy(net(x), y).backward()
        optimiser.step()
    later = [rows(step) for step in (1, 2, 3)]
    hits = torch.cat([net(x).argmax(1) == y for x, y in later if x.shape[1] == net[0].in_features])
    return hits.float().mean().item()


@pytest.mark.parametrize("name", FAMILIES)
def test_who_ignores_the_support_is_at_chance(name):
    family = FAMILIES[name]
    drawn = family.draw if name != "few-shot, varied" else replace(family, ways=4, shots=1).draw
    assert ignorant_accuracy(drawn, family.outputs) < 1 / family.outputs + ALLOWED


def renumbered(draw, key):
    """Tasks whose classes are numbered by a key of their rows instead of at random."""

    def drawn(step):
        tasks = draw(step)
        parts, pair = [], (tasks.query.x, tasks.query.y)
        for part in (tasks.support, tasks.query):
            values = [[key(x[y == way]) for way in y.unique()] for x, y in zip(*pair, strict=True)]
            rank = torch.tensor(values).argsort(1).argsort(1)
            parts.append(Labelled(part.x, rank.gather(1, part.y)))
        return Episodes(*parts)

    return drawn


def test_sorted_classes_are_caught():
    family = FAMILIES["few-shot"]
    leaking = renumbered(family.draw, lambda x: float(x[0, 0]))
    assert ignorant_accuracy(leaking, 3) > 1 / 3 + 0.2


def test_queries_in_the_order_of_their_classes_are_caught():
    family = FAMILIES["few-shot"]

    def unshuffled(step):
        drawn = family.draw(step)
        order = drawn.query.y.argsort(dim=1, stable=True)
        x = drawn.query.x.gather(1, order[..., None].expand_as(drawn.query.x))
        return Episodes(drawn.support, Labelled(x, drawn.query.y.gather(1, order)))

    assert ignorant_accuracy(unshuffled, 3) > 0.9


def test_the_support_does_tell_the_classes():
    """Else all would be at chance."""
    drawn = FAMILIES["few-shot"].draw(0)
    near = (drawn.query.x[:, :, None, 0] - drawn.support.x[:, None, :, 0]).abs().argmin(2)
    assert torch.equal(drawn.support.y.gather(1, near), drawn.query.y)


def test_the_families_of_classes_are_all_here():
    assert GaussianClasses.name in FAMILIES
