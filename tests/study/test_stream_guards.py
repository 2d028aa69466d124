"""Guards: no stream drives a model to one class; what they remember is exact, saved, and does not grow."""

import resource

import pytest
import torch
from tests.study.streams import CLASSES, SIDE, adversaries, alike, rows, state_of, trained

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.models.classifier import classifier
from headstart.streaming.adapter import KEPT
from headstart.streaming.guards import Collapse, Confidence, Drift, Observation, normalised_entropy

FAST = "tent:lr=0.5"  # far too fast, so that it collapses
N = 128  # the window of the default guard


@pytest.fixture(scope="module")
def model():
    return classifier(trained(), example=torch.zeros(2, 1, SIDE, SIDE))


def saying(classes, sure=5.0, many=4):
    return sure * torch.nn.functional.one_hot(torch.tensor(classes), many).float()


def seen(mine, fresh=None, drift=0.0):
    def answer():
        assert fresh is not None, "asked for without need"
        return fresh

    return Observation(mine, answer, lambda: drift)


def top_share(outputs):
    return float(torch.bincount(outputs.argmax(1)).max()) / len(outputs)


def test_collapse_by_hand():
    guard, memory = Collapse(max_share=0.8, window=8, gap=0.1), {}
    even = saying([0, 1, 2, 3])
    assert guard.check(seen(even), memory) is None
    assert guard.check(seen(saying([0, 0, 0, 0])), memory) is None  # 5 of 8: no suspicion
    value, limit = guard.check(seen(saying([0, 0, 0, 0]), even), memory)  # 8 of 8, and a quarter at the start
    assert (value, limit) == (1.0, 0.8)
    assert memory["predicted"].tolist() == [0] * 8
    assert memory["at_start"].tolist() == [-1] * 4 + [0, 1, 2, 3]


def test_what_the_start_says_too_is_no_collapse_and_only_the_rest_counts():
    same = saying([2, 2, 2, 2, 2, 2, 2, 2])
    assert Collapse(max_share=0.8, window=8).check(seen(same, same), {}) is None
    most = saying([2, 2, 2, 2, 2, 2, 2, 1])  # 0.875 at the start, so 0.975 is the limit
    assert Collapse(max_share=0.8, window=8).check(seen(same, most), {}) == (1.0, 0.975)
    assert Collapse(max_share=0.8, window=8, gap=0.125).check(seen(same, most), {}) is None


def test_the_share_without_a_limit_of_yours_goes_by_the_classes():
    assert Collapse().limit(2) == 0.8
    assert Collapse().limit(10) == 0.3
    assert Collapse().limit(1000) == 0.25


def test_one_row_at_a_time_a_collapse_is_seen_once_a_quarter_of_the_window_is_known():
    guard, memory, found = Collapse(max_share=0.8, window=16), {}, []
    found.extend(guard.check(seen(saying([0]), saying([1])), memory) for _ in range(20))
    assert [alarm is not None for alarm in found[:8]] == [False] * 6 + [True] * 2
    assert len(memory["predicted"]) == len(memory["at_start"]) == 16


def test_confidence_by_hand():
    blind, sure = torch.zeros(4, 4), saying([0, 1, 2, 3], sure=30.0)
    assert normalised_entropy(blind) == pytest.approx(1.0)
    assert normalised_entropy(torch.tensor([[0.0, 0.0, -1e9, -1e9]])) == pytest.approx(0.5)
    guard, memory = Confidence(floor=0.01, times=20, rows=4), {}
    assert guard.check(seen(blind), memory) is None
    assert guard.check(seen(sure), memory) is None  # exp(-1) of the first is left
    assert memory["average"] == pytest.approx(0.36788, abs=1e-4)
    assert Confidence().check(seen(sure, sure), {}) is None  # it has always been so sure
    value, limit = Confidence().check(seen(sure, blind), {})
    assert value < limit == 0.01


def test_drift_is_the_relative_distance_of_what_learns(model):
    s = hs.stream("tent:lr=0.01", model, guards=(), protect=False)
    start = {name: value.detach() for name, value in s._adapter.start.named_parameters()}
    for k in range(4):
        s(rows(32, k)[0])
    now = {name: value.detach() for name, value in s._adapter.run.parts.named_parameters()}
    names = [n for n in now if n.rpartition(".")[0] in ("backbone.inner.1", "backbone.inner.4")]
    assert len(names) == 4
    moved = sum(float((now[n] - start[n]).square().sum()) for n in names)
    wanted = (moved / sum(float(start[n].square().sum()) for n in names)) ** 0.5
    assert s._adapter.drift() == pytest.approx(wanted, rel=1e-5)
    assert wanted > 0.005
    assert Drift(wanted * 1.01).check(seen(torch.zeros(1, 4), drift=wanted), {}) is None
    assert Drift(0.25).check(seen(torch.zeros(1, 4), drift=0.3), {}) == (0.3, 0.25)


@pytest.mark.parametrize("kind", list(adversaries(4)))
@pytest.mark.parametrize(
    "method",
    [FAST, *(pytest.param(f"{name}:lr=0.5", marks=pytest.mark.slow) for name in ("eata", "sar", "cotta"))],
)
def test_no_stream_drives_it_to_one_class(model, method, kind):
    s, start = hs.stream(method, model, protect=False), hs.stream(method, model, protect=False)
    wanted = Collapse()
    for x in adversaries(N)[kind]:
        answer = s(x).outputs
        with start.frozen():
            fresh = start(x).outputs
        assert answer.isfinite().all()
        top = int(torch.bincount(answer.argmax(1)).argmax())
        allowed = max(wanted.limit(CLASSES), float((fresh.argmax(1) == top).float().mean()) + wanted.gap)
        assert top_share(answer) <= allowed
    right = []
    for k in range(8):  # an honest stream afterwards
        x, y = rows(64, 500 + k)
        outputs = s(x).outputs
        right.append(float((outputs.argmax(1) == y).float().mean()))
        assert top_share(outputs) < 0.8
    assert sum(right) / len(right) > 0.8, right


