"""Few-shot tasks of labelled data."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.tasks.rows import numbered

import headstart as hs
from headstart.core import BadInput
from headstart.core.draws import distinct
from headstart.tasks import FewShot, examples_of, split_classes


@pytest.fixture(scope="module")
def family():
    return FewShot(numbered(), ways=4, shots=2, queries=3, tasks=300)


def both(drawn):
    return torch.cat([drawn.support.x, drawn.query.x], 1), torch.cat([drawn.support.y, drawn.query.y], 1)


def test_distinct_numbers_are_distinct_and_each_is_as_likely():
    found = distinct(torch.arange(6000), torch.tensor([4, 7]).repeat(3000), 3)
    assert all(len(set(row)) == 3 for row in found.tolist())
    for place in range(3):
        shares = torch.bincount(found[1::2, place], minlength=7) / 3000
        assert torch.allclose(shares, torch.full((7,), 1 / 7), atol=0.025)
    assert found[::2].max() == 3
    pairs = torch.bincount(found[1::2, 0] * 7 + found[1::2, 1], minlength=49).view(7, 7) / 3000
    assert torch.allclose(pairs[~torch.eye(7, dtype=bool)], torch.tensor(1 / 42), atol=0.012)


def test_all_numbers_are_an_order_of_them():
    assert distinct(torch.arange(9), torch.full((9,), 5), 5).sort(1).values.unique(dim=0).tolist() == [
        [0, 1, 2, 3, 4]
    ]


def test_a_task_has_so_many_rows_of_each_class(family):
    drawn = family.draw(0)
    assert drawn.support.x.shape == (300, 8, 3)
    assert drawn.query.x.shape == (300, 12, 3)
    for part, each in ((drawn.support, 2), (drawn.query, 3)):
        assert all(torch.bincount(y, minlength=4).tolist() == [each] * 4 for y in part.y)


def test_labels_and_rows_belong_together(family):
    x, y = both(family.draw(1))
    for task in range(20):
        pairs = {(int(number), int(of)) for number, of in zip(y[task], x[task, :, 0], strict=True)}
        assert len(pairs) == len({number for number, _ in pairs}) == len({of for _, of in pairs}) == 4


def test_no_row_is_in_a_task_twice(family):
    rows = both(family.draw(2))[0][..., 1]
    assert all(len(set(row)) == 20 for row in rows.tolist())


def test_the_number_of_a_class_tells_nothing_of_it(family):
    x, y = both(family.draw(3))
    counts = torch.bincount((x[..., 0] * 4 + y).long().flatten(), minlength=32).view(8, 4)
    assert (counts / counts.sum(1, keepdim=True) - 0.25).abs().max() < 0.1


def test_classes_are_drawn_alike_and_rows_are_in_random_order(family):
    drawn = family.draw(4)
    counts = torch.bincount(drawn.query.x[..., 0].long().flatten()) / (300 * 12)
    assert torch.allclose(counts, torch.full((8,), 1 / 8), atol=0.02)
    assert 0.15 < (drawn.query.y[:, 0] == 0).float().mean() < 0.35
    assert 0.15 < (drawn.support.y[:, -1] == 0).float().mean() < 0.35


def test_ways_and_shots_vary_between_steps():
    family = FewShot(numbered(), ways=(2, 4), shots=(1, 2), queries=1, tasks=2)
    found = {family.draw(step).query.x.shape[1] for step in range(20)}
    assert found == {2, 3, 4}
    assert family.outputs == 4


def test_pooled_rows_have_all_classes(family):
    drawn = family.draw_pooled(0)
    assert family.pooled_outputs == 8
    assert torch.equal(drawn.x[:, 0].long(), drawn.y)
    assert len(drawn.y) == 300 * 4 * 5
    assert not torch.equal(drawn.x, family.draw_pooled(1).x)


def test_rows_are_decoded_once(family):
    assert replace(family, seed=3).data is family.data


def test_classes_of_the_parts_of_a_split_are_disjoint():
    parts = split_classes(numbered(10), train=0.5, validation=0.2, test=3, seed=1)
    assert [len(part.classes) for part in parts] == [5, 2, 3]
    assert len({name for part in parts for name in part.classes}) == 10
    for part in parts:
        assert all(part.classes[y] == f"class {int(x[0])}" for x, y in zip(part.x, part.y, strict=True))
    assert (
        split_classes(numbered(10), seed=1).test.classes != split_classes(numbered(10), seed=2).test.classes
    )


def test_new_groups_are_in_no_other_part():
    x, y = numbered(10, 10)
    groups = np.arange(len(y)) % 10
    parts = split_classes(hs.data.load((x, y), groups=groups), new_groups=True)
    found = [set(part.groups.tolist()) for part in parts]
    assert [len(some) for some in found] == [6, 2, 2]
    assert not set.union(*found[:2]) & found[2]
    assert not found[0] & found[1]


def test_a_task_takes_one_row_of_a_group_from_a_class():
    x, y = numbered(3, 12)
    groups = np.array([f"{label} {row % 4}" for row, label in enumerate(y)])
    data = hs.data.load((x, y), groups=groups)
    taken = FewShot(data, ways=3, shots=1, queries=2, tasks=40)
    rows = both(taken.draw(0))[0][..., 1].long()
    assert all(len(set(some)) == 9 for some in groups[rows.numpy()].tolist())
    with pytest.raises(BadInput, match=r"has 4 of the 5 groups of rows that.*apart=False"):
        replace(taken, queries=4)
    together = replace(taken, queries=4, apart=False).draw(0)
    assert len(set(both(together)[0][0, :, 1].tolist())) == 15


def test_small_classes_are_left_out_on_request():
    x, y = numbered(6, 5)
    x, y = x[y != "class 2"], y[y != "class 2"]
    more = np.full((2, 3), 2, np.float32)
    data = np.concatenate([x, more]), np.concatenate([y, ["class 2"] * 2])
    parts = split_classes(data, train=1.0, validation=0, test=0)
    with pytest.raises(BadInput, match=r"'class 2' of .* has 2 of the 5 rows that"):
        FewShot(parts.train, ways=2, shots=2, queries=3)
    whole = split_classes(data, train=1.0, validation=0, test=0, least=5).train
    assert "class 2" not in FewShot(whole, ways=2, shots=2, queries=3).examples.classes


def test_pictures_keep_a_small_size_and_one_channel_if_they_are_grey():
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 255, (6, 9, 12)).astype(np.uint8)
    examples = examples_of((grey, np.arange(6) % 2))
    assert torch.equal(examples.x[:, 0], torch.from_numpy(grey))
    assert examples_of((grey, np.arange(6) % 2), size=28).shape == (1, 28, 28)
    coloured = rng.integers(0, 255, (6, 90, 120, 3)).astype(np.uint8)
    assert examples_of((coloured, np.arange(6) % 2)).shape == (3, 32, 32)
    drawn = FewShot(examples, ways=2, queries=1).draw(0).query.x
    assert drawn.dtype == torch.float32
    assert drawn.max() <= 1


def test_tables_and_texts_become_numbers_scaled_by_the_rows_to_learn_from():
    table = {"size": [1.0, 3, 5, 1e6], "colour": ["red", "blue", "red", "red"], "label": list("aabb")}
    examples = examples_of(hs.data.load(table), fit=[0, 1, 2])
    assert examples.shape == (4,)
    assert torch.allclose(examples.x[:3, 0].mean(), torch.tensor(0.0), atol=1e-6)
    assert examples.x[3, 0] > 1e5
    texts = examples_of((["good film", "bad film", "good play", "bad play"], list("abab")))
    assert texts.shape == (4,)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"ways": 9}, "needs so many classes, and there are 8"),
        ({"ways": 1}, "ways is 1"),
        ({"ways": (3, 2)}, r"a pair of them, \(least, most\)"),
        ({"ways": "5"}, "ways is '5'"),
        ({"size": "28"}, "size is '28'"),
        (
            {"shots": (1, 9), "queries": 2},
            r"has 10 of the 11 rows .* with too few: 7",
        ),
        ({"size": 2}, "4 or more"),
    ],
)
def test_settings_that_cannot_be_met_are_refused(settings, says):
    with pytest.raises(BadInput, match=says):
        FewShot(numbered(), **settings)


def test_numbers_are_no_classes():
    with pytest.raises(BadInput, match="are numbers, and few-shot tasks are of classes"):
        FewShot((np.zeros((30, 2)), np.random.default_rng(0).normal(size=30)))


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ({"train": 0.9}, "fewer than are asked for"),
        ({"test": -1}, "test=-1 must be a share"),
        ({"test": 2.5}, "test=2.5 must be a share"),
        ({"train": "half"}, "train='half' must be a share"),
        ({"least": 11}, "No class of arrays has least=11 rows; the most is 10"),
        ({"new_groups": True}, "has no groups to split"),
    ],
)
def test_splits_that_cannot_be_made_are_refused(shares, says):
    with pytest.raises(BadInput, match=says):
        split_classes(numbered(), **shares)
