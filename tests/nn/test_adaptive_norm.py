"""Statistics of the stream, by hand; what is replaced, and what is not touched."""

import copy

import pytest
import torch
from tests.toy import Toy
from torch import nn

from headstart.core import Backbone, BadInput
from headstart.nn.adaptive_norm import AdaptiveNorm, adaptive, pooled, watch


def normed(statistics, prior=16.0, mean=1.0, var=4.0, kind=nn.BatchNorm1d):
    norm = kind(1, eps=1e-12)
    norm.running_mean.fill_(mean)
    norm.running_var.fill_(var)
    return AdaptiveNorm(norm, statistics, prior)


def test_pooled_is_the_variance_of_all_rows_together():
    g = torch.Generator().manual_seed(0)
    x, y = torch.randn(30, 3, generator=g), torch.randn(10, 3, generator=g) * 2 + 5
    mean, var = pooled(x.mean(0), x.var(0, correction=0), y.mean(0), y.var(0, correction=0), 0.25)
    both = torch.cat([x, y])
    torch.testing.assert_close(mean, both.mean(0))
    torch.testing.assert_close(var, both.var(0, correction=0))


def test_batch_statistics_by_hand():
    """1 and 5 have mean 3 and variance 4."""
    found = normed("batch")(torch.tensor([[1.0], [5.0]]))
    torch.testing.assert_close(found, torch.tensor([[-1.0], [1.0]]))


def test_mixed_statistics_of_one_row_by_hand():
    """Three rows of mean 1 and variance 4, and the row 9: mean 3, variance 3/4*4 + 3/16*64 = 15."""
    norm = normed("mixed", prior=3)
    found = norm.train()(torch.tensor([[9.0]]))
    torch.testing.assert_close(found, torch.tensor([[6 / 15**0.5]]))
    assert norm.running_mean.item() == 1  # the prior stays
    torch.testing.assert_close(norm.eval()(torch.tensor([[9.0]])), found)


def test_running_statistics_follow_in_training_mode_and_stay_in_evaluation_mode():
    norm = normed("running", prior=3)
    found = norm.train()(torch.tensor([[9.0]]))
    torch.testing.assert_close(found, torch.tensor([[6 / 15**0.5]]))
    assert (norm.running_mean.item(), norm.running_var.item()) == (3.0, 15.0)
    norm.eval()(torch.tensor([[90.0], [7.0]]))
    assert (norm.running_mean.item(), norm.running_var.item()) == (3.0, 15.0)
    torch.testing.assert_close(norm(torch.tensor([[3.0]])), torch.zeros(1, 1))


def test_rows_are_counted_not_positions():
    """One picture of four pixels is one row."""
    norm = normed("mixed", prior=1, mean=0.0, var=1.0, kind=nn.BatchNorm2d)
    x = torch.tensor([1.0, 3.0, 1.0, 3.0]).view(1, 1, 2, 2)  # mean 2, variance 1
    torch.testing.assert_close(norm(x), (x - 1) / 2**0.5)  # mean 1, variance 1 + 1/4 * 4 = 2


def test_no_prior_is_the_batch_and_a_huge_one_the_source():
    x = torch.randn(6, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    norm = nn.BatchNorm2d(3)
    norm.running_mean.fill_(0.5)
    norm.weight.data.fill_(2.0)
    torch.testing.assert_close(AdaptiveNorm(norm, "mixed", 0.0)(x), AdaptiveNorm(norm, "batch")(x))
    torch.testing.assert_close(AdaptiveNorm(norm, "batch")(x), copy.deepcopy(norm).train()(x))
    torch.testing.assert_close(AdaptiveNorm(norm, "mixed", 1e12)(x), norm.eval()(x))


def test_the_gradient_goes_through_mixed_statistics():
    x = torch.randn(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).requires_grad_()
    norm = AdaptiveNorm(nn.BatchNorm1d(2).double(), "mixed", 0.0).train()
    other = nn.BatchNorm1d(2).double().train()
    scale = torch.arange(10.0, dtype=torch.float64).view(5, 2)
    (one,) = torch.autograd.grad((norm(x) * scale).sum(), x)
    (two,) = torch.autograd.grad((other(x) * scale).sum(), x)
    torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6)


def test_one_row_with_batch_statistics_is_normed_by_what_is_stored():
    found = normed("batch").train()(torch.tensor([[9.0]]))
    torch.testing.assert_close(found, torch.tensor([[4.0]]))


def test_one_row_and_nothing_stored_is_refused():
    bare = nn.BatchNorm1d(2, track_running_stats=False)
    with pytest.raises(BadInput, match="take larger batches"):
        AdaptiveNorm(bare)(torch.zeros(1, 2))
    with pytest.raises(BadInput, match="nothing to mix"):
        AdaptiveNorm(bare, "mixed")


@pytest.mark.parametrize("statistics", ["batch", "running", "mixed"])
def test_the_copy_shares_nothing_with_the_model_of_the_caller(statistics):
    mine = Toy().train()
    before, modes = copy.deepcopy(mine.state_dict()), [m.training for m in mine.modules()]
    twin = adaptive(mine, statistics)
    assert isinstance(twin.body[1], AdaptiveNorm)
    watch(twin)(torch.randn(4, 8, generator=torch.Generator().manual_seed(0))).sum().backward()
    with torch.no_grad():
        twin.body[1].weight.add_(1)
    assert type(mine.body[1]) is nn.BatchNorm1d
    assert all(torch.equal(value, before[name]) for name, value in mine.state_dict().items())
    assert modes == [m.training for m in mine.modules()]
    assert twin.state_dict().keys() == before.keys()


def test_watching_norms_go_with_the_stream_and_dropout_is_off():
    twin = watch(adaptive(Toy().train()))
    assert [type(m).__name__ for m in twin.modules() if m.training] == ["AdaptiveNorm"]


def test_norms_of_two_names_stay_one():
    class Twice(Backbone):
        width = 2

        def __init__(self):
            super().__init__()
            self.one = nn.BatchNorm1d(2)
            self.other = self.one

    twin = adaptive(Twice())
    assert isinstance(twin.one, AdaptiveNorm)
    assert twin.one is twin.other


def test_norms_of_timm_keep_their_activation():
    timm = pytest.importorskip("timm.layers")
    norm = timm.BatchNormAct2d(3)
    x = torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(AdaptiveNorm(norm)(x), copy.deepcopy(norm).train()(x))
    assert AdaptiveNorm(norm)(x).min() == 0


def test_a_norm_that_computes_something_else_is_refused():
    class Odd(nn.BatchNorm1d):
        def forward(self, x):
            return super().forward(x) + 1

    with pytest.raises(BadInput, match=r"Odd is a .* Take a way that needs none, such as lame"):
        AdaptiveNorm(Odd(2))


def test_no_channels_is_said():
    with pytest.raises(BadInput, match=r"takes \(rows, channels, ...\), not \(3,\)"):
        normed("batch")(torch.zeros(3))