def test_without_guards_the_same_model_is_driven_to_one_class(model):
    """So that the test above means something."""
    s, shares = hs.stream(FAST, model, guards=(), protect=False), []
    for x in adversaries(N)["black"]:
        s(x)
    shares.extend(top_share(s(rows(64, 500 + k)[0]).outputs) for k in range(8))
    assert min(shares) > 0.5  # of four classes; by how much depends on the last bits


def test_a_reset_is_logged_puts_parts_and_optimisers_back_and_answers_anew(model):
    x, _ = rows(64, 1)
    s = hs.stream(FAST, model, guards=(Drift(1e-6),), protect=False)
    start, optimisers = state_of(s), repr(s._adapter.run.optimisers["main"].state_dict())
    with s.frozen():
        wanted = s(x).outputs
    for step in (1, 2):
        answer = s(x)
        (event,) = answer.events
        assert (event.step, event.rows, event.guard, event.action) == (step, 64 * step, "drift", "reset")
        assert event.value > event.limit == 1e-6
        assert torch.equal(answer.outputs, wanted)
        assert alike(state_of(s), start)
        assert repr(s._adapter.run.optimisers["main"].state_dict()) == optimisers
    assert s.log == [*s.log[:1], event]
    assert (s.counts, s.resets, s.stopped) == ({"drift": 2}, 2, False)


def test_stopped_the_source_model_answers_from_then_on(model):
    s = hs.stream(FAST, model, guards=(Drift(1e-6, then="stop"),), protect=False)
    for k in range(3):
        x, _ = rows(16, k)
        assert torch.equal(s(x).outputs, s.source(x))
        assert torch.allclose(s.source(x), model(x), atol=1e-6)
    assert s.stopped
    assert [event.action for event in s.log] == ["stop"]
    s.reset()
    assert not s.stopped


def test_numbers_out_of_range_put_everything_back_and_are_logged(model):
    s = hs.stream("tent:lr=0.01", model, protect=False)
    start = state_of(s)
    s(rows(16, 1)[0])
    x = torch.full((16, 1, SIDE, SIDE), 3e38)
    x[::2] *= -1
    with pytest.raises(BadData, match="no number"):
        s(x)
    assert [event.guard for event in s.log] == ["diverged"]
    assert s.log[0].value is None
    assert alike(state_of(s), start)
    assert s(rows(16, 2)[0]).outputs.isfinite().all()


def test_what_guards_remember_is_saved(model, tmp_path):
    one, two = (hs.stream("tent:lr=0.01", model, protect=False) for _ in range(2))
    for k in range(3):
        one(rows(24, k)[0])
    one.save(tmp_path / "s")
    two.load(tmp_path / "s")
    memory = two._state.memories[0]
    assert len(memory["predicted"]) == 72
    assert torch.equal(memory["predicted"], one._state.memories[0]["predicted"])
    assert two._state.memories[1:] == one._state.memories[1:]


def test_methods_that_change_nothing_are_left_alone(model):
    s = hs.stream(
        "lame", model, guards=(Drift(1e-9), Collapse(max_share=0.3, window=4, gap=0)), protect=False
    )
    for k in range(4):
        assert not s(rows(16, k, label=k)[0]).events


def test_the_log_does_not_grow(model):
    s = hs.stream(FAST, model, guards=(Drift(1e-6),), protect=False)
    s._state.counts["drift"] = KEPT
    for event in range(KEPT):
        s._state.log.append(event)
    s(rows(4, 1)[0])
    assert len(s.log) == KEPT
    assert s.counts["drift"] == KEPT + 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: Collapse(max_share=1.0),
        lambda: Collapse(window=3),
        lambda: Collapse(gap=-0.1),
        lambda: Confidence(floor=0),
        lambda: Confidence(times=1),
        lambda: Drift(0),
        lambda: Drift(then="explode"),
    ],
)
def test_limits_out_of_range_are_refused(make):
    with pytest.raises(BadInput, match="it must be"):
        make()


@pytest.mark.slow
def test_a_million_samples_in_flat_memory_and_on_from_the_middle_byte_for_byte(tmp_path):
    net = torch.nn.Sequential(
        torch.nn.Linear(8, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Linear(16, 4)
    )
    small, n, g = classifier(net), 1024, torch.Generator().manual_seed(1)
    pool = torch.randn(64 * n, 8, generator=g).split(n)
    steps = 1_000_000 // n + 1
    one, two, peak = (
        hs.stream("tent:lr=0.01", small, protect=False),
        hs.stream("tent:lr=0.01", small, protect=False),
        [],
    )
    for k in range(steps):
        if k == steps // 2:
            one.save(tmp_path / "middle")
            two.load(tmp_path / "middle")
        answer = one(pool[k % 64])
        if k in (steps // 4, steps - 1):
            peak.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    assert one.rows >= 1_000_000
    assert peak[1] - peak[0] < 20, peak  # megabytes
    for k in range(steps // 2, steps):
        again = two(pool[k % 64])
    assert torch.equal(again.outputs, answer.outputs)
    assert alike(state_of(one), state_of(two))
