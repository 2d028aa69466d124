"""Operations on backbones on the command line, and `adapt` with what came of them."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from tests import wordy
from tests.cli.telling import refused
from tests.study import tiny

from headstart.core import BadData, BadInput
from headstart.models import backbone

QUICK = ["--epochs", 1, "--folds", 2, "--no-curve", "--quiet", "--method", "ridge-probe"]


def arrays(file, channels, side=32, dtype="float32"):
    """Three classes that differ by their mean."""
    y = np.repeat([0, 1, 2], 8)
    x = np.random.default_rng(0).normal(size=(24, channels, side, side)) + 2 * y[:, None, None, None]
    np.savez(file, x=x.astype(dtype), y=y)
    return file


@pytest.mark.slow
def test_four_channels_from_the_operation_to_answers(headstart, operate, weights, tmp_path):
    said, file = operate("--channels", 4, "--like", "0,1,2,-", "--size", 32)
    assert "3 channels -> 4; grey gives the same" in said.out
    assert "(16, 3, 3, 3) -> (16, 4, 3, 3)" in said.out
    assert f"headstart adapt DATA --backbone {file}" in said.out
    old, new = (backbone(tiny.BACKBONE, weights=weights), backbone(str(file)))
    grey = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        three, four = old(grey.repeat(1, 3, 1, 1)), new(grey.repeat(1, 4, 1, 1))
    assert torch.allclose(three, four, atol=1e-4)
    data = arrays(tmp_path / "four.npz", 4)
    said = headstart("adapt", data, "--backbone", file, *QUICK, "--out", tmp_path / "run")
    assert said.code == 0, said.err
    said = headstart("predict", tmp_path / "run", data, "--json")
    answers = json.loads(said.out)
    assert answers[2]["file"] == f"{data}:3"
    assert np.mean([int(a["label"]) == n // 8 for n, a in enumerate(answers)]) > 0.8
    np.save(tmp_path / "rows.npy", np.load(data)["x"][:3])
    again = json.loads(headstart("predict", tmp_path / "run", tmp_path / "rows.npy", "--json").out)
    assert [a["label"] for a in again] == [a["label"] for a in answers[:3]]
    other = arrays(tmp_path / "three.npz", 3)
    assert refused(headstart("predict", tmp_path / "run", other), BadData.code, "(3, 32, 32)", "(4, 32, 32)")
    said = headstart("predict", tmp_path / "run", tmp_path / "a.png")
    assert refused(said, BadInput.code, "takes arrays of numbers", "a.png")


def test_grey_arrays_of_one_channel(headstart, operate, tmp_path):
    file = operate("--channels", 1, "--size", 32)[1]
    data = arrays(tmp_path / "grey.npz", 1)
    said = headstart("adapt", data, "--backbone", file, *QUICK, "--out", tmp_path / "run")
    assert said.code == 0, said.err


@pytest.mark.slow
def test_colour_pictures_through_luminance(headstart, operate, pictures, tmp_path):
    """The answers to a picture and to its grey copy are the same."""
    said, file = operate("--channels", 1, "--luminance", "--size", 32)
    assert "Luminance in front" in said.out
    said = headstart("adapt", pictures, "--backbone", file, *QUICK, "--out", tmp_path / "run")
    assert said.code == 0, said.err
    red = np.zeros((32, 32, 3), np.uint8)
    red[4:20, 4:20, 0] = 200
    for name, level in (("red", None), ("grey", round(200 * 0.299))):
        picture = red if level is None else np.repeat((red[:, :, :1] > 0) * np.uint8(level), 3, 2)
        Image.fromarray(picture.astype(np.uint8)).save(tmp_path / f"{name}.png")
    words = ["predict", tmp_path / "run", tmp_path / "red.png", tmp_path / "grey.png", "--json"]
    one, other = (answer["probabilities"] for answer in json.loads(headstart(*words).out))
    assert one == pytest.approx(other, abs=0.02)
    assert max(one.values()) - min(one.values()) > 0.05


def test_a_backbone_of_three_channels_can_be_shown_grey_alone(headstart, operate):
    file = operate("--luminance")[1]
    made = backbone(str(file))
    assert made.preprocess is not None
    x = torch.rand(2, 3, 64, 64)
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    with torch.no_grad():
        assert torch.allclose(made(x), made((x * weights).sum(1, keepdim=True).repeat(1, 3, 1, 1)), atol=1e-4)
        assert not torch.allclose(made(x), made(x.flip(1)), atol=1e-3)


def test_another_size_is_what_pictures_are_taken_at(headstart, tmp_path):
    out = tmp_path / "wide.safetensors"
    said = headstart("surgery", "test_vit", "--weights", "random", "--size", "96x128", "--out", out, "--json")
    assert said.code == 0, said.err
    answer = json.loads(said.out)
    assert answer["reports"][0]["title"] == "inputs of 160x160 -> 96x128"
    assert [c["after"] for c in answer["reports"][0]["changes"]] == [[1, 1 + 6 * 8, 64]]
    made = backbone(str(out))
    assert made.preprocess.size == (96, 128)
    assert tuple(made(torch.zeros(1, 3, 96, 128, dtype=torch.uint8)).shape) == (1, made.width)


def test_only_the_first_blocks_are_kept(operate, weights):
    said, file = operate("--keep", "first(4)", "--seed", 1)
    assert "only first(4) is kept" in said.out
    old, new = load_file(weights), load_file(file)
    assert torch.equal(new["layer1.0.conv1.weight"], old["layer1.0.conv1.weight"])
    assert not torch.equal(new["layer4.0.conv1.weight"], old["layer4.0.conv1.weight"])
    other = operate("--keep", "first(4)", "--seed", 2)[1]
    assert not torch.equal(new["layer4.0.conv1.weight"], load_file(other)["layer4.0.conv1.weight"])


def test_another_vocabulary_is_read_by_its_own_tokenizer(headstart, tmp_path):
    import transformers

    config = transformers.BertConfig(
        vocab_size=len(wordy.WORDS),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
    )
    with torch.random.fork_rng():
        transformers.AutoModel.from_config(config).save_pretrained(tmp_path / "bert")
    wordy.tokenizer().save(str(tmp_path / "bert" / "tokenizer.json"))
    text = json.loads(wordy.tokenizer().to_str())
    words = [*wordy.WORDS[:6], "opera", *wordy.WORDS[8:]]
    text["model"]["vocab"] = {word: n for n, word in enumerate(words)}
    (tmp_path / "new.json").write_text(json.dumps(text))
    out = tmp_path / "opera.safetensors"
    said = headstart("surgery", tmp_path / "bert", "--tokenizer", tmp_path / "new.json", "--out", out)
    assert said.code == 0, said.err
    assert f"kept by name: {len(words) - 1}; new: 1; left out: 2" in said.out
    old, new = backbone(str(tmp_path / "bert")), backbone(str(out))
    assert new.tokens(["opera"])[0, 1] == words.index("opera")
    known = ["the film was dull", "a fine scene"]
    with torch.no_grad():
        assert torch.allclose(old(old.tokens(known)), new(new.tokens(known)), atol=1e-6)
    said = headstart("surgery", tiny.BACKBONE, "--weights", "random", "--tokenizer", tmp_path / "new.json")
    assert refused(said, BadInput.code, "test_resnet takes no texts", "--tokenizer")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--channels", 0], "--channels is 0; it must be a whole number >= 1"),
        (["--like", "0,1"], "--like is '0,1'; it must be left out without --channels"),
        (["--channels", 4, "--like", "0,1,2"], "an old channel or - for each of the 4 new ones"),
        (["--channels", 4, "--like", "0,1,2,7"], "names the channel 7; the old ones are 0 to 2"),
        (["--size", "wide"], "--size is 'wide'; it must be as in 64 or 32x64"),
        (["--size", "0"], "--size is '0'"),
        (["--size", "1x2x3"], "--size is '1x2x3'"),
    ],
)
def test_operations_that_can_not_be(headstart, tmp_path, words, shown):
    out = tmp_path / "encoder.safetensors"
    said = headstart("surgery", tiny.BACKBONE, "--weights", "random", *words, "--out", out)
    assert refused(said, BadInput.code, shown)
    assert not out.exists()


def test_texts_have_no_channels(headstart, tmp_path):
    said = headstart(
        "surgery", "minilm", "--weights", "random", "--channels", 4, "--out", tmp_path / "e.safetensors"
    )
    assert refused(said, BadInput.code, "is no convolution")


def test_an_encoder_is_saved_as_safetensors(headstart, tmp_path):
    said = headstart("surgery", tiny.BACKBONE, "--weights", "random", "--out", tmp_path / "encoder.pth")
    assert said.code == BadInput.code
    assert "saved as .safetensors, not 'encoder.pth'" in said.err


def test_data_of_other_channels_are_refused_before_anything_is_begun(headstart, operate, pictures, tmp_path):
    file = operate("--channels", 4, "--size", 32)[1]
    out = tmp_path / "run"
    said = headstart("adapt", pictures, "--backbone", file, *QUICK, "--out", out)
    assert refused(said, BadData.code, "takes 4 channels", "red, green and blue", "--channels 1 --luminance")
    said = headstart("adapt", arrays(tmp_path / "one.npz", 1), "--backbone", file, *QUICK, "--out", out)
    assert refused(said, BadData.code, "takes samples such as (4, 32, 32)", "are (1, 32, 32)")
    assert not out.exists() or not any(out.iterdir())
