"""Folders of PEFT: what PEFT 0.21.2 wrote answers as PEFT did, and is written as PEFT wrote it."""

import json
import shutil
import warnings

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.nn.adapters.nets import Attention, Functional, disturb, net
from tests.nn.adapters.peft_cases import CASES, FOLDERS, IDS, Net, model
from tests.rounding import rounding
from torch import nn

import headstart as hs
from headstart.core import BadInput, CannotWrite, Mismatch
from headstart.nn.adapters.peft_skips import PeftWarning

ANSWERS = load_file(FOLDERS / "answers.safetensors")
QUIET = pytest.mark.filterwarnings("ignore::headstart.nn.adapters.peft_skips.PeftWarning")


def close(found, wanted):
    torch.testing.assert_close(found, wanted, rtol=0, atol=rounding(64, wanted.abs().max(), sums=16))


def loaded(folder, base=None, example=IDS):
    found = hs.Adapters(model() if base is None else base, example=example)
    found.load("task", folder)
    return found


def answers(found, x=IDS):
    with found.use("task") as inner, torch.no_grad():
        return inner(x)


def changed(tmp_path, case="lora", tensors=None, **values):
    """A copy of a folder with other settings, and tensors by what is done to each."""
    folder = tmp_path / "changed"
    shutil.copytree(FOLDERS / case, folder)
    config = folder / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | values))
    if tensors is not None:
        file = folder / "adapter_model.safetensors"
        save_file(tensors(load_file(file)), file)
    return folder


@QUIET
@pytest.mark.parametrize("example", [IDS, None], ids=["example", "none"])
@pytest.mark.parametrize("case", CASES)
def test_what_peft_wrote_answers_as_peft_did(case, example):
    base = model()
    found = loaded(FOLDERS / case, base, example)
    assert (ANSWERS[case] - base(IDS).detach()).abs().max() > 0.02
    close(answers(found), ANSWERS[case])
    close(found.merge("task")(IDS).detach(), ANSWERS[case])


@QUIET
@pytest.mark.parametrize("case", CASES)
def test_what_is_written_has_pefts_names_and_numbers(case, tmp_path):
    loaded(FOLDERS / case).save("task", tmp_path / "mine", "peft")
    written = load_file(tmp_path / "mine" / "adapter_model.safetensors")
    theirs = load_file(FOLDERS / case / "adapter_model.safetensors")
    for key, tensor in theirs.items():
        torch.testing.assert_close(written[key], tensor, rtol=0, atol=0)
    assert case == "patterns" or written.keys() == theirs.keys()  # it has all biases; others are saved whole
    close(answers(loaded(tmp_path / "mine")), ANSWERS[case])


def test_a_folder_for_the_net_inside_a_model_is_found_there():
    around = nn.Sequential(nn.Identity(), model()).eval()
    close(answers(loaded(FOLDERS / "lora", around)), ANSWERS["lora"])


def test_copies_of_modules_learn_and_buffers_are_the_sets_own():
    base = model()
    base.norm.running_var.fill_(7.0)  # has seen other rows than that of the folder
    found = loaded(FOLDERS / "lora", base)
    saved = load_file(FOLDERS / "lora" / "adapter_model.safetensors")
    own = found._own["task"]
    assert torch.equal(own["norm.running_var"], saved["base_model.model.norm.running_var"])
    assert isinstance(own["head.weight"], nn.Parameter)
    assert any(one is own["head.weight"] for one in found.parameters("task"))
    assert isinstance(own["q.bias"], nn.Parameter)  # bias="lora_only"


def written(found, tmp_path, also="", kind=None):
    found.add("set", kind or hs.adapters.LoRA(rank=2, at="q|blocks.1.fc"), also=also)
    disturb(found._sets["set"])
    found.save("set", tmp_path / "peft", "peft")
    return json.loads((tmp_path / "peft" / "adapter_config.json").read_text())


def test_a_configuration_says_ranks_factors_and_modules(tmp_path):
    found = hs.Adapters(model(), example=IDS)
    kind = hs.adapters.LoRA(rank=4, alpha=6, scaling="rank-stabilised", at="q|conv")
    config = written(found, tmp_path, "head.weight", kind)
    assert (config["r"], config["lora_alpha"], config["target_modules"]) == (
        4,
        12,
        ["conv", "q"],
    )  # 6 / 2 * 4
    assert (config["modules_to_save"], config["use_rslora"]) == (["head"], False)


def test_layers_whose_paths_end_alike_are_named_by_an_expression(tmp_path):
    """In a list "0" would be "2.0" too."""
    layers = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Sequential(nn.Linear(4, 4)))
    found = hs.Adapters(layers, example=torch.randn(3, 4))
    assert written(found, tmp_path, kind=hs.adapters.LoRA(rank=1, at="0"))["target_modules"] == "0"
    (tmp_path / "peft" / "adapter_config.json").unlink()
    found.remove("set")
    kind = hs.adapters.LoRA(rank=1, at="0|2.0")
    assert written(found, tmp_path, kind=kind)["target_modules"] == ["0", "2.0"]


