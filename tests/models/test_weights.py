"""Checkpoints load strictly or not at all."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from headstart.core import BadInput, Mismatch
from headstart.models import backbone
from headstart.models.weights import load, read


def net(classes=3):
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, classes))


def filled(value, classes=3):
    return {k: torch.full_like(v, value) for k, v in net(classes).state_dict().items()}


@pytest.mark.parametrize("wrap", ["state_dict", "model", None])
@pytest.mark.parametrize("prefix", ["module.", "inner.", "module._orig_mod.", ""])
def test_wrappers_and_prefixes_come_off(tmp_path, wrap, prefix):
    state = {prefix + k: v for k, v in filled(2).items()}
    torch.save({wrap: state, "epoch": 3} if wrap else state, tmp_path / "a.pth")
    assert read(tmp_path / "a.pth").keys() == net().state_dict().keys()
    made = backbone(net(), weights=tmp_path / "a.pth")
    assert (made.inner[0].weight == 2).all()


def test_safetensors(tmp_path):
    save_file(filled(1.5), tmp_path / "a.safetensors")
    made = backbone(net(), weights=tmp_path / "a.safetensors")
    assert (made.inner[1].running_var == 1.5).all()
    assert not any("left out" in note for note in made.notes)


def test_a_head_with_other_classes_is_left_out_and_said(tmp_path):
    save_file(filled(2, classes=7), tmp_path / "a.safetensors")
    made = backbone(net(), weights=tmp_path / "a.safetensors")
    assert made.notes[:2] == (
        "3.bias (7,) left out, as the head is cut off",
        "3.weight (7, 5) left out, as the head is cut off",
    )
    assert (made.inner[0].weight == 2).all()


def test_an_encoder_without_its_head_loads(tmp_path):
    save_file({k: v for k, v in filled(2).items() if k[0] != "3"}, tmp_path / "a.safetensors")
    assert "3.weight is not in the file" in " ".join(
        backbone(net(), weights=tmp_path / "a.safetensors").notes
    )


def test_a_saved_backbone_is_weights_for_another(tmp_path):
    made = backbone(net(), weights="random")
    save_file(made.state_dict(), tmp_path / "a.safetensors")
    again = backbone(net(), weights=tmp_path / "a.safetensors")
    assert torch.equal(again.inner[0].weight, made.inner[0].weight)
    assert torch.equal(
        backbone(again, weights=tmp_path / "a.safetensors").inner[0].weight, made.inner[0].weight
    )


def test_a_counter_of_batches_may_be_missing():
    model = net()
    load(model, {k: v for k, v in filled(2).items() if "num_batches" not in k}, None)
    assert (model[0].weight == 2).all()


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        (
            lambda s: {("0.wieght" if k == "0.weight" else k): v for k, v in s.items()},
            [
                "1 missing:\n    0.weight (nearest: 0.wieght)",
                "1 unexpected:\n    0.wieght (nearest: 0.weight)",
            ],
        ),
        (
            lambda s: {**s, "0.weight": torch.ones(6, 4)},
            ["1 of another shape:\n    0.weight is (6, 4), not (5, 4)"],
        ),
        (
            lambda s: {**s, "3.weight": torch.ones(3, 6)},  # the head reads another width
            ["3.weight is (3, 6), not (3, 5)"],
        ),
        (
            lambda s: {**s, **{f"x{i}": torch.ones(1) for i in range(9)}},
            ["9 unexpected:", "... and 3 more"],
        ),
    ],
)
def test_a_mismatch_names_the_keys_and_touches_nothing(change, texts):
    model = net()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with pytest.raises(Mismatch) as caught:
        load(model, change(filled(2)), "3")
    assert all(text in str(caught.value) for text in texts)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_files_that_cannot_be_read(tmp_path):
    torch.save(net(), tmp_path / "module.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"a": torch.ones(1), "lr": 0.1}, tmp_path / "more.pth")
    (tmp_path / "junk.pth").write_bytes(b"junk")
    (tmp_path / "junk.safetensors").write_bytes(b"junk")
    for name, text in {
        "absent.pth": "no weights file",
        "module.pth": "a pickled model is never opened",
        "list.pth": "no state dict, but a list",
        "more.pth": "more than tensors: lr",
        "junk.pth": "can't be read",
        "junk.safetensors": "can't be read",
    }.items():
        with pytest.raises(BadInput, match=text):
            read(tmp_path / name)


def test_what_is_allowed_is_left_out_and_nothing_else():
    model, state = net(), filled(2, classes=7)
    with pytest.raises(Mismatch, match=r"2 of another shape"):
        load(model, state, None)
    with pytest.raises(Mismatch, match=r"1 of another shape:\n    3.bias"):
        load(model, state, None, ("3.w*",))
    before = model[3].weight.clone()
    notes = load(model, {**state, "4.x": torch.ones(1)}, None, ("3.*", "4.*"))
    assert notes[-1] == "4.x (1,) left out, as that is allowed"
    assert torch.equal(model[3].weight, before)
    assert (model[0].weight == 2).all()


def test_a_pickled_model_is_refused_without_advice_to_run_it(tmp_path):
    torch.save(net(), tmp_path / "whole.pt")
    with pytest.raises(BadInput, match="a pickled model is never opened") as caught:
        read(tmp_path / "whole.pt")
    assert "\x1b" not in str(caught.value)
    assert "can still be loaded" not in str(caught.value)
