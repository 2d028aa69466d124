"""With PEFT itself, where it is installed, see peft_cases.py: both read what the other writes."""

import copy

import pytest
import torch
from tests.nn.adapters.nets import Attention, disturb, net
from tests.nn.adapters.peft_cases import CASES, IDS, by_peft, model
from tests.nn.adapters.test_peft import QUIET, answers, close, loaded

import headstart as hs

peft = pytest.importorskip("peft")
pytestmark = [QUIET, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("case", CASES)
def test_each_reads_what_the_other_writes(case, tmp_path):
    from transformers.pytorch_utils import Conv1D

    theirs = by_peft(case)
    with torch.no_grad():
        wanted = theirs(IDS)
    theirs.save_pretrained(tmp_path / "theirs")
    found = loaded(tmp_path / "theirs", model(Conv1D))
    close(answers(found), wanted)
    found.save("task", tmp_path / "mine", "peft")
    back = peft.PeftModel.from_pretrained(model(Conv1D), tmp_path / "mine").eval()
    with torch.no_grad():
        close(back(IDS), wanted)
        close(back.merge_and_unload()(IDS), wanted)


@pytest.mark.parametrize("name", ["linear", "encoder", "attention"])
def test_peft_skips_what_it_is_said_to_skip(name, tmp_path):
    """In evaluation it leaves out all of the layers of torch's encoder, its attention too."""
    module, x = net(name)
    found = hs.Adapters(module, example=x)
    found.add("task", hs.adapters.LoRA(rank=2))
    disturb(found._sets["task"], 0.3)
    found.save("task", tmp_path / "peft", "peft")
    theirs = peft.PeftModel.from_pretrained(copy.deepcopy(module), tmp_path / "peft").eval()
    with torch.no_grad():
        plain, skipping, merged = module(x), theirs(x), theirs.merge_and_unload()(x)
    close(answers(found, x), merged)
    assert torch.allclose(skipping, plain if name == "encoder" else merged, atol=1e-5)
    assert (merged - plain).abs().max() > 0.01


def test_peft_skips_the_output_of_an_attention_named_alone():
    config = peft.LoraConfig(r=2, target_modules=["out_proj"])
    theirs = peft.get_peft_model(Attention(), config)
    theirs(torch.randn(2, 5, 16)).sum()
    disturb({"all": theirs}, 0.0)
    factors = [one for one in theirs.parameters() if one.requires_grad]
    assert len(factors) == 2
    theirs(torch.randn(2, 5, 16).requires_grad_()).square().sum().backward()
    assert all(one.grad is None for one in factors)