@pytest.mark.parametrize(
    ("kind", "also", "said"),
    [
        (hs.adapters.Bottlenecks(size=2), "", "no adapter like Bottleneck at the layer"),
        (hs.adapters.LoRA(rank=2, at="attn"), "", "attn.out_proj has no adapter"),
        (hs.adapters.LoRA(rank=2, at="attn.out_proj"), "", "skips attn.out_proj alone"),
        (hs.adapters.LoRA(rank=2, at="attn*", magnitude=True), "", "no DoRA of MultiheadAttention, attn"),
        (hs.adapters.LoRA(rank=2, at="q"), "q.weight", "q.weight belongs to q, which has adapters"),
    ],
    ids=["bottleneck", "attention", "output", "dora", "own"],
)
def test_what_peft_can_not_say_is_refused_by_name(kind, also, said, tmp_path):
    with pytest.raises(BadInput, match=said):
        written(hs.Adapters(model()), tmp_path, also, kind)
    assert not (tmp_path / "peft").exists()


@pytest.mark.parametrize("name", ["convolutions", "transposed", "recurrent"])
def test_layers_without_lora_in_peft_are_refused_by_name(name, tmp_path):
    module, x = net(name)
    found = hs.Adapters(module, example=x)
    with pytest.raises(BadInput, match=r"Leave it out|LoRA of several tensors"):
        written(found, tmp_path, kind=hs.adapters.LoRA(rank=2))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"peft_type": "PREFIX_TUNING"}, "PREFIX_TUNING: learned tokens"),
        ({"peft_type": "OFT"}, "of the kind OFT; only LORA and IA3"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights='pissa'"),
        ({"lora_bias": True}, "lora_bias=True, which can't be read here"),
        ({"trainable_token_indices": [1]}, "trainable_token_indices="),
        ({"layer_replication": [[0, 2]]}, "layer_replication="),
        ({"a_later_setting": 3}, "a_later_setting=3"),
        ({"r": 3}, "says rank 3 for .*, and its factors are of rank 2"),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_what_is_not_known_here_is_refused_by_name(values, said, tmp_path):
    with pytest.raises((BadInput, Mismatch), match=said):
        loaded(changed(tmp_path, **values))


def test_a_folder_for_another_model_is_refused(tmp_path):
    with pytest.raises(Mismatch, match=r"an adapter for .*, which this model has not"):
        loaded(FOLDERS / "lora", nn.Sequential(nn.Linear(8, 8)), None)

    def wider(tensors):
        return tensors | {"base_model.model.q.lora_B.weight": torch.zeros(9, 2)}

    with pytest.raises(Mismatch, match=r"q has a weight of shape \(8, 8\).*\(2, 8\) and \(9, 2\)"):
        loaded(changed(tmp_path, tensors=wider))


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"has no adapter_config\.json"):
        loaded(tmp_path)
    folder = changed(tmp_path)
    file = folder / "adapter_model.safetensors"
    file.write_bytes(b"no tensors")
    with pytest.raises(BadInput, match="can't be read"):
        loaded(folder)
    file.rename(folder / "adapter_model.bin")
    with pytest.raises(BadInput, match=r"but adapter_model\.bin, a pickle, which is never loaded"):
        loaded(folder)


def test_a_folder_in_the_place_of_a_file_can_not_be_written(tmp_path):
    (tmp_path / "peft").write_text("")
    with pytest.raises(CannotWrite, match="Can't write"):
        written(hs.Adapters(model()), tmp_path)


def said_of(module, x, kind, tmp_path):
    """What is said of a folder with LoRA of some layers, as PEFT would have written it."""
    found = hs.Adapters(module)
    found.add("set", kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found.save("set", tmp_path / "peft", "peft")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        loaded(tmp_path / "peft", module, x)
    return " ".join(str(one.message) for one in told if issubclass(one.category, PeftWarning))


def test_it_is_said_which_layers_peft_itself_skips(tmp_path):
    """The same is seen of PEFT itself in test_peft_itself.py."""
    lora = hs.adapters.LoRA
    said = said_of(Functional().eval(), torch.randn(4, 16), lora(rank=2, at="*"), tmp_path / "1")
    assert said.startswith("PEFT itself skips the adapters of read: what is around")
    module, x = net("encoder")
    said = said_of(module, x, lora(rank=2, at="*linear1"), tmp_path / "2")
    assert said.startswith(
        "PEFT itself uses the adapters of layers.0.linear1, layers.1.linear1 in training alone"
    )
    assert all(layer.forward.__func__ is type(layer).forward for layer in module.modules())
    said = said_of(Attention().eval(), torch.randn(2, 5, 16), lora(rank=2, at="*"), tmp_path / "3")
    assert said.startswith("PEFT up to 0.21.2 adds the products of attention.out_proj twice")
    conv = nn.Sequential(nn.Conv2d(2, 2, 3, padding=2, dilation=2), nn.Conv2d(2, 2, 3))
    said = said_of(conv, torch.randn(2, 2, 9, 9), lora(rank=1, at="*"), tmp_path / "4")
    assert said.startswith("PEFT itself computes the products of 0 without their dilation")


def test_where_peft_answers_alike_nothing_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded(FOLDERS / "lora")
    assert isinstance(model(), Net)
