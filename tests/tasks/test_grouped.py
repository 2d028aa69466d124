"""Tasks that are groups of rows, data sets, or columns of a table."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.tasks.rows import numbered

import headstart as hs
from headstart.core import BadInput, Unknown
from headstart.tasks import ColumnTasks, GroupTasks, Several, examples_of, split_groups

ROWS = 12


def grouped(groups=6, rows=ROWS):
    """Rows (group, number) with y = 10 group + number."""
    group = np.repeat(np.arange(groups), rows)
    number = np.tile(np.arange(rows), groups)
    x = np.stack([group, number], 1).astype(np.float32)
    return hs.data.load((x, 10.0 * group + number / 7), groups=group)


def table(rows=120):
    rng = np.random.default_rng(0)
    size = rng.normal(size=rows)
    return hs.data.load(
        {
            "size": 1000 * size + rng.normal(size=rows),
            "weight": np.where(rng.random(rows) < 0.2, np.nan, 5 * size),
            "colour": [("red", "green", "blue")[place] for place in rng.integers(0, 3, rows)],
            "label": [("small", "large")[int(one > 0)] for one in size],
        }
    )


def test_a_task_has_the_rows_of_one_group():
    drawn = GroupTasks(grouped(), shots=4, queries=8, tasks=50).draw(0)
    x, y = (torch.cat([getattr(part, name) for part in (drawn.support, drawn.query)], 1) for name in "xy")
    assert (x[..., 0] == x[:, :1, 0]).all()
    assert len(x[:, 0, 0].unique()) == 6
    assert (x[..., 1].sort(1).values == torch.arange(12)).all()
    assert torch.allclose(y[..., 0], 10 * x[..., 0] + x[..., 1] / 7)


def test_classes_of_a_group_are_numbered_anew():
    x, y = numbered(4, 30)
    data = hs.data.load((x, y), groups=np.arange(len(y)) % 3)
    family = GroupTasks(data, ways=2, shots=2, queries=3, tasks=200)
    drawn = family.draw(0)
    assert (drawn.support.x[..., 1] % 3 == drawn.query.x[:, :1, 1] % 3).all()
    assert 0.3 < (drawn.query.y[drawn.query.x[..., 0] == 0] == 0).float().mean() < 0.7
    assert (family.kind, family.outputs, family.pooled_outputs) == ("classes", 2, 4)


def test_small_groups_are_left_out_and_refused_if_all_are():
    x = np.zeros((20, 2), np.float32)
    groups = np.array([0] * 12 + [1] * 8)
    x[:, 0] = groups
    data = hs.data.load((x, np.arange(20) / 7), groups=groups)
    assert not GroupTasks(data, shots=4, queries=6).draw(0).query.x[..., 0].any()
    with pytest.raises(BadInput, match="No group of arrays has 13 rows, which shots=3 and queries=10 need"):
        GroupTasks(data, shots=3, queries=10)
    with pytest.raises(BadInput, match="has no groups to make tasks of: load it with groups="):
        GroupTasks((x, np.arange(20) / 7))


def test_groups_of_the_parts_of_a_split_are_disjoint():
    parts = split_groups(grouped(10), seed=1)
    found = [set(part.x[:, 0].tolist()) for part in parts]
    assert [len(some) for some in found] == [6, 2, 2]
    assert len(set.union(*found)) == 10


def test_a_task_is_of_one_data_set():
    several = Several([numbered(3, 8), numbered(5, 8)], ways=3, shots=2, queries=2, tasks=100)
    drawn = several.draw(0)
    largest = drawn.query.x[..., 0].max(1).values
    assert {2.0, 4.0} <= set(largest.tolist())
    assert (several.pooled_outputs, several.outputs, several.shape) == (8, 3, (3,))
    assert len(several.draw_pooled(0).y.unique()) == 8
    assert replace(several, seed=2).data[0] is several.data[0]


def test_data_sets_of_numbers_are_tasks_too():
    x = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    several = Several([(x, x[:, 0]), (x, -x[:, 0])], tasks=40)
    drawn = several.draw(0)
    signs = drawn.query.y[..., 0] / drawn.query.x[..., 0]
    assert torch.allclose(signs, signs[:, :1].expand_as(signs))
    assert len(signs[:, 0].sign().unique()) == 2


def test_narrower_rows_are_filled_up_only_on_request():
    narrow, wide = numbered(3, 8, columns=2), numbered(3, 8, columns=4)
    with pytest.raises(BadInput, match=r"have the shape \(2,\) and those of .* \(4,\).*pad=True"):
        Several([narrow, wide], shots=2, queries=2)
    several = Several([narrow, wide], shots=2, queries=2, pad=True)
    assert several.draw(0).query.x.shape[2:] == (4,)


def test_grey_pictures_go_beside_coloured_ones():
    rng = np.random.default_rng(0)
    grey, y = rng.integers(0, 255, (12, 8, 8)).astype(np.uint8), np.arange(12) % 2
    coloured = rng.integers(0, 255, (12, 8, 8, 3)).astype(np.uint8)
    assert Several([(grey, y), (coloured, y)], shots=1, queries=2).shape == (3, 8, 8)
    with pytest.raises(BadInput, match="size=32"):
        Several([(grey, y), (coloured[:, :7], y)], shots=1, queries=2)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "a list of one or more"),
        ([numbered(3, 30), (np.zeros((30, 3)), np.arange(30) / 7)], "a learner gives answers of one kind"),
        ([numbered(3, 30), numbered(1, 30), numbered(3, 8)], "has 1 of the 2 classes of 15 rows that ways=2"),
    ],
)
def test_data_sets_that_make_no_tasks_are_refused(data, says):
    with pytest.raises(BadInput, match=says):
        Several([examples_of(one) if len(set(one[1])) > 1 else one_class(one) for one in data])


def one_class(data):
    whole = examples_of((np.concatenate([data[0]] * 2), ["a"] * len(data[1]) + ["b"] * len(data[1])))
    return whole.take(np.flatnonzero(whole.y == 0))


def test_a_column_is_predicted_from_the_others():
    family = ColumnTasks(table(), columns=("size", "weight"), shots=5, queries=5, tasks=60)
    drawn = family.draw(0)
    features = drawn.query.x
    places = [family.table.names.index(name) for name in ("size", "weight")]
    size, weight = ((family.table.of_feature == place).nonzero()[0, 0] for place in places)
    of_weight = features[..., size].any(1)
    assert torch.equal(of_weight, ~features[..., weight].any(1))
    assert 0 < of_weight.sum() < 60
    near = features[of_weight][..., size], drawn.query.y[of_weight][..., 0]
    assert torch.corrcoef(torch.stack([some.flatten() for some in near]))[0, 1] > 0.99
    assert drawn.query.y.isfinite().all()


def test_a_column_of_categories_is_predicted_too():
    family = ColumnTasks(table(), answers="classes", ways=2, shots=4, queries=4, tasks=60)
    drawn = family.draw(0)
    assert (family.kind, family.outputs, family.pooled_outputs) == ("classes", 2, 0)
    assert [family.table.names[place] for place in family.cells.sources] == ["colour", "label"]
    assert all(torch.bincount(y).tolist() == [4, 4] for y in drawn.support.y)
    of_label = [family.table.names[one] for one in family.table.of_feature].index("label")
    for x, y in zip(drawn.query.x, drawn.query.y, strict=True):
        if (x[:, of_label:] == 0).all():  # the label is asked for: the size tells it
            size = x[:, 0]
            assert size[y == 0].max() < size[y == 1].min() or size[y == 1].max() < size[y == 0].min()


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"columns": ("hue",)}, Unknown, "hue"),
        ({"columns": "hue"}, Unknown, "hue"),
        ({"answers": "tags"}, BadInput, "answers is 'tags'"),
        ({"shots": 200}, BadInput, "No column of .* has numbers in 215 rows"),
        ({"answers": "classes", "columns": ("size",)}, BadInput, "has 2 categories of 25 rows each"),
    ],
)
def test_columns_that_make_no_tasks_are_refused(settings, error, says):
    with pytest.raises(error, match=says):
        ColumnTasks(table(), **settings)


def test_only_a_table_has_columns():
    with pytest.raises(BadInput, match="is made of numbers"):
        ColumnTasks(numbered())
