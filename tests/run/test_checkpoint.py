"""A checkpoint is whole or not there, the same when it is read, and never read when it is damaged."""

import json
import math
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from headstart.core import CannotWrite, Mismatch
from headstart.core.atomic_file import write_atomically
from headstart.run.checkpoint import load_state, save_state


def same(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def round_trip(state, path):
    save_state(state, path)
    return load_state(path)


BASE = torch.arange(1000.0)

STATES = {
    "nested": {"a": [1, (2.5, None, True), {"b": torch.ones(2), "c": {}}], "": [], "d": ()},
    "a tensor alone": torch.arange(3),
    "a number alone": 7,
    "numbers as keys": {0: torch.ones(1), "0": torch.zeros(1), 1.5: "x", True: 2, None: 3},
    "other letters": {"Überschrift/ß 🌱": torch.ones(1), "名前": "値", 'quote"\\\n': torch.zeros(2)},
    "keys that read alike": {"a/b": torch.ones(1), "a": {"b": torch.zeros(1)}, "": {"a": {"b": BASE[:1]}}},
    "numbers": [0.1, 1e-320, -0.0, math.inf, -math.inf, 2**70, -1],
    "kinds": [
        torch.tensor(True),
        torch.zeros(0, 3),
        torch.ones(2, dtype=torch.bfloat16),
        torch.arange(4, dtype=torch.int64).reshape(2, 2),
        torch.tensor(3, dtype=torch.uint8),
        torch.ones(1, dtype=torch.float64) / 3,
    ],
    "values that are not numbers": [torch.full((), math.inf), torch.tensor([-0.0])],
    "views": [BASE[3:5], BASE.reshape(10, 100).T, BASE[:4].expand(3, 4), BASE[::7]],
    "layouts": [torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)],
    "twice the same": [BASE[:5], BASE[:5]],
    "with a gradient": [nn.Parameter(torch.ones(2))],
}


@pytest.mark.parametrize("name", STATES)
def test_what_is_saved_is_what_is_loaded(name, tmp_path):
    state = STATES[name]
    found = round_trip(state, tmp_path / "Zustand ä 🌱")
    assert same(state, found)
    assert json.dumps(str(found)) == json.dumps(str(round_trip(found, tmp_path / "again")))


def test_nan_stays_nan(tmp_path):
    number, tensor = round_trip([math.nan, torch.tensor([math.nan, 1.0])], tmp_path / "s")
    assert math.isnan(number)
    assert math.isnan(tensor[0])


def test_a_view_takes_only_its_own_room(tmp_path):
    round_trip(BASE[3:5], tmp_path / "s")
    assert (tmp_path / "s").stat().st_size < 1000


def test_what_is_loaded_is_the_loaders_own(tmp_path):
    one, other = round_trip(STATES["twice the same"], tmp_path / "s")
    one += 1
    assert not torch.equal(one, other)
    assert BASE[0] == 0


@pytest.mark.parametrize("letters", range(1, 40, 7))
def test_what_is_loaded_lies_where_new_tensors_do(tmp_path, letters):
    """The last bits of a sum depend on the address of its terms, modulo a vector of 64 bytes."""
    values = [torch.randn(101, generator=torch.Generator().manual_seed(seed)) for seed in range(20)]
    found = round_trip({"a" * letters: True, "values": values}, tmp_path / "s")["values"]
    assert {tensor.data_ptr() % 64 for tensor in found} == {0}
    for mine, loaded in zip(values, found, strict=True):
        assert torch.equal(torch.dot(mine, values[0]), torch.dot(loaded, values[0]))


@pytest.mark.parametrize("kind", ["lbfgs", "adamw", "momentum"])
def test_an_optimisers_state_comes_back(kind, tmp_path):
    from headstart.run.recipe import Recipe

    p = nn.Parameter(torch.ones(3))
    group = {"params": [p], "factor": 1.0, "since": 0.0, "weight_decay": 0.0}
    optimiser = Recipe(optimiser=kind, clip=None).build([group])

    def closure():
        optimiser.zero_grad()
        loss = ((p - torch.tensor([1.0, 2.0, 3.0])) ** 4).sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    state = optimiser.state_dict()
    assert state["state"]
    found = round_trip(state, tmp_path / "s")
    assert same(state, found)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", 1j, torch.float32])
