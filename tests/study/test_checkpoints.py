"""The checkpoint of a single training: of another one it is refused, and a full disk hides no other error."""

import os

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import CannotWrite, Diverged, Loss, Mismatch
from headstart.run import watch
from headstart.run.checkpoint import load_state
from headstart.session import session
from headstart.session.session import Session

SHORT = hs.Recipe(steps=6, batch=10, lr=0.01)


def data(classes=3):
    rng = np.random.default_rng(0)
    y = np.arange(30) % classes
    return (rng.normal(size=(30, 6)) + 3 * np.eye(6)[y]).astype(np.float32), y


def net(width=8):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        body = nn.Linear(6, width), nn.Tanh(), nn.Linear(width, 8), nn.Tanh()
        return nn.Sequential(*body, nn.Linear(8, 4))


@pytest.fixture
def left(tmp_path):
    """The checkpoint of a fine-tuning."""
    file = tmp_path / "training.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "CHECKPOINT_EVERY", 2)
        hs.fit(hs.methods.FineTune(), net(), data(), SHORT, checkpoint=file)
    return file


CASES = {
    "another method": (
        lambda: (hs.methods.LPFT(), net(), data()),
        r"training.safetensors was saved from fine-tune, but what runs now is lp-ft\. Give .* or delete this",
    ),
    "other classes": (
        lambda: (hs.methods.FineTune(), net(), data(classes=5)),
        r"saved from fine-tune with another backbone, data or .* \(3, 8\) in the file and \(5, 8\) now",
    ),
    "another backbone": (
        lambda: (hs.methods.FineTune(), net(16), data()),
        r"\(8, 6\) in the file and \(16, 6\) now",
    ),
    "other settings": (
        lambda: (hs.methods.FineTune(last=1), net(), data()),
        "optimiser main, tensors a group is",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_checkpoint_of_another_training_is_refused(case, left):
    make, words = CASES[case]
    before = left.read_bytes()
    with pytest.raises(Mismatch, match=words):
        hs.fit(*make(), SHORT, checkpoint=left)
    assert left.read_bytes() == before


def watched_by(monkeypatch, watch):
    """`hs.fit` whose ticks `watch` takes."""
    real = Session.__post_init__

    def init(self):
        self.watch = watch
        real(self)

    monkeypatch.setattr(Session, "__post_init__", init)


def breaks_off(ticks, run):
    for tick in ticks:
        if tick.step == 3:
            raise KeyboardInterrupt
        yield tick


def test_a_training_that_is_broken_off_between_two_steps_is_saved_at_once(tmp_path, monkeypatch):
    """Not only when Python gets round to what nobody holds any more: here the error still does."""
    watched_by(monkeypatch, breaks_off)
    with pytest.raises(KeyboardInterrupt) as error:
        hs.fit(hs.methods.FineTune(), net(), data(), SHORT, checkpoint=tmp_path / "s")
    assert load_state(tmp_path / "s")["step"] == 3
    assert not hasattr(error.value, "__notes__")


def no_space(_file):
    raise OSError(28, "No space left on device")


def test_a_full_disk_does_not_hide_the_break(tmp_path, monkeypatch):
    watched_by(monkeypatch, breaks_off)
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(KeyboardInterrupt) as error:
        hs.fit(hs.methods.FineTune(), net(), data(), SHORT, checkpoint=tmp_path / "s")
    (note,) = error.value.__notes__
    assert note.startswith(f"Can't write {tmp_path / 's'}: No space left on device")


def test_a_full_disk_on_the_way_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "CHECKPOINT_EVERY", 2)
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(CannotWrite, match="No space left on device"):
        hs.fit(hs.methods.FineTune(), net(), data(), SHORT, checkpoint=tmp_path / "s")


def test_a_full_disk_does_not_hide_that_the_loss_is_no_number(tmp_path, monkeypatch):
    def nothing(self, parts, batch, ctx):
        return Loss.sum(label=parts["head"](parts["backbone"](batch.x)).sum() * torch.nan)

    monkeypatch.setattr(hs.methods.FineTune, "loss", nothing)
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(Diverged, match=r"at step 0 the loss is nan.*Can't write .*No space left on device"):
        hs.fit(hs.methods.FineTune(), net(), data(), SHORT, checkpoint=tmp_path / "s")


def test_the_best_weights_answer_with_the_average_of_their_step(monkeypatch):
    """Stopped early, the model is the average of the best step; not that of the last, nor the weights."""
    seen = {}

    def stops(ticks, run):
        looks = iter([0.1, 0.9, 0.5, 0.4])
        ticks = watch.stop_early(ticks, run, lambda: next(looks), every=1, patience=2)
        for tick in ticks:
            seen[tick.step] = {name: value.clone() for name, value in run.average.values.items()}
            yield tick

    watched_by(monkeypatch, stops)
    recipe = hs.Recipe(steps=6, batch=10, lr=0.1, ema=0.5)
    found = hs.fit(hs.methods.FineTune(), net(), data(), recipe).model.state_dict()
    assert list(seen) == [1, 2, 3, 4]
    for value, best, last in zip(found.values(), seen[2].values(), seen[4].values(), strict=True):
        assert torch.equal(value, best)
        assert not torch.equal(value, last)
