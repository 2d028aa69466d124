"""The prior over tables: a function of its seed and step, and what its tables are like."""

import pytest
import torch

from headstart.tasks import SyntheticTables
from headstart.tasks.prior import draw_tables
from headstart.tasks.prior.causes import correlated
from headstart.tasks.prior.draws import Draws
from headstart.tasks.prior.functions import forest, groups, linear, process
from headstart.tasks.prior.graphs import graph
from headstart.tasks.prior.labels import classes
from headstart.tasks.prior.shapes import draw_shape

TASKS, ROWS, COLUMNS = 200, 60, 6


@pytest.fixture(scope="module")
def tables():
    return draw_tables(0, 0, TASKS, ROWS, COLUMNS)


def test_tables_are_a_function_of_the_seed_and_the_step(tables):
    again = draw_tables(0, 0, TASKS, ROWS, COLUMNS)
    torch.testing.assert_close(again.x, tables.x, rtol=0, atol=0, equal_nan=True)
    assert torch.equal(again.y, tables.y)
    for other in (draw_tables(1, 0, 5, 10, 3), draw_tables(0, 1, 5, 10, 3)):
        assert not torch.equal(other.x.nan_to_num(), draw_tables(0, 0, 5, 10, 3).x.nan_to_num())


def test_global_random_numbers_stay_as_they_are():
    before = torch.get_rng_state()
    draw_tables(0, 2, 4, 10, 3)
    assert torch.equal(torch.get_rng_state(), before)


def test_classes_are_two_to_ten_of_unequal_shares(tables):
    assert set(tables.classes.tolist()) == set(range(2, 11))
    assert 0.35 < (tables.classes == 2).float().mean() < 0.53
    assert ((tables.y >= 0) & (tables.y < tables.classes[:, None])).all()
    largest = torch.stack([torch.bincount(y, minlength=10).max() / ROWS for y in tables.y])
    two = largest[tables.classes == 2]
    assert two.max() > 0.8
    assert two.min() < 0.6


def test_the_number_of_a_class_tells_nothing(tables):
    """In tables of two classes the first is as often the smaller as the larger one."""
    shares = tables.y[tables.classes == 2].float().mean(1)
    assert abs((shares > 0.5).float().mean() - 0.5) < 4 * 0.5 / len(shares) ** 0.5


def test_cells_are_numbers_categories_or_missing(tables):
    missing = tables.x.isnan()
    assert 0.005 < missing.float().mean() < 0.06
    assert 0.15 < tables.named.float().mean() < 0.45
    codes = tables.x.transpose(1, 2)[tables.named]
    there = codes[~codes.isnan()]
    assert (there == there.round()).all()
    assert there.min() == 0
    assert there.max() <= 15
    numbers = tables.x.transpose(1, 2)[~tables.named]
    assert not numbers.isinf().any()


@pytest.mark.parametrize("family", [graph, forest, process, linear, groups], ids=lambda one: one.__name__)
@pytest.mark.parametrize("columns", [1, 2, 24])
def test_each_family_has_finite_columns_that_vary_and_scores_that_they_tell_of(family, columns):
    x, scores = family(Draws(3, columns), 12, 80, columns, 10)
    assert x.shape == (12, 80, columns)
    assert scores.shape == (12, 80, 10)
    assert x.isfinite().all()
    assert scores.isfinite().all()
    assert (scores[..., 0].std(1) > 0).float().mean() > 0.8


def test_labels_are_learnable_from_the_rows(tables):
    """The nearest other row has the same class more often than a random one."""
    x = tables.x.nan_to_num(0)
    x = (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True).clamp_min(1e-6)
    away = torch.cdist(x, x) + 1e6 * torch.eye(ROWS)
    nearest = tables.y.gather(1, away.argmin(2))
    same = (nearest == tables.y).float().mean(1)
    chance = torch.stack([(torch.bincount(y, minlength=10) / ROWS).square().sum() for y in tables.y])
    gain = same - chance
    assert gain.mean() > 0.08
    assert (gain > 0).float().mean() > 0.7


def test_numbers_are_regression_targets():
    tables = draw_tables(0, 0, 20, 30, 4, regression=True)
    assert tables.y.dtype == torch.float32
    assert tables.classes.tolist() == [0] * 20
    assert tables.y.isfinite().all()


def test_classes_of_intervals_by_hand():
    """Without noise: rows of a class are next to each other in the first score, or of two intervals."""
    scores = torch.linspace(-1, 1, 50)[None, :, None].expand(300, -1, 10).contiguous()
    y, counts = classes(Draws(0), scores, torch.full((300,), 3))
    changes = (y[:, 1:] != y[:, :-1]).sum(1)
    assert (counts == 3).all()
    assert (changes <= 2).float().mean() > 0.5
    assert abs((y[:, 0] == 0).float().mean() - 1 / 3) < 4 * (2 / 9 / 300) ** 0.5  # the number tells nothing


def test_columns_of_some_tables_are_correlated():
    x = correlated(Draws(0), 100, 200, 6)
    both = (x.transpose(1, 2) @ x / 200).abs()
    off = both[:, ~torch.eye(6, dtype=torch.bool)].amax(1)
    assert (off > 0.6).float().mean() > 0.2
    assert (off < 0.35).float().mean() > 0.2


def test_shapes_fill_a_step():
    shapes = [draw_shape(0, step, 12_000) for step in range(1200, 1600)]
    assert shapes == [draw_shape(0, step, 12_000) for step in range(1200, 1600)]
    cells = torch.tensor([shape.tasks * shape.rows * (shape.columns + 1) for shape in shapes]).double()
    assert (cells / 12_000 - 1).abs().median() < 0.1
    assert {shape.columns for shape in shapes} == set(range(1, 26))
    assert 0.06 < sum(shape.regression for shape in shapes) / 400 < 0.2
    first = [draw_shape(0, step, 12_000) for step in range(600)]
    assert {shape.columns for shape in first} == {2, 3, 4}
    assert all(shape.easy for shape in first)
    assert not any(shape.easy for shape in shapes)
    assert not any(shape.regression and shape.blind for shape in shapes)


def test_few_shot_tasks_have_classes_of_equal_size_whose_numbers_tell_nothing():
    """And rows tell of them: the mean of a class is nearer to its own queries than those of others."""
    drawn = SyntheticTables(tasks=200, shots=8, queries=4, ways=3).draw(0)
    assert (drawn.support.y.sort(1).values == torch.arange(3).repeat_interleave(8)).all()
    assert (drawn.query.y.sort(1).values == torch.arange(3).repeat_interleave(4)).all()
    means = torch.stack(
        [(drawn.support.x * (drawn.support.y == k)[..., None]).sum(1) / 8 for k in range(3)], 1
    )
    right = torch.cdist(drawn.query.x, means).argmin(2) == drawn.query.y
    assert right.float().mean() > 0.42
    by_number = (drawn.support.x[..., 0] * (drawn.support.y - 1)).mean(1)
    assert abs(by_number.mean() / by_number.std() * 200**0.5) < 4
