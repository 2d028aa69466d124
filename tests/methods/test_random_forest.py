"""A random forest against scikit-learn's, its temperature, and what it is saved as."""

import json

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from tests.methods.grown import NUMBERS, TAGS, X, Y, opened_again
from tests.methods.ways import probed
from torch import nn

import headstart as hs
from headstart.core import BadInput
from headstart.methods.mapping.trees.random_forest import RandomForest
from headstart.methods.mapping.trees.tree_method import SEED, thirds


def test_its_votes_are_scikit_learns():
    model = probed(RandomForest(trees=20, min_leaf=2), X, Y, 3)
    theirs = RandomForestClassifier(20, min_samples_leaf=2, random_state=SEED).fit(X, Y)
    np.testing.assert_allclose(model.head.sums(X), theirs.predict_proba(X), atol=1e-6)


def test_no_rows_have_no_outputs():
    assert probed(RandomForest(trees=2), X, Y, 3)(X[:0]).shape == (0, 3)


def test_tags_and_numbers_are_scikit_learns():
    tags = probed(RandomForest(trees=20), X, TAGS, 2)
    theirs = RandomForestRegressor(20, max_features="sqrt", random_state=SEED).fit(X, TAGS.double())
    shares = (20 * theirs.predict(X) + 0.5) / 21
    np.testing.assert_allclose(tags(X).sigmoid(), shares, atol=1e-5)
    numbers = probed(RandomForest(trees=20), X, NUMBERS, 2)
    theirs = RandomForestRegressor(20, random_state=SEED).fit(X, NUMBERS)
    np.testing.assert_allclose(numbers(X), theirs.predict(X), rtol=1e-4, atol=1e-4)


def test_its_temperature_is_that_of_rows_that_are_left_out():
    """Trees know their own rows; on rows of a third that they have not seen they are far less sure."""
    noise = torch.randint(3, (150,), generator=torch.Generator().manual_seed(0))
    head = probed(RandomForest(trees=20), X, noise, 3).head
    assert head.scale[0] < 0.5
    separable = torch.cat([X, 10.0 * Y[:, None]], 1)
    assert probed(RandomForest(trees=20), separable, Y, 3).head.scale[0] > 1


def test_thirds_are_even_in_each_class():
    labels = np.array([0] * 30 + [1] * 9 + [2] * 2)
    third = thirds(labels)
    assert [np.bincount(third[labels == k], minlength=3).tolist() for k in (0, 1)] == [[10] * 3, [3] * 3]
    assert len(set(third[labels == 2])) == 2


def test_no_probability_is_0_even_of_a_class_without_rows():
    model = probed(RandomForest(trees=5), X, Y, 4)
    assert float(model(X).double().softmax(1).min()) > 1e-6


def test_one_class_alone_is_predicted():
    model = probed(RandomForest(trees=5), X, torch.ones(150, dtype=torch.int64), 2)
    assert (model(X).argmax(1) == 1).all()


def test_it_is_saved_as_tensors_of_the_columns_alone(tmp_path):
    model, again, file = opened_again(RandomForest(trees=5), tmp_path)
    assert [one.probability for one in again.predict(str(file))] == [
        one.probability for one in model.predict(str(file))
    ]
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert config["head"]["name"] == "TreeHead"
    assert config["backbone"]["hidden"] == 0
    assert not list(model.model.parameters())


def test_what_reads_no_columns_is_refused():
    data = (X.numpy(), Y.numpy())
    with pytest.raises(BadInput, match=r"reads no columns of a table.*backbone 'table'"):
        hs.fit(RandomForest(), nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), data)


@pytest.mark.parametrize(("name", "value"), [("trees", 0), ("min_leaf", 0)])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"random-forest: {name} is {value}"):
        RandomForest(**{name: value})
