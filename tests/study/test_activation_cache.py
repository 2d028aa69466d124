"""Records of frozen parts take little memory while they are made, and hold nothing on afterwards."""

import gc
import weakref

import numpy as np
import pytest
import torch

from headstart.data.load import load
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.run.frozen import Replay
from headstart.run.recipe import Recipe
from headstart.session import activation_caches
from headstart.session.session import Session

RECIPE = Recipe(steps=1, batch=8, seed=1)


@pytest.fixture
def session(base, shapes, tmp_path):
    return Session(base, load(shapes), cache=tmp_path / "cache")


def test_a_record_is_made_of_few_rows_at_a_time(session, monkeypatch):
    rows = []
    real = Replay.record

    def spy(self, parts, x):
        rows.append(len(x))
        return real(self, parts, x)

    monkeypatch.setattr(Replay, "record", spy)
    session.fit(FineTune(last=1), np.arange(len(session.data)), RECIPE)
    assert max(rows) == activation_caches.ROWS == 16
    assert sum(rows) >= len(session.data)


def test_how_many_does_not_change_the_record(base, shapes, tmp_path, monkeypatch):
    found = []
    for rows in (16, 64):
        monkeypatch.setattr(activation_caches, "ROWS", rows)
        session = Session(base, load(shapes), cache=tmp_path / str(rows))
        session.fit(FineTune(last=1), np.arange(len(session.data)), RECIPE)
        (record,) = (tmp_path / str(rows)).glob("*.bin")
        found.append(torch.frombuffer(bytearray(record.read_bytes()), dtype=torch.float32))
    assert torch.allclose(*found, rtol=1e-5, atol=1e-6)


def test_a_full_record_lets_go_of_the_run(session):
    fitted = session.fit(FineTune(last=1), np.arange(len(session.data)), RECIPE)
    run, replayed = weakref.ref(fitted.run), fitted.logits(np.arange(4))
    del fitted
    gc.collect()
    assert run() is None
    again = session.fit(FineTune(last=1), np.arange(len(session.data)), RECIPE)  # the record still serves
    assert torch.equal(again.logits(np.arange(4)), replayed)
