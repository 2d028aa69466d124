"""Logit adjustment: by hand, nothing at 0, saved with the model, and what it does to a rare class."""

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadInput, LinearHead
from headstart.nn.heads import AdjustedHead, make_head


def test_the_log_of_the_shares_is_taken_off():
    head = LinearHead(3, 2)
    z = torch.randn(5, 3)
    adjusted = AdjustedHead.of(head, torch.tensor([90, 10]), 1.0)
    torch.testing.assert_close(adjusted(z), head(z) - torch.tensor([0.9, 0.1]).log())
    half = AdjustedHead.of(head, torch.tensor([90, 10]), 0.5)
    torch.testing.assert_close(half(z), head(z) - torch.tensor([0.9, 0.1]).log() / 2)
    equal = AdjustedHead.of(head, torch.tensor([7, 7]), 1.0)
    torch.testing.assert_close(equal(z).softmax(1), head(z).softmax(1))


def test_probabilities_become_those_of_equally_frequent_classes():
    """Bayes: odds of 9 to 1 by the shares alone become even."""
    head = LinearHead(1, 2)
    with torch.no_grad():
        head.weight.zero_()
        head.bias.copy_(torch.tensor([0.9, 0.1]).log())
    given = AdjustedHead.of(head, torch.tensor([180, 20]), 1.0)(torch.zeros(1, 1)).softmax(1)
    torch.testing.assert_close(given, torch.tensor([[0.5, 0.5]]))


def test_a_class_without_rows_counts_half_a_row():
    offset = AdjustedHead.of(LinearHead(1, 2), torch.tensor([19.5, 0]), 1.0).offset
    torch.testing.assert_close(offset, torch.tensor([19.5 / 20, 0.5 / 20]).log())


def test_it_is_built_again_from_its_settings():
    head = AdjustedHead.of(LinearHead(3, 2), torch.tensor([3, 1]), 1.0)
    again = make_head("AdjustedHead", head.settings)
    again.load_state_dict(head.state_dict())
    z = torch.randn(4, 3)
    assert torch.equal(again(z), head(z))


def data(seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [180, 20])
    return (rng.normal(size=(200, 3)) + y[:, None]).astype(np.float32), np.where(y, "rare", "usual")


def test_a_rare_class_is_found_more_often_and_the_model_keeps_it(tmp_path):
    settings = {"methods": ("logistic-probe",), "folds": 2, "curve": False}
    plain, adjusted = (
        hs.adapt(nn.Identity(), data(), out=tmp_path / str(strength), logit_adjustment=strength, **settings)
        for strength in (0.0, 1.0)
    )
    figure = adjusted.result.candidates[0].scores["balanced_accuracy"].value
    assert figure > plain.result.candidates[0].scores["balanced_accuracy"].value + 0.1
    x, y = data(1)
    model = hs.open(adjusted.folder, backbone=nn.Identity())
    recall = np.mean([each.label == "rare" for each in model.predict(x[y == "rare"])])
    before = hs.open(plain.folder, backbone=nn.Identity())
    assert recall > np.mean([each.label == "rare" for each in before.predict(x[y == "rare"])]) + 0.2
    odds = np.log(model.probabilities(x)) - np.log(before.probabilities(x))
    shift = odds[:, 0] - odds[:, 1]
    assert shift == pytest.approx(np.full(200, np.log(9)), rel=0.05)


def test_centroids_take_classes_as_equally_frequent_already(tmp_path):
    """Nearly all rows became the rare class: accuracy .21 where it was .60."""
    settings = {"methods": ("nearest-centroid",), "folds": 2, "curve": False}
    plain, adjusted = (
        hs.adapt(nn.Identity(), data(), out=tmp_path / str(strength), logit_adjustment=strength, **settings)
        for strength in (0.0, 1.0)
    )
    assert adjusted.result.candidates[0].scores == plain.result.candidates[0].scores
    assert any("equally frequent: no logit is adjusted" in note for note in adjusted.result.notes)
    x, _ = data(1)
    before, after = (hs.open(each.folder, backbone=nn.Identity()) for each in (plain, adjusted))
    np.testing.assert_allclose(before.probabilities(x), after.probabilities(x), atol=1e-6)


@pytest.mark.parametrize("strength", [-1.0, float("inf"), float("nan")])
def test_bad_strengths_are_refused(strength, tmp_path):
    with pytest.raises(BadInput, match=r"logit_adjustment is .*a number >= 0"):
        hs.adapt(nn.Identity(), data(), out=tmp_path / "r", logit_adjustment=strength)


def test_numbers_have_no_classes(tmp_path):
    x, _ = data()
    with pytest.raises(BadInput, match="logit_adjustment is 1, but a model of numbers has no classes"):
        hs.adapt(nn.Identity(), (x, x[:, :1] * 1.5), out=tmp_path / "r", logit_adjustment=1.0)
