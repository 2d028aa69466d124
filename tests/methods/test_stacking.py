"""The mean of a linear model, a forest and boosted trees: by hand, its weights, and what it is saved as."""

import json

import numpy as np
import pytest
import torch
from tests.methods.grown import NUMBERS, TAGS, X, Y, opened_again
from tests.methods.ways import probed

from headstart.core import BadInput
from headstart.losses.label import label_loss
from headstart.methods.mapping.trees.gradient_boosting import GradientBoosting
from headstart.methods.mapping.trees.random_forest import RandomForest
from headstart.methods.mapping.trees.stacking import Stacking, mixtures
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.nn.stacked_head import mean_prediction

NEW = X.flip(0) + 0.1


def test_means_by_hand():
    """1/2 and 1/4 of class 0 are 5/16 where the second counts three times the first."""
    even, less, weights = torch.zeros(1, 2), torch.tensor([[1.0, 3.0]]).log(), (0.25, 0.75)
    mixed = mean_prediction([even, less], weights, "classes")
    torch.testing.assert_close(mixed.softmax(1), torch.tensor([[5 / 16, 11 / 16]]))
    tags = mean_prediction([torch.zeros(1, 1), torch.tensor([[3.0]]).log()], weights, "tags")
    torch.testing.assert_close(tags.sigmoid(), torch.tensor([[11 / 16]]))
    numbers = mean_prediction(
        [torch.tensor([[1.0]]), torch.tensor([[5.0]])], torch.tensor(weights), "numbers"
    )
    assert float(numbers) == 4.0


def test_mixtures_are_all_and_sum_to_1():
    found = list(mixtures(3, 10))
    assert len(set(found)) == 66
    np.testing.assert_allclose(np.sum(found, 1), 1)
    assert {(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)} <= set(found)


@pytest.mark.parametrize(
    ("labels", "outputs", "kind"), [(Y, 3, "classes"), (TAGS, 2, "tags"), (NUMBERS, 2, "numbers")]
)
def test_its_corners_are_the_models(labels, outputs, kind):
    model = probed(Stacking(trees=10), X, labels, outputs)
    corners = [linear_probe(kind), RandomForest(trees=10), GradientBoosting(iterations=10)]
    assert len(model.head.weights) == (2 if kind == "tags" else 3)
    for place, method in enumerate(corners[: len(model.head.weights)]):
        model.head.weights.copy_(torch.eye(3)[place, : len(model.head.weights)])
        mine, theirs = model(NEW), probed(method, X, labels, outputs)(NEW)
        if kind == "classes" and place:  # the temperature of trees is another, as other rows were left out
            mine, theirs = (each - each.mean(1, keepdim=True) for each in (mine, theirs))
            mine, theirs = mine / mine.norm(), theirs / theirs.norm()
        elif kind == "classes":
            mine, theirs = mine.softmax(1), theirs.softmax(1)
        elif kind == "tags":
            mine, theirs = mine.sigmoid(), theirs.sigmoid()
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


def halves(rows, seed):
    """A number that is a sum, which trees learn slowly, and a step on either side, which no line follows."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 4)).astype(np.float32)
    y = x[:, [0, 2, 3]].sum(1) + 2 * (np.abs(x[:, 1]) > 0.7) + 0.3 * draw.normal(size=rows)
    return torch.from_numpy(x), torch.from_numpy(y.astype(np.float32))[:, None]


def test_together_they_predict_new_rows_better_than_each():
    (x, y), (new, truth) = halves(100, 0), halves(500, 1)
    head = probed(Stacking(trees=50), x, y, 1).head
    assert float(head.weights.max()) < 1
    losses = [float(label_loss(each(new), truth)) for each in (head.linear, *head.trees)]
    assert float(label_loss(head(new), truth)) < 0.97 * min(losses)


def test_what_the_forest_knows_by_heart_does_not_count_for_it():
    """Trees that are grown to the end know the noise of their rows; those that are left out say so."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(150, 3)).astype(np.float32)
    y = torch.from_numpy((x[:, :1] + 0.5 * draw.normal(size=(150, 1))).astype(np.float32))
    assert float(probed(Stacking(trees=20), torch.from_numpy(x), y, 1).head.weights[0]) > 0.6


def test_it_is_saved_as_tensors_of_the_columns_alone(tmp_path):
    model, again, file = opened_again(Stacking(trees=5), tmp_path)
    assert [one.probability for one in again.predict(str(file))] == [
        one.probability for one in model.predict(str(file))
    ]
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert config["head"]["name"] == "StackedHead"
    assert config["backbone"]["hidden"] == 0


@pytest.mark.parametrize(("name", "value"), [("trees", 0), ("trees", -1)])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"stacking: {name} is {value}"):
        Stacking(**{name: value})
