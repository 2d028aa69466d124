"""`pretrain` on two processes of Lightning Fabric is that of one, and goes on with the same bytes."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from tests.study.test_pretrain import LONG, net, world

import headstart as hs
from headstart.models.encoders import ENCODER
from headstart.studies._processes import about_batch_norms

pytest.importorskip("lightning_fabric")


@pytest.mark.parametrize(("world", "norm", "told"), [(1, True, False), (2, True, True), (2, False, False)])
def test_statistics_of_a_batch_are_told_where_several_processes_share_it(world, norm, told):
    net = torch.nn.Sequential(torch.nn.BatchNorm1d(3) if norm else torch.nn.LayerNorm(3))
    assert bool(about_batch_norms(SimpleNamespace(world=world), net)) is told


@pytest.mark.many
@pytest.mark.slow
def test_two_processes_are_one_and_go_on_with_the_same_bytes(tmp_path):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "tests.study.pretrain_two", str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240, env=environment)
    assert done.returncode == 0, done.stderr
    at_once, in_two = (tmp_path / name / ENCODER for name in ("at-once", "in-two"))
    assert at_once.read_bytes() == in_two.read_bytes()
    assert (tmp_path / "at-once" / "pretrain.html").is_file()
    alone = hs.pretrain(net(), world(), out=tmp_path / "alone", **LONG)
    ours, theirs = load_file(alone.folder / ENCODER), load_file(at_once)
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-5, atol=1e-6)
