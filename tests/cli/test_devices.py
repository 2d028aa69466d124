"""`--devices`: several processes train as one, and what goes wrong is told once."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import headstart as hs
from headstart.cli import devices
from headstart.core import BadInput
from headstart.models.encoders import ENCODER

pytest.importorskip("lightning_fabric")
WORDS = ("--steps", "4", "--batch", "16", "--evaluations", "1", "--device", "cpu", "--quiet")


@pytest.fixture
def arrays(tmp_path):
    y = np.arange(40) % 2
    x = np.random.default_rng(0).normal(size=(40, 1, 8, 8)).astype(np.float32)
    x[np.arange(40), 0, y, y] += 3
    np.savez(tmp_path / "arrays.npz", x=x, y=y)
    return tmp_path / "arrays.npz"


def started(*words):
    """The program, which starts itself anew; a test that calls `main` would start pytest."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "headstart", *map(str, words)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=240, env=environment)


@pytest.mark.many
@pytest.mark.slow
def test_two_train_as_one(arrays, tmp_path):
    """Where nothing is normalised over a batch. The rate is low as of tiny gradients Adam takes the sign."""
    words = ("pretrain", arrays, "--method", "simclr", "--backbone", "small-convnet-groupnorm", *WORDS)
    words += ("--lr", "0.0001")
    done = started(*words, "--devices", 2, "--out", tmp_path / "two")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Encoder:") == 1
    assert "Batch normalisations" not in (tmp_path / "two" / "pretrain.json").read_text()
    alike = {"method": "simclr", "steps": 4, "batch": 16, "evaluations": 1, "lr": 1e-4}
    hs.pretrain("small-convnet-groupnorm", arrays, out=tmp_path / "one", **alike)
    one, two = (load_file(tmp_path / name / ENCODER) for name in ("one", "two"))
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=1e-5, msg=name)


@pytest.mark.many
@pytest.mark.slow
def test_an_error_of_both_is_told_once(arrays, tmp_path):
    done = started("pretrain", arrays, *WORDS, "--devices", 2, "--budget", "0.01", "--out", tmp_path / "enc")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("no time for a step") == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "enc").exists()


def test_more_than_there_are_or_of_another_kind_are_refused(headstart, arrays, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    for device, said in (("auto", "there is 1 of CUDA"), ("cuda:0", "needs --device cpu, cuda or auto")):
        found = headstart("pretrain", arrays, "--devices", 2, "--device", device)
        assert found.code == 2
        assert said in found.err


def test_it_needs_a_package(headstart, arrays, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = headstart("pretrain", arrays, "--devices", 2, "--device", "cpu")
    assert found.code == 7
    assert "lightning-fabric" in found.err


def failing(error, monkeypatch, parents):
    """How another process ends that fails so, while its parent is one after the other."""
    monkeypatch.setenv(devices.RANK, "1")
    monkeypatch.setattr(os, "getppid", iter(parents).__next__)
    with devices.heard_once(2):
        raise error


def test_another_process_is_silent_if_the_first_one_has_ended(monkeypatch):
    with pytest.raises(SystemExit) as end:
        failing(BadInput("wrong"), monkeypatch, [7, 7, 1])
    assert end.value.code == BadInput.code
    with pytest.raises(SystemExit) as end:
        failing(KeyboardInterrupt(), monkeypatch, [7])
    assert end.value.code == 130


def test_another_process_that_fails_alone_says_why(monkeypatch):
    monkeypatch.setattr(time, "monotonic", iter([0.0, 1.0, 30.0]).__next__)
    with pytest.raises(BadInput, match="wrong"):
        failing(BadInput("wrong"), monkeypatch, [7, 7])
