"""bf16 is fast where the processor has a unit for it and oneDNN runs in it."""

import pytest
import torch

from headstart.nn import processor


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch):
    """Answers are kept: forget them before a test answers in the processor's place, and after it."""
    questions = processor.runs_bf16, processor.has_bf16_unit
    for question in questions:
        question.cache_clear()
    yield
    monkeypatch.undo()
    for question in questions:
        question.cache_clear()


@pytest.mark.parametrize(
    ("capabilities", "unit"),
    [
        ({"avx512_bf16": True}, True),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"sve_bf16": True}, True),
        ({"avx2": True, "avx512_f": True, "avx512_bf16": False}, False),
        ({}, False),
    ],
)
def test_a_unit_is_one_that_torch_names(monkeypatch, capabilities, unit):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert processor.has_bf16_unit() is unit


@pytest.mark.parametrize(("runs", "unit"), [(True, True), (True, False), (False, True)])
def test_it_takes_both_to_be_fast(monkeypatch, runs, unit):
    monkeypatch.setattr(processor, "runs_bf16", lambda: runs)
    monkeypatch.setattr(processor, "has_bf16_unit", lambda: unit)
    assert processor.bf16_is_fast("cpu") is (runs and unit)


def test_where_the_convolution_raises_it_does_not_run(monkeypatch):
    def raising(*_):
        raise RuntimeError("mkldnn_convolution: bf16 path needs the cpu support avx_ne_convert")

    monkeypatch.setattr(torch.ops.mkldnn, "_convolution_pointwise", raising)
    assert processor.runs_bf16() is False
