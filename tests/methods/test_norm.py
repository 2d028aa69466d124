"""The statistics of the stream, and nothing else."""

import pytest
import torch
from tests.methods.flows import Clouds, Normed, answers, begin, cloud_head, clouds, same, state, two_way
from tests.methods.ways import Same
from torch import nn

from headstart.core import BadInput
from headstart.methods.inputs.streams._norm_entropy import predict_stream
from headstart.methods.inputs.streams.norm import Norm


def test_a_batch_by_hand():
    """(1, 0) and (5, 0) are normed to (-1, 0) and (1, 0), however far the source's mean is."""
    norm = nn.BatchNorm1d(2, eps=1e-12)
    norm.running_mean.fill_(100.0)
    (found,) = answers(begin(Norm(), Normed(norm), two_way()), [[[1.0, 0.0], [5.0, 0.0]]])
    torch.testing.assert_close(found, torch.tensor([[-1.0, 1.0], [1.0, -1.0]]))


def test_scale_and_shift_of_the_input_change_nothing():
    (a,) = answers(begin(Norm(), Clouds(), cloud_head(), shape=(4,)), clouds(1))
    (b,) = answers(begin(Norm(), Clouds(), cloud_head(), shape=(4,)), [7 * clouds(1)[0] + 3])
    torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_a_prior_that_never_ends_is_the_source():
    run = begin(Norm(statistics="mixed", prior=1e12), Clouds(), cloud_head(), shape=(4,))
    (found,) = answers(run, clouds(1))
    source = cloud_head()(Clouds().eval()(clouds(1)[0]))
    torch.testing.assert_close(found, source, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("statistics", ["batch", "mixed", "running"])
def test_nothing_learns_and_only_running_statistics_stay(statistics):
    run = begin(Norm(statistics=statistics), Clouds(), cloud_head(), shape=(4,))
    before = state(run)
    answers(run, clouds(3))
    after = state(run)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    moved = {"backbone.body.1.running_mean", "backbone.body.1.running_var"}
    assert changed == (moved if statistics == "running" else set())


@pytest.mark.parametrize("statistics", ["batch", "mixed", "running"])
def test_single_rows_are_answered_with_numbers(statistics):
    run = begin(Norm(statistics=statistics), Clouds(), cloud_head(), shape=(4,))
    assert all(bool(found.isfinite().all()) for found in answers(run, clouds(5, rows=1)))


def test_running_statistics_reach_those_of_a_stream_of_single_rows():
    run = begin(Norm(statistics="running", prior=200), Normed(nn.BatchNorm1d(2)), two_way())
    g = torch.Generator().manual_seed(0)
    answers(run, [3 + 2 * torch.randn(1, 2, generator=g) for _ in range(1500)])
    norm = run.parts["backbone"].norm
    assert ((norm.running_mean - 3).abs() < 0.4).all()
    assert ((norm.running_var - 4).abs() < 1.3).all()


def test_layer_norms_give_the_answers_of_the_source():
    (found,) = answers(begin(Norm(), Normed(nn.LayerNorm(2)), two_way()), [[[1.0, 3.0]]])
    torch.testing.assert_close(found, two_way()(nn.LayerNorm(2)(torch.tensor([[1.0, 3.0]]))))


def test_no_norm_and_bad_settings_are_refused():
    with pytest.raises(BadInput, match=r"norm: the backbone has no normalisation .* lame works without"):
        begin(Norm(), Same(2), two_way())
    with pytest.raises(
        BadInput, match="norm: statistics is 'source'; it must be one of batch, running, mixed"
    ):
        Norm(statistics="source")
    with pytest.raises(BadInput, match="norm: prior is -1; it must be a number >= 0"):
        Norm(prior=-1)


def test_the_model_of_the_caller_is_untouched():
    mine, head = Clouds().train(), cloud_head()
    before = {k: v.clone() for k, v in mine.state_dict().items()}
    from headstart.core import Task

    parts = Norm(statistics="running").parts(mine, Task(3, (4,), head=head))
    predict_stream(parts, clouds(1)[0] + 5)
    assert same(before, mine.state_dict())
    assert mine.training
    assert all(m.training for m in mine.modules())
