"""Watchers: what is logged, kept, remembered and stopped, also when a run goes on after a break."""

import json
from contextlib import closing
from dataclasses import replace

import pytest
import torch
from tests.run.simple import PLAIN, Two, begin, same_batch, slope_one, values

from headstart.core import CannotWrite, Descend, On
from headstart.run import watch
from headstart.run.checkpoint import load_state, save_state
from headstart.run.loop import train
from headstart.run.watch import drain, log, record_losses, resume, save_checkpoints, stop_early

TEN = replace(PLAIN, steps=10)


def fresh(recipe=TEN):
    return begin({"a": Two()}, Descend(slope_one, on=(On("a"),)), recipe=recipe)


def ticks_of(run):
    return train(run, same_batch())


def stop_after(ticks, step):
    """What a process does that ends after a step: the generator is closed."""
    for tick in ticks:
        if tick.step == step:
            break
    ticks.close()


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_the_log_has_a_line_a_step_with_its_terms(tmp_path):
    """Eight parameters go down by 0.1 a step, so their sum is 0, -0.8, -1.6 before each."""
    run = fresh(replace(TEN, steps=3))
    drain(log(ticks_of(run), tmp_path / "log", "mine", run))
    found = lines(tmp_path / "log")
    assert [(line["run"], line["step"]) for line in found] == [("mine", 1), ("mine", 2), ("mine", 3)]
    assert [line["main/total"] for line in found] == pytest.approx([0.0, -0.8, -1.6])


def test_a_resumed_log_has_every_step_once_whatever_was_torn(tmp_path):
    """Saved at step 4, killed while it wrote the line of step 7; another run's lines stay."""
    path, saved = tmp_path / "log", tmp_path / "saved"
    other = {"run": "other", "step": 99, "main/total": 1.0}
    path.write_text(json.dumps(other) + "\n", "utf-8")
    run = fresh()
    for tick in log(ticks_of(run), path, "mine", run):
        if tick.step == 4:
            save_state(run.state_dict(), saved)
        if tick.step == 7:
            break
    with path.open("r+", encoding="utf-8") as file:
        file.truncate(path.stat().st_size - 9)

    again = fresh()
    assert resume(again, saved)
    drain(log(ticks_of(again), path, "mine", again))
    found = lines(path)
    assert found[0] == other
    assert [line["step"] for line in found[1:]] == list(range(1, 11))
    assert [line["main/total"] for line in found[1:]] == pytest.approx(
        [-0.8 * k for k in range(10)], abs=1e-5
    )


def test_the_curve_is_remembered_and_cut_when_steps_are_done_again(tmp_path):
    run = fresh()
    for tick in record_losses(ticks_of(run), run):
        if tick.step == 4:
            save_state(run.state_dict(), tmp_path / "saved")
    run = fresh()
    resume(run, tmp_path / "saved")
    run.notes["curve"] += [7.0, 7.0]  # of steps after the ones that were saved
    drain(record_losses(ticks_of(run), run))
    assert run.notes["curve"] == pytest.approx([-0.8 * k for k in range(10)], abs=1e-5)


def test_it_is_kept_after_every_third_step_and_when_it_is_left(tmp_path):
    path, run = tmp_path / "kept", fresh()
    ticks = save_checkpoints(ticks_of(run), run, path, every=3, clock=lambda: 0.0)
    at = [load_state(path)["step"] if path.exists() else 0 for _ in ticks]
    assert at == [0, 0, 3, 3, 3, 6, 6, 6, 9, 9]

    path.unlink()
    run = fresh()
    stop_after(save_checkpoints(ticks_of(run), run, path, every=3), 5)
    assert load_state(path)["step"] == 5
    again = fresh()
    assert resume(again, path)
    assert (again.step, values(again)["w"].tolist()) == (5, values(run)["w"].tolist())


def test_what_takes_long_to_save_is_saved_less_often(tmp_path, monkeypatch):
    seconds, saves = [0.0], []
    run = fresh(replace(TEN, steps=100))

    def slowly(state, path):
        saves.append(state["step"])
        seconds[0] += 2.0

    def a_second_each():
        for tick in ticks_of(run):
            seconds[0] += 1.0
            yield tick

    monkeypatch.setattr(watch, "save_state", slowly)
    drain(save_checkpoints(a_second_each(), run, tmp_path / "kept", 10, clock=lambda: seconds[0]))
    assert saves == [10, 50, 90]  # 2 seconds of every 40, a twentieth


def test_an_error_within_a_step_keeps_the_last_good_state(tmp_path):
    def fails(parts, batch, ctx):
        if ctx.step == 5:
            raise KeyboardInterrupt
        return slope_one(parts, batch, ctx)

    run = begin({"a": Two()}, Descend(fails, on=(On("a"),)), recipe=TEN)
    with pytest.raises(KeyboardInterrupt):
        drain(save_checkpoints(ticks_of(run), run, tmp_path / "kept", every=4))
    assert load_state(tmp_path / "kept")["step"] == 4


