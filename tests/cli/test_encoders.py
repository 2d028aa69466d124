"""Encoders in files on the command line: out of runs, into runs, and what does not fit."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.cli.telling import refused
from tests.study import tiny

from headstart.core import BadInput, Mismatch
from headstart.models import backbone, load_encoder

QUICK = ["--epochs", 1, "--folds", 2, "--no-curve", "--quiet", "--method", "ridge-probe"]


@pytest.mark.slow
def test_the_encoder_of_a_run_begins_the_next_run(headstart, finished, pictures, tmp_path):
    file = tmp_path / "encoder.safetensors"
    said = headstart("export", finished, file)
    assert said.code == 0, said.err
    assert "without the head" in said.out
    assert not [name for name in load_file(file) if name.startswith(("fc", "head", "1."))]
    learned = load_file(finished / "model" / "model.safetensors")
    assert torch.equal(load_file(file)["layer1.0.conv1.weight"], learned["0.inner.layer1.0.conv1.weight"])
    for words in (["--backbone", file], ["--backbone", tiny.BACKBONE, "--weights", file]):
        out = tmp_path / f"run{len(words)}"
        said = headstart("adapt", pictures, *words, *QUICK, "--size", 32, "--out", out)
        assert said.code == 0, said.err
        kept = load_file(out / "model" / "model.safetensors")["0.inner.layer1.0.conv1.weight"]
        assert torch.equal(kept, learned["0.inner.layer1.0.conv1.weight"])


def test_random_weights_in_the_architecture_of_a_file(headstart, operate):
    file = operate("--channels", 2)[1]
    made, again = backbone(str(file)), backbone(str(file), weights="random")
    assert again.inner.conv1[0].weight.shape == made.inner.conv1[0].weight.shape == (16, 2, 3, 3)
    assert not torch.equal(again.inner.conv1[0].weight, made.inner.conv1[0].weight)


def test_operated_weights_name_the_way(headstart, operate, pictures, tmp_path):
    file = operate("--channels", 4)[1]
    words = ["--backbone", tiny.BACKBONE, "--weights", file, "--out", tmp_path / "run"]
    assert refused(headstart("adapt", pictures, *words), BadInput.code, "operated on", "as the backbone")


def test_a_file_of_another_library_does_not_say_what_it_is(headstart, weights):
    said = headstart("anatomy", weights)
    assert refused(said, BadInput.code, weights, "does not say which architecture", "as its weights")


def test_an_own_module_can_not_be_made_again(headstart, tmp_path):
    from torch import nn

    from headstart.models import save_encoder

    file = tmp_path / "own.safetensors"
    save_encoder(backbone(nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2)), example=torch.rand(2, 4)), file)
    said = headstart("anatomy", file)
    assert refused(said, BadInput.code, "a module of your own", "Sequential", "load_encoder")


def test_a_damaged_encoder_is_noticed(headstart, operate):
    from safetensors import safe_open

    file = operate()[1]
    with safe_open(file, framework="pt") as content:
        about = content.metadata()
    state = load_file(file)
    state["layer1.0.conv1.weight"] = state["layer1.0.conv1.weight"][:1]
    save_file({k: v.contiguous() for k, v in state.items()}, file, metadata=about)
    assert refused(headstart("anatomy", file), Mismatch.code, "is damaged")


def prefixed(weights, file, prefix="encoder.", drop=(), swap=("", "")):
    state = {
        prefix + key.replace(*swap): value for key, value in load_file(weights).items() if key not in drop
    }
    save_file(state, file)
    return file


def test_keys_are_mapped_and_what_may_differ_is_named(headstart, weights, tmp_path):
    file, out = prefixed(weights, tmp_path / "other.safetensors"), tmp_path / "encoder.safetensors"
    words = ["surgery", tiny.BACKBONE, "--weights", file, "--out", out]
    said = headstart(*words)
    assert refused(
        said,
        Mismatch.code,
        "nothing was loaded",
        "missing",
        "conv1.0.weight (nearest: encoder.conv1.0.weight)",
    )
    assert not out.exists()
    said = headstart(*words, "--rename", "encoder.=")  # the head is cut off anyway
    assert said.code == 0, said.err
    assert "fc.weight (1000, 96) left out, as that is allowed" in said.out
    old, new = load_file(weights), load_file(out)
    assert all(torch.equal(value, old[name]) for name, value in new.items())
    assert set(old) - set(new) == {"fc.weight", "fc.bias"}


def test_a_renamed_stage_is_not_left_random(headstart, weights, tmp_path):
    """Allowing the head to differ allows nothing else to."""
    file = prefixed(weights, tmp_path / "other.safetensors", "", swap=("layer3", "stage3"))
    words = [
        "surgery",
        tiny.BACKBONE,
        "--weights",
        file,
        "--allow",
        "fc.*",
        "--out",
        tmp_path / "e.safetensors",
    ]
    assert refused(headstart(*words), Mismatch.code, "layer3.0.conv1.weight (nearest: stage3.0.conv1.weight)")
    said = headstart(*words, "--rename", "stage3=layer3")
    assert said.code == 0, said.err


def test_rename_is_about_a_file(headstart, tmp_path):
    words = ["surgery", tiny.BACKBONE, "--out", tmp_path / "e.safetensors", "--rename"]
    assert refused(headstart(*words, "a=b"), BadInput.code, "--weights FILE")
    assert refused(
        headstart(*words, "ab", "--weights", tmp_path / "f"), BadInput.code, "--rename ab", "OLD=NEW"
    )


def test_a_run_has_its_own_weights(headstart, finished, weights):
    said = headstart("surgery", finished, "--weights", weights)
    assert refused(said, BadInput.code, "is a run and has its own weights")


def test_an_encoder_in_a_file_is_loaded_into_a_module_of_ones_own(operate):
    """What the command line wrote is what `load_encoder` takes."""
    file = operate()[1]
    made, report = load_encoder(backbone(tiny.BACKBONE, weights="random"), file)
    assert torch.equal(made.inner.conv1[0].weight, load_file(file)["conv1.0.weight"])
    assert not [note for note in report.notes if "is set" in note]
