"""A probe that is interrupted goes on after the blocks that are finished."""

import pytest
from tests.study.experiments import made, rows

import headstart as hs
from headstart.core import BadInput
from headstart.studies.probe import run


def test_resumed_it_goes_on_after_the_blocks_that_are_finished(monkeypatch, tmp_path):
    backbone, data = made(), rows()
    whole = hs.probe(backbone, data, control=1, out=tmp_path / "whole")
    real, fitted = run.probe_block, []

    def stopping(last):
        def watched(probe, block, *rest):
            if block.block == last:
                raise KeyboardInterrupt
            fitted.append(block.block)
            return real(probe, block, *rest)

        return watched

    monkeypatch.setattr(run, "probe_block", stopping(whole.table[1].block))
    with pytest.raises(KeyboardInterrupt):
        hs.probe(backbone, data, control=1, out=tmp_path / "out")
    monkeypatch.setattr(run, "probe_block", stopping(""))
    assert hs.probe(backbone, data, control=1, out=tmp_path / "out", resume=True) == whole
    assert fitted == [result.block for result in whole.table]
    with pytest.raises(BadInput, match="control"):
        hs.probe(backbone, data, control=2, out=tmp_path / "out", resume=True)
