"""Statistics of training rows: by hand, on rows of the same law, of another mixture, and shifted."""

import math

import pytest
import torch
from torch import nn

from headstart.core import Backbone, Model
from headstart.core.linear_head import LinearHead
from headstart.nn.row_summaries import FEATURES, OUTPUTS, RowSummaries
from headstart.nn.source_statistics import FEWEST, SourceStatistics


class Two(Backbone):
    """A batch normalisation on two channels, then a layer normalisation on their means."""

    width = 2

    def __init__(self):
        super().__init__()
        self.batch, self.layer = nn.BatchNorm2d(2), nn.LayerNorm(2)

    def forward(self, x):
        return self.layer(self.batch(x).mean((2, 3)))


def drawn(n, seed, classes=3, only=None):
    """Three classes of Gaussian features, a layer before them, and logits that tell the classes apart."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(classes, (n,), generator=g) if only is None else torch.full((n,), only)
    features = torch.randn(n, 6, generator=g)
    features[torch.arange(n), y] += 6
    inner = torch.cat([features[:, :3] * 2 + 0.5, torch.randn(n, 4, generator=g)], 1)
    return {"norm": inner, FEATURES: features, OUTPUTS: 4 * features[:, :classes]}


def test_summaries_are_means_and_deviations_of_channels_before_each_norm():
    model = Model(Two(), LinearHead(2, 3)).eval()
    x = torch.tensor([[[[1.0, 3.0]], [[0.0, 8.0]]], [[[2.0, 2.0]], [[5.0, 5.0]]]])
    summaries = RowSummaries(model)
    found = summaries.parts(summaries(x))
    assert found["batch"].tolist() == [[2.0, 4.0, 1.0, 4.0], [2.0, 5.0, 0.0, 0.0]]
    assert list(found) == ["batch", "layer", FEATURES, OUTPUTS]
    assert torch.allclose(found["layer"], torch.tensor([[2.0, 4.0], [2.0, 5.0]]), atol=1e-4)
    assert torch.equal(found[OUTPUTS], model(x))
    assert not model.backbone.batch._forward_pre_hooks


def test_channels_of_a_layer_normalisation_are_last():
    norm = nn.LayerNorm(3)

    class Tokens(Backbone):
        width = 3

        def __init__(self):
            super().__init__()
            self.norm = norm

        def forward(self, x):
            return self.norm(x).mean(1)

    summaries = RowSummaries(Model(Tokens(), LinearHead(3, 2)))
    x = torch.arange(12.0).view(2, 2, 3)
    assert summaries.parts(summaries(x))["norm"][0].tolist() == [1.5, 2.5, 3.5, 1.5, 1.5, 1.5]


def test_a_tenth_of_the_rows_of_the_same_law_is_unusual_whatever_the_mixture_of_classes():
    found = SourceStatistics.fit(drawn(600, 0))
    assert 0.05 < found.unusual(drawn(2000, 1)).float().mean() < 0.18
    for only in range(3):
        assert found.unusual(drawn(1000, 2, only=only)).float().mean() < 0.22


def test_shifted_rows_are_unusual_in_either_direction():
    found, new = SourceStatistics.fit(drawn(600, 0)), drawn(400, 3)
    assert found.unusual({**new, "norm": new["norm"] + 4}).float().mean() > 0.9
    assert found.unusual({**new, "norm": 0.05 * new["norm"]}).float().mean() > 0.9
    assert found.unusual({**new, "norm": new["norm"] * torch.nan}).all()


def test_margins_tell_rows_of_their_class_from_rows_of_another():
    found, new = SourceStatistics.fit(drawn(600, 0)), drawn(400, 3)
    distance, margin = (values.mean() for values in found.distances(new[FEATURES], new[OUTPUTS]))
    assert margin == pytest.approx(found.margin, rel=0.1)
    assert distance == pytest.approx(found.distance, abs=0.1)
    far, wrong = (values.mean() for values in found.distances(new[FEATURES], -new[OUTPUTS]))
    assert wrong < 0.2 * found.margin
    assert far > found.distance + found.margin / 2


def test_the_margin_by_hand():
    """Squared deviations from the centres of both classes, in deviations of 2: 1 and 9 on average."""
    tensors = {"centres": torch.tensor([[0.0, 0.0], [8.0, 8.0]]), "within": torch.full((2,), 2.0)}
    found, features = SourceStatistics(tensors), torch.tensor([[2.0, 2.0]])
    near, far = (found.distances(features, torch.tensor([one])) for one in ([1.0, 0.0], [0.0, 1.0]))
    assert [value.item() for value in near] == pytest.approx([0, math.log(9)])
    assert [value.item() for value in far] == pytest.approx([math.log(9), -math.log(9)])


def test_what_rows_have_moved_by_together_is_taken_away():
    found, new = SourceStatistics.fit(drawn(600, 0)), drawn(400, 3)
    moved = new[FEATURES] + 5
    assert found.distances(moved, new[OUTPUTS])[1].mean() < 0.4 * found.margin
    centred = found.centred(moved, new[OUTPUTS])
    assert found.distances(centred, new[OUTPUTS])[1].mean() == pytest.approx(found.margin, rel=0.1)


def test_the_margin_of_features_without_classes():
    """Of x, Gaussian with mean 0 and variance 1 + 2^2, by centres at -2 and 2: 2 log |(x + 2) / (x - 2)|."""
    g = torch.Generator().manual_seed(0)
    y = torch.arange(2000) % 2
    rows = (4.0 * y - 2 + torch.randn(2000, generator=g))[:, None]
    found = SourceStatistics.fit({FEATURES: rows, OUTPUTS: torch.cat([-rows, rows], 1)})
    x = torch.linspace(0.0005, 20, 20001, dtype=torch.float64)  # none at 2
    density = 2 * torch.exp(-x.square() / 10) / math.sqrt(10 * math.pi)
    margin = float((2 * ((x + 2) / (x - 2)).abs().log() * density).sum() * (x[1] - x[0]))
    error = 1.5 / math.sqrt(512)  # of the mean of 512 draws, whose margins have a deviation of about 1.5
    assert found.classless == pytest.approx(margin, abs=4 * error)
    assert found.classless < 0.8 * found.margin
    assert found.shares.tolist() == pytest.approx([0.5, 0.5], abs=0.03)


def test_shares_of_predicted_classes_by_hand():
    """Of 60 rows 30, 20 and 10, and one more of each."""
    rows = drawn(60, 0)
    logits = nn.functional.one_hot(torch.arange(6).repeat(10) // 3 + (torch.arange(60) % 6 == 5).long(), 3)
    found = SourceStatistics.fit({**rows, OUTPUTS: logits.float()})
    assert found.shares.tolist() == pytest.approx([31 / 63, 21 / 63, 11 / 63])


def test_few_rows_one_class_or_too_many_features_give_nothing():
    assert SourceStatistics.fit(drawn(FEWEST - 1, 0)) is None
    assert SourceStatistics.fit(drawn(FEWEST, 0)) is not None
    one = drawn(60, 0)
    assert SourceStatistics.fit({**one, OUTPUTS: one[OUTPUTS][:, :1]}) is None
    assert SourceStatistics.fit({FEATURES: torch.zeros(50, 2**21), OUTPUTS: one[OUTPUTS][:50]}) is None
