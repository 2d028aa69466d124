"""A backbone that was given in training mode is left as it is, statistics and all."""

import torch
from tests.study.experiments import made, rows
from tests.study.tiny import QUICK

import headstart as hs
from headstart.data.load import load
from headstart.session.session import Session
from headstart.studies.adapt.evaluation import probe_layers


def test_adapt_does_not_change_the_statistics_of_the_caller_s_norms(tmp_path):
    base = made().train()
    before = {name: value.clone() for name, value in base.state_dict().items()}
    hs.adapt(base, rows(), out=tmp_path / "run", methods=("ridge-probe",), **QUICK)
    assert all(torch.equal(value, before[name]) for name, value in base.state_dict().items())
    assert base.training


def test_layers_are_probed_in_evaluation_mode():
    base, data = made(), load(rows())
    everything = torch.arange(len(data)).numpy()
    found = [probe_layers(Session(base.train(mode), data), everything) for mode in (True, False)]
    assert found[0] == found[1]
