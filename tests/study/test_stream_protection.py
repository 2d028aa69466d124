"""Protection: the source model answers unless rows differ and the adapted answers go with clear features."""

import copy
import warnings

import pytest
import torch
from tests.study.streams import alike, state_of
from torch import nn

import headstart as hs
from headstart.core import Backbone, BadInput, Mismatch, Model, Unlabelled
from headstart.core.linear_head import LinearHead
from headstart.nn.adaptive_norm import AdaptiveNorm
from headstart.nn.source_statistics import SourceStatistics
from headstart.run.loop import train
from headstart.streaming.protected import ProtectionWarning
from headstart.streaming.protection import Rows, accepts, differs, forget

METHODS = ("norm", "tent", "eata", "sar", "cotta", "lame", "rdumb")
YES, NO = torch.tensor([True]), torch.tensor([False])


class Standard(Backbone):
    """A batch normalisation of four channels, whose stored statistics are those of `rows`."""

    width = 4

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.norm.running_mean.fill_(1.0)  # of four classes, one has 4
        self.norm.running_var.fill_(4.0)  # 1 within classes, and 16 * 1/4 * 3/4 between them

    def forward(self, x):
        return self.norm(x)


def rows(n, seed, label=None):
    """Rows (n, 4) around 4 at the channel of their class and 0 elsewhere, and classes."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(4, (n,), generator=g) if label is None else torch.full((n,), label)
    return torch.randn(n, 4, generator=g) + 4 * nn.functional.one_hot(y, 4), y


@pytest.fixture(scope="module")
def bare():
    """A classifier that is right on nearly all rows."""
    head = LinearHead(4, 4)
    head.load_state_dict({"weight": 4 * torch.eye(4), "bias": torch.zeros(4)})
    return Model(Standard(), head).eval()


@pytest.fixture(scope="module")
def model(bare):
    """With the statistics of rows that it was trained on."""
    made = copy.deepcopy(bare)
    made.source_statistics = hs.stream(
        "norm", bare, source=rows(400, 900)[0]
    )._protected.view.statistics.tensors
    return made


def shifted(x):
    """One channel is up, so that the source predicts its class alone; statistics of the stream undo that."""
    return x + torch.tensor([8.0, 0.0, 0.0, 0.0])


def raised(x):
    """All channels are up alike, so that the source predicts as before."""
    return x + 6


def answers(stream, batches):
    return [stream(x) for x in batches]


def right(found, batches):
    predicted = torch.cat([answer.outputs.argmax(1) for answer in found])
    return float((predicted == torch.cat([y for _, y in batches])).float().mean())


def test_the_bet_by_hand():
    """2.3333^12 / 3 + 1.6667^12 / 3 + 1.3333^12 / 3 is 8,842, and so 13 unusual rows pass 10,000."""
    memory = forget()
    assert [differs(YES, memory) for _ in range(13)] == [False] * 12 + [True]
    assert differs(NO, memory)  # a shift is not over with one row


def test_a_third_of_unusual_rows_raises_no_alarm_and_the_end_of_a_shift_is_seen():
    g, memory = torch.Generator().manual_seed(0), forget()
    alarms = sum(differs(torch.rand(64, generator=g) < 1 / 3, memory) for _ in range(100))
    assert alarms == 0  # 6,400 rows; one in 10,000 is what is promised
    assert differs(torch.ones(16, dtype=torch.bool), memory)
    assert differs(torch.zeros(16, dtype=torch.bool), memory)  # half of the last 32
    assert not differs(torch.zeros(16, dtype=torch.bool), memory)


def test_which_answers_are_handed_out_by_hand():
    """Centres at 0 and 4: d from its own, a row has the margin 2 log((4 - d) / d) or 2 log((4 + d) / d)."""
    tensors = {"centres": torch.tensor([[0.0], [4.0]]), "within": torch.ones(1)}
    usual = {"distance": torch.tensor(-1.0), "margin": torch.tensor(4.0)}
    statistics = SourceStatistics({**tensors, **usual})

    def seen(distance, classes):
        """Rows on both sides of their class, so that they have moved by nothing together."""
        y = torch.tensor(classes)
        side = torch.where(torch.arange(len(y)) % 4 < 2, 1.0, -1.0)
        return Rows(5 * nn.functional.one_hot(y, 2).float(), (4 * y + side * distance)[:, None])

    both, one = [0, 1] * 8, [0] * 16
    far, near, nearer = 1.6, 1.1, 0.6

    def judged(before, after):
        return accepts(before, after, statistics, forget())

    assert judged(seen(far, both), seen(near, both))  # a margin of 2.6 on average, and 1.0 before
    assert not judged(seen(near, both), seen(far, both))
    assert not judged(seen(1.99, both), seen(1.9, both))  # larger, but 0.9 is no 0.4 of 4
    assert not judged(seen(near, both), seen(near, both))  # not larger
    assert judged(seen(0.01, one), seen(near, both))  # but the source predicts a single class, for one point
    assert not judged(seen(0.01, one), seen(far, both))  # for which 0.5 of 4 is asked
    assert not judged(seen(nearer, one), seen(near, both))  # what looks like training rows of one class
    assert not judged(seen(far, both[:8]), seen(nearer, both[:8]))  # eight rows show nothing
    usual["distance"] = torch.tensor(-2.0)
    statistics = SourceStatistics({**tensors, **usual})
    assert not judged(seen(far, both), seen(near, both))  # 2 log 1.1 is more than -2 + 4 / 2
    assert judged(seen(far, both), seen(nearer, both))


def test_classes_that_come_as_random_draws_are_trusted_by_hand():
    """Off by d between centres 4 apart, 3/4 have a margin of 2 log(4/d - 1), the outer of 2 log(4/d + 1)."""
    tensors = {"centres": 4.0 * torch.arange(4)[:, None], "within": torch.ones(1)}
    usual = {"distance": torch.tensor(-1.0), "margin": torch.tensor(5.0), "classless": torch.tensor(0.5)}

    def judged(classes, off, **more):
        y = torch.tensor(classes)
        side = torch.where(torch.arange(len(y)) // 4 % 2 == 0, 1.0, -1.0)
        features = [(4 * y + side * far)[:, None] for far in (0.5, off)]
        before, after = (Rows(-(at - tensors["centres"].T).square(), at) for at in features)
        return accepts(before, after, SourceStatistics({**tensors, **usual, **more}), forget())

    mixed, evenly = [0, 1, 2, 3] * 16, {"shares": torch.full((4,), 0.25)}
    assert judged(mixed, 1.0, **evenly)  # 2.5 is more than 0.5 + 4.5 / 3 = 2.0, though the source does better
    assert not judged(mixed, 1.3, **evenly)  # 1.8 is less
    assert not judged(mixed, 1.0, **evenly | {"classless": torch.tensor(1.5)})  # less than 2.7
    assert not judged(mixed, 1.0)  # an older version has not saved the shares
    assert not judged(mixed[:60], 1.0, **evenly)  # too few
    assert not judged(sorted(mixed), 1.0, **evenly)  # one class after the other
    assert not judged(mixed, 0.5, **evenly)  # features that have not changed say nothing about answers


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("label", [None, 0])
def test_where_nothing_has_shifted_the_source_model_answers_bit_for_bit(model, method, label):
    s = hs.stream(method, model)
    start, batches = state_of(s), [rows(32, 300 + k, label=label)[0] for k in range(3)]
    assert all(torch.equal(s(x).outputs, s.source(x)) for x in batches)
    assert alike(state_of(s), start)
    assert s.batches_by == {"adapted": 0, "usual": 3, "doubted": 0, "unjudged": 0}


def test_it_adapts_to_a_shift_and_goes_back_when_it_is_over(model):
    given = [rows(64, 400 + k) for k in range(8)]
    bad = [(shifted(x), y) for x, y in given[:4]]
    s = hs.stream("tent", model)
    source = sum(float((s.source(x).argmax(1) == y).float().mean()) for x, y in bad) / 4
    found = answers(s, [x for x, _ in bad])
    assert source < 0.5 < 0.9 < right(found, bad)
    assert all(answer.adapted for answer in found)
    later = answers(s, [x for x, _ in given[4:]])
    assert not any(answer.adapted for answer in later)
    assert alike(state_of(s), state_of(hs.stream("tent", model)))
    assert s.batches_by == {"adapted": 4, "usual": 4, "doubted": 0, "unjudged": 0}


@pytest.mark.parametrize("method", ["norm", "tent", "cotta"])
def test_a_shift_with_one_class_at_a_time_is_left_to_the_source_model(model, method):
    """Statistics of a batch of one class put its rows everywhere."""
    given = [rows(64, 500 + k, label=k // 2) for k in range(8)]
    moved = [(raised(x), y) for x, y in given]
    s, alone = hs.stream(method, model), hs.stream(method, model, protect=False)
    mine, harmed = (right(answers(each, [x for x, _ in moved]), moved) for each in (s, alone))
    source = sum(float((s.source(x).argmax(1) == y).float().mean()) for x, y in moved) / 8
    assert harmed < 0.5 < 0.95 < source
    assert mine >= source - 0.02
    assert s.batches_by["usual"] == 0


def test_what_goes_badly_for_long_is_reset_and_logged(model):
    s = hs.stream("tent", model)
    for k in range(5):
        s(raised(rows(64, k, label=2)[0]))
    assert s.batches_by == {"adapted": 0, "usual": 0, "doubted": 5, "unjudged": 0}
    assert s.counts["protection"] == 2
    assert [event.step for event in s.log] == [2, 4]
    assert (s.log[0].value, s.log[0].limit) == (128, 128)


def test_small_batches_follow_the_stream_with_running_statistics(model):
    s, large = hs.stream("tent", model), hs.stream("tent", model)
    for x in shifted(rows(60, 7)[0]).split(1):
        s(x)
    large(shifted(rows(60, 7)[0]))
    norms = [
        [m for m in each._adapter.run.parts.modules() if isinstance(m, AdaptiveNorm)] for each in (s, large)
    ]
    assert [{norm.statistics for norm in each} for each in norms] == [{"running"}, {"batch"}]


def test_without_protection_a_stream_is_the_bare_loop_bit_for_bit(model):
    batches = [shifted(rows(32, 600 + k)[0]) for k in range(4)]
    s = hs.stream("tent:lr=0.01", model, guards=(), protect=False)
    run = hs.stream("tent:lr=0.01", model, guards=(), protect=False)._adapter.run
    ticks = train(run, lambda _: iter([Unlabelled(x) for x in batches]))
    assert all(torch.equal(s(x).outputs, tick.outputs) for x, tick in zip(batches, ticks, strict=True))
    assert s.batches_by == {"adapted": 0, "usual": 0, "doubted": 0, "unjudged": 0}


def test_a_model_without_statistics_is_answered_by_the_source_and_says_so(bare):
    with pytest.warns(ProtectionWarning, match=r"Give source, at least 40 .*protect=False"):
        s = hs.stream("tent", bare)
    x = shifted(rows(64, 3)[0])
    assert torch.equal(s(x).outputs, s.source(x))
    assert not s.can_adapt
    assert s.batches_by == {"adapted": 0, "usual": 0, "doubted": 0, "unjudged": 1}
    with pytest.warns(ProtectionWarning):
        hs.stream("tent", bare, source=rows(39, 1)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert hs.stream("tent", bare, source=rows(40, 1)[0]).can_adapt
        assert hs.stream("tent", bare, protect=False).can_adapt
    part = hs.data.streams.Segment("all", x, rows(64, 3)[1].numpy())
    with pytest.warns(ProtectionWarning):
        assert "nothing adapts" in hs.prequential("tent", bare, [part]).notes[0]


def test_saved_and_loaded_it_goes_on_byte_for_byte(model, tmp_path):
    given = [(shifted if 2 <= k < 6 else torch.clone)(rows(48, 700 + k)[0]) for k in range(8)]
    whole, first, second = (hs.stream("tent", model) for _ in range(3))
    wanted = [answer.outputs for answer in answers(whole, given)]
    answers(first, given[:4])
    first.save(tmp_path / "s")
    second.load(tmp_path / "s")
    assert all(torch.equal(second(x).outputs, y) for x, y in zip(given[4:], wanted[4:], strict=True))
    assert second.batches_by == whole.batches_by
    with pytest.raises(Mismatch, match="another protection"):
        hs.stream("tent", model, protect=False).load(tmp_path / "s")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_methods_learn_where_the_caller_has_switched_gradients_off(model, method, off):
    batches = [shifted(rows(16, 800 + k)[0]) for k in range(2)]
    wanted = [answer.outputs for answer in answers(hs.stream(method, model, protect=False), batches)]
    with off():
        inside = [shifted(rows(16, 800 + k)[0]) for k in range(2)]
        found = [answer.outputs for answer in answers(hs.stream(method, model, protect=False), inside)]
    assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_a_step_that_fails_counts_nothing(model, monkeypatch):
    s = hs.stream("tent", model, protect=False)
    x = rows(8, 1)[0]
    with monkeypatch.context() as patched:
        patched.setattr(s._adapter, "step", lambda _x: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            s(x)
    assert (s.step, s.rows) == (0, 0)
    s(x)
    assert (s.step, s.rows) == (1, 8)


def test_a_net_of_unknown_inputs_names_what_takes_an_example():
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 3))
    with pytest.raises(BadInput, match=r"hs\.models\.classifier\(net, example=x\[:2\]\)") as raised:
        hs.stream("tent", net)
    assert "Give example=" not in str(raised.value)


def test_what_was_fitted_keeps_its_statistics_when_it_is_saved(bare, tmp_path):
    x, y = rows(120, 5)
    net = nn.Sequential(copy.deepcopy(bare.backbone.norm), nn.Identity())
    fitted = hs.fit(hs.methods.LogisticProbe(), net, (x.numpy(), y.tolist()))
    fitted.save(tmp_path / "m")
    opened = hs.open(tmp_path / "m", backbone=net)
    saved, mine = opened.model.source_statistics, fitted.model.source_statistics
    assert saved.keys() == mine.keys()
    assert all(torch.equal(saved[name], mine[name]) for name in mine)
    new = rows(64, 6)[0]
    s = hs.stream("norm", opened)
    assert not s(new).adapted
    assert s(shifted(new)).adapted
    (tmp_path / "m" / "statistics.safetensors").unlink()  # as older versions wrote it
    with pytest.warns(ProtectionWarning):
        hs.stream("norm", hs.open(tmp_path / "m", backbone=net))