FULL = CannotWrite("Can't write kept: No space left on device.")


def full_disk(*_args):
    raise FULL


def test_a_full_disk_is_told_when_it_is_left(tmp_path, monkeypatch):
    run = fresh()
    ticks = save_checkpoints(ticks_of(run), run, tmp_path / "kept", every=100)
    next(ticks)
    monkeypatch.setattr(watch, "save_state", full_disk)
    with pytest.raises(CannotWrite, match="No space left"):
        ticks.close()


@pytest.mark.parametrize("first", [KeyboardInterrupt(), ValueError("first")])
def test_a_full_disk_does_not_hide_why_it_was_left(first, tmp_path, monkeypatch):
    run = fresh()
    monkeypatch.setattr(watch, "save_state", full_disk)

    def watched():
        with closing(save_checkpoints(ticks_of(run), run, tmp_path / "kept", 100)) as ticks:
            for _ in ticks:
                raise first

    with pytest.raises(type(first)) as found:
        watched()
    assert found.value is first
    assert found.value.__notes__ == [str(FULL)]


def test_there_is_nothing_to_resume_at_first(tmp_path):
    run = fresh()
    assert not resume(run, tmp_path / "none")
    assert run.step == 0


SCORES = {2: 0.5, 4: 0.8, 6: 0.7, 8: 0.8, 10: 0.9}  # looks after every second step; best at 4


def scored(run, seen):
    def score():
        seen.append(run.step)
        return SCORES[run.step]

    return score


def test_it_stops_after_two_looks_without_a_rise_and_takes_the_best_weights():
    run, seen = fresh(), []
    drain(stop_early(ticks_of(run), run, scored(run, seen), every=2, patience=2))
    assert (run.step, seen) == (8, [2, 4, 6, 8])  # as good is not better
    assert run.notes["best"]["step"] == 4
    assert values(run)["w"].tolist() == pytest.approx([-0.4, -0.4])


def test_it_goes_to_the_end_and_takes_the_best_weights_there_too():
    run, seen = fresh(), []
    drain(stop_early(ticks_of(run), run, scored(run, seen), every=2, patience=3))
    assert (run.step, seen) == (10, [2, 4, 6, 8, 10])
    assert values(run)["w"].tolist() == pytest.approx([-1.0, -1.0])
    short = fresh(replace(TEN, steps=7))
    drain(stop_early(ticks_of(short), short, scored(short, []), every=2, patience=9))
    assert values(short)["w"].tolist() == pytest.approx([-0.4, -0.4])


def test_the_best_weights_come_with_their_own_average(tmp_path):
    """The average keeps half, as by hand in test_descent: after step 4 it is -0.30625."""
    recipe = replace(TEN, ema=0.5)
    run, path = fresh(recipe), tmp_path / "kept"
    for tick in stop_early(ticks_of(run), run, scored(run, []), every=2, patience=2):
        if tick.step == 7:
            save_state(run.state_dict(), path)
    assert (run.step, run.notes["best"]["step"]) == (8, 4)
    assert values(run)["w"].tolist() == pytest.approx([-0.4, -0.4])
    assert run.average.values["a.w"].tolist() == pytest.approx([-0.30625, -0.30625])
    again = fresh(recipe)  # from step 7, whose average is another
    resume(again, path)
    assert again.average.values["a.w"][0].item() < -0.5
    drain(stop_early(ticks_of(again), again, scored(again, []), every=2, patience=2))
    assert again.average.values["a.w"].tolist() == pytest.approx([-0.30625, -0.30625])


def test_without_a_look_the_weights_stay():
    run = fresh(replace(TEN, steps=3))
    drain(stop_early(ticks_of(run), run, scored(run, []), every=5, patience=1))
    assert values(run)["w"].tolist() == pytest.approx([-0.3, -0.3])


@pytest.mark.parametrize("inside", [True, False], ids=["kept before the look", "kept after the look"])
@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_resumed_run_stops_at_the_same_step(tmp_path, stop, inside):
    path, seen = tmp_path / "kept", []

    def watched(run, every):
        if inside:
            kept = save_checkpoints(ticks_of(run), run, path, every)
            return stop_early(kept, run, scored(run, seen), every=2, patience=2)
        looked = stop_early(ticks_of(run), run, scored(run, seen), every=2, patience=2)
        return save_checkpoints(looked, run, path, every)

    half = fresh()
    for tick in watched(half, every=stop):
        if tick.step == stop:
            state = path.read_bytes()  # what a killed process leaves
            break
    path.write_bytes(state)
    del seen[len([k for k in SCORES if k < stop or (k == stop and not inside)]) :]
    again = fresh()
    resume(again, path)
    drain(watched(again, every=100))
    assert (again.step, seen) == (8, [2, 4, 6, 8])
    torch.testing.assert_close(values(again)["w"], torch.full((2,), -0.4))


def test_drain_gives_the_last_tick_or_none():
    assert drain(ticks_of(fresh())).step == 10
    assert drain([]) is None