def test_what_can_not_be_saved_is_named_and_nothing_is_written(value, tmp_path):
    with pytest.raises(TypeError, match=rf"/a/1: a {type(value).__name__} can't"):
        save_state({"a": [0, value]}, tmp_path / "s")
    assert not list(tmp_path.iterdir())


STATE = {"step": 3, "weights": torch.arange(50.0), "notes": {"curve": [1.0, 0.5]}}


def test_any_damaged_byte_is_seen(tmp_path):
    path = tmp_path / "s"
    save_state(STATE, path)
    good = path.read_bytes()
    for at in range(0, len(good), 7):
        path.write_bytes(good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :])
        with pytest.raises(Mismatch, match=r"/s is .*Delete it"):
            load_state(path)


def test_any_shortened_file_is_seen(tmp_path):
    path = tmp_path / "s"
    save_state(STATE, path)
    good = path.read_bytes()
    for length in (0, 1, 7, 8, 9, 100, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:length])
        with pytest.raises(Mismatch):
            load_state(path)


def test_a_foreign_file_is_refused(tmp_path):
    save_file({"weight": torch.ones(2)}, tmp_path / "other.safetensors")
    (tmp_path / "text").write_text("hello")
    for name in ("other.safetensors", "text", "missing", "."):
        with pytest.raises(Mismatch):
            load_state(tmp_path / name)


def failing(error, after=0):
    """A stand-in for os.fsync or the like: works `after` times, then fails."""
    calls = []

    def call(*_args):
        calls.append(0)
        if len(calls) > after:
            raise error

    return call


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "s"
    save_state(STATE, path)
    monkeypatch.setattr(os, "fsync", failing(OSError(28, "No space left on device")))
    with pytest.raises(CannotWrite, match=r"No space left on device.*what was finished before is kept"):
        save_state({"step": 4}, path)
    assert same(load_state(path), STATE)
    assert [file.name for file in tmp_path.iterdir()] == ["s"]


def test_a_file_that_outgrows_its_limit_leaves_the_old_one(tmp_path):
    """The system itself refuses to write on; no stand-in."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "s"
    save_state(STATE, path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(CannotWrite, match="large"):
            save_state({"x": torch.zeros(10_000)}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert same(load_state(path), STATE)
    assert [file.name for file in tmp_path.iterdir()] == ["s"]


def test_a_folder_that_can_not_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite, match=r"Can't write .*file/s: (Not a directory|File exists)"):
        save_state(STATE, tmp_path / "file" / "s")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    save_state(STATE, folder / "s")
    folder.chmod(0o500)
    try:
        with pytest.raises(CannotWrite, match="Permission denied"):
            save_state({}, folder / "s")
    finally:
        folder.chmod(0o700)
    assert same(load_state(folder / "s"), STATE)


def test_missing_folders_are_made(tmp_path):
    write_atomically(tmp_path / "a" / "b" / "c", b"x")
    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"x"


KILLER = """
import json, os, signal, sys, time, torch
from pathlib import Path
from headstart.run.checkpoint import load_state, save_state

path, cut, last = Path(sys.argv[1]), 0, 0
save_state({"step": 0, "x": torch.zeros(300_000)}, path)
for attempt in range(40):
    child = os.fork()
    if not child:
        while True:
            last += 1
            save_state({"step": last, "x": torch.full((300_000,), float(last))}, path)
    first, beside = path.stat(), path.parent / f".s.{child}.tmp"
    if attempt % 3 == 0:
        time.sleep(0.02 + 0.00137 * attempt)
    elif attempt % 3 == 1:  # as soon as a write is seen beside the file
        while not beside.exists():
            pass
    else:  # as soon as the file is another one, or being changed, which it must not be
        while (path.stat().st_ino, path.stat().st_size) == (first.st_ino, first.st_size):
            pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found = load_state(path)
    assert bool((found["x"] == found["step"]).all()) and found["step"] >= last
    last = found["step"]
    cut += (path.parent / f".s.{child}.tmp").exists()
print(json.dumps([last, cut]))
"""


@pytest.mark.slow
@pytest.mark.many
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_writer_leaves_a_whole_file(tmp_path):
    """A process that does nothing but save is killed forty times, at moments of a write and between."""
    command = [sys.executable, "-c", KILLER, str(tmp_path / "s")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    last, cut = json.loads(done.stdout)
    assert last > 0
    assert cut > 0, "no kill came in the middle of a write: the test has shown nothing"
