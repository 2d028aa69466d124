"""What is recorded of tags and of columns of numbers on the test part, by hand."""

import numpy as np
import pytest
import torch

from headstart.data.dataset import Dataset
from headstart.data.samples import Array
from headstart.studies.adapt.record_fields import BARS, columns_of, save_mistakes, tags_of


def dataset(labels, classes):
    rows = len(labels)
    items = tuple(f"row {row}" for row in range(rows))
    samples = Array(np.zeros((rows, 2), np.float32), False)
    return Dataset(name="made", classes=classes, labels=labels, items=items, samples=samples)


TAGGED = dataset(np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 0, 0]], bool), ("red", "round", "rare"))
SAID = torch.tensor([[0.9, 0.6, 0.1], [0.8, 0.7, 0.2], [0.95, 0.1, 0.3], [0.3, 0.2, 0.4]]).logit()


def test_each_tag_is_counted_by_itself():
    red, round_, rare = tags_of(TAGGED, SAID)
    assert [(one.name, one.rows, one.said) for one in (red, round_, rare)] == [
        *(("red", 3, 3), ("round", 1, 2), ("rare", 0, 0))
    ]
    assert (red.precision.value, red.recall.value) == pytest.approx((2 / 3, 2 / 3))
    assert red.average_precision.value == pytest.approx((1 / 2 + 2 / 3 + 3 / 4) / 3)  # behind the wrong row
    assert (round_.precision.value, round_.recall.value, round_.average_precision.value) == (0.5, 1, 1)
    assert (rare.average_precision, rare.precision, rare.recall) == (None, None, None)
    assert columns_of(TAGGED, TAGGED, SAID) == []


def test_the_mistakes_of_tags_are_the_worst_of_each_row(tmp_path):
    found = save_mistakes(tmp_path, TAGGED, SAID)
    assert [(one.item, one.truth, one.answer, round(one.confidence, 2)) for one in found] == [
        ("row 2", "not red", "red", 0.95),
        ("row 3", "red", "not red", 0.7),
        ("row 0", "not round", "round", 0.6),
    ]


def test_columns_have_their_own_units_and_the_mean_of_the_training_part(tmp_path):
    train = dataset(np.array([[0.0, 0.0], [10.0, 2000.0]]), ("price", "size"))
    test = dataset(np.array([[4.0, 0.0], [8.0, 1000.0], [6.0, 3000.0]]), ("price", "size"))
    outputs = torch.tensor([[5.0, 0.0], [6.0, 1000.0], [6.0, 1500.0]])
    price, size = columns_of(train, test, outputs)
    assert (price.name, price.mae.value, price.rmse.value) == (
        "price",
        pytest.approx(1),
        pytest.approx((5 / 3) ** 0.5),
    )
    assert price.mean_mae == pytest.approx((1 + 3 + 1) / 3)  # always telling 5
    assert price.r2.value == pytest.approx(1 - 5 / 8)
    assert (price.truth, price.answers) == ([4.0, 6.0, 8.0], [5.0, 6.0, 6.0])
    assert (price.low, price.high, sum(price.errors), len(price.errors)) == (-2.0, 2.0, 3, BARS)
    assert (price.errors[0], price.errors[BARS // 2]) == (1, 1)  # -2 and 0
    assert size.mae.value == pytest.approx(500)
    assert tags_of(test, outputs) == []
    # in deviations of the columns: 2 / 1.63 is more than 1500 / 1247
    second, first, *_ = save_mistakes(tmp_path, test, outputs)
    assert (first.item, first.truth, first.answer, first.error) == (
        "row 2",
        "size 3,000",
        "size 1,500",
        -1500.0,
    )
    assert (second.item, second.truth, second.answer, second.error) == (
        "row 1",
        "price 8.000",
        "price 6.000",
        -2.0,
    )
