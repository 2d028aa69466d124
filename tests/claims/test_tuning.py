"""What the claims about tuning stand on: which layer learns, nested labels, steps and leads."""

import pytest
import torch

from headstart.claims import Lab
from headstart.claims._alphabets import characters, learn, start
from headstart.claims._digits import Rows, all_digits
from headstart.claims._tuning import few_of, lead, own_task
from headstart.claims.few_labels import steps_to
from headstart.claims.surgical_layers import TuneLayer, source_model
from headstart.predictor.fit import fit
from headstart.run.recipe import Recipe

LAB = Lab("tiny")
LAYERS = {"first": {"0.inner.0"}, "middle": {"0.inner.2"}, "last": {"1"}}


@pytest.mark.parametrize("layer", [*LAYERS, "all"])
def test_the_named_layer_alone_learns(layer):
    digits = all_digits()
    rows = Rows(digits.x[:60].flatten(1), digits.y[:60])
    base = source_model(LAB, 0, rows)
    tuned = fit(TuneLayer(layer=layer), base, rows.arrays, Recipe(steps=2, batch=60)).model.state_dict()
    before = base.model.state_dict()
    moved = {name.rpartition(".")[0] for name, value in before.items() if not torch.equal(value, tuned[name])}
    assert moved == LAYERS.get(layer, set().union(*LAYERS.values()))


def test_more_labels_hold_those_that_are_fewer():
    rows, test = own_task(LAB, 0)
    few, more = ({tuple(x.flatten().tolist()) for x in few_of(LAB, 0, rows, n).x} for n in (2, 5))
    assert few < more
    assert not more & {tuple(x.flatten().tolist()) for x in test.x}


def test_steps_are_read_off_between_two_marks():
    assert steps_to([0.9, 0.95], [5, 10]) == pytest.approx(2.3219, abs=1e-4)  # log2(5): there at once
    assert steps_to([0.4, 1.0], [4, 16]) == pytest.approx(3)  # halfway from 4 to 16, in doublings
    assert steps_to([0.1, 0.2], [4, 16]) == pytest.approx(4)  # never: the last mark


def test_a_lead_is_taken_over_some_places():
    numbers = {"a": [0.5, 0.7, 0.9], "b": [0.4, 0.4, 0.9]}
    assert lead("a", "b", slice(0, 2))(numbers) == pytest.approx(0.2)
    assert lead("b", "a", slice(-1, None))(numbers) == pytest.approx(0)


@pytest.mark.parametrize("method", ["self-training", "fine-tune:last=1"])
def test_arms_on_characters_begin_with_the_same_head(method):
    rows, test = characters(LAB, 0)
    few = few_of(LAB, 0, rows, 1)
    arms = [
        learn(LAB, 0, start(LAB, 0, name), few, each, rate=1e-12, target=target)
        for each, name, target in (
            ("fine-tune", "", None),
            (method, "other", test if "self" in method else None),
        )
    ]
    first, second = (arm.model.head.weight for arm in arms)
    assert torch.allclose(first, second, atol=1e-6)
    assert first.std() > 1e-3
    assert not torch.equal(*(next(start(LAB, 0, name).parameters()) for name in ("", "other")))
