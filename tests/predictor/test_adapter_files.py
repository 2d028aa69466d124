"""A model as the few percent that are not its backbone: written, opened on it, refused on others."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, safe_open
from tests.rounding import rounding
from torch import nn

import headstart as hs
from headstart.core import BadInput, Mismatch
from headstart.models import backbone
from headstart.nn.adapters.adapter_file import HeadWarning
from headstart.nn.adapters.apart import shipped_bytes
from headstart.predictor.export_adapters import export_adapters

RECIPE = hs.Recipe(steps=4, batch=10, lr=0.02)


class Net(nn.Module):
    """A caller's own transformer behind a convolution with batch normalisation, with a head."""

    def __init__(self, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.conv, self.norm = nn.Conv1d(2, 8, 3, padding=1), nn.BatchNorm1d(8)
            self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
            self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.layer(self.norm(self.conv(x)).transpose(1, 2))[:, 0])


def rows():
    g = torch.Generator().manual_seed(0)
    return torch.randn(30, 2, 5, generator=g).numpy(), (torch.arange(30) % 3).numpy()


METHODS = {
    "lora": hs.methods.LoRA(rank=2),
    "ia3": hs.methods.IA3(),
    "conv": hs.methods.ConvAdapters(),
    "bottleneck": hs.methods.BottleneckAdapters(size=3, norm="train"),
}


@pytest.fixture(scope="module", params=METHODS)
def fitted(request, tmp_path_factory):
    """A predictor, a backbone like that it was fitted on, and its adapters in a file."""
    file = tmp_path_factory.mktemp("adapters") / "mine.safetensors"
    predictor = hs.fit(METHODS[request.param], Net(), rows(), RECIPE)
    assert export_adapters(predictor, file) == sum(one.nbytes for one in load_file(file).values())
    return predictor, file


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=0, atol=rounding(64, 1.0, sums=8))


def test_a_file_answers_as_the_model_on_the_backbone_that_stays_as_it_is(fitted):
    predictor, file = fitted
    base, x = backbone(Net(), example=torch.randn(2, 2, 5)), rows()[0]
    before = {name: value.clone() for name, value in base.state_dict().items()}
    opened = hs.open(file, backbone=base)
    close(opened.probabilities(x), predictor.probabilities(x))
    assert opened.classes == predictor.classes
    own = {name for name in load_file(file) if name.startswith("own.")}
    shared = {one.data_ptr() for one in opened.model.backbone.parameters()}
    kept = [one.data_ptr() in shared for name, one in base.named_parameters() if f"own.{name}" not in own]
    assert all(kept)
    assert all(torch.equal(before[name], value) for name, value in base.state_dict().items())
    assert base.apart is None
    close(hs.open(file, backbone=Net()).probabilities(x), predictor.probabilities(x))


def test_a_saved_model_is_folded_and_still_knows_its_adapters(fitted, tmp_path):
    predictor, file = fitted
    for name, one in {"fitted": predictor, "opened": hs.open(file, backbone=Net())}.items():
        one.save(tmp_path / name)
        again = hs.open(tmp_path / name, backbone=Net())
        close(again.probabilities(rows()[0]), predictor.probabilities(rows()[0]))
        export_adapters(again, tmp_path / "again.safetensors")
        there, here = load_file(tmp_path / "again.safetensors"), load_file(file)
        assert there.keys() == here.keys()
        assert all(torch.equal(there[key], value) for key, value in here.items())


def test_what_is_shipped_by_hand(fitted, request):
    """d = 8, 16 inside; LoRA of rank 2: 2 (8 + 24) + 2 (8 + 8) + 2 (2 (8 + 16)) numbers; (IA)3: 16 + 16.

    A matrix for the 8 channels of the convolution: 64; two adapters of size 3: 2 (2 * 3 * 8 + 8 + 3), and
    the weights and shifts of three norms: 48. Beside them the head, 27, and statistics: 16 and a count.
    """
    predictor, _ = fitted
    numbers = {"lora": 64 + 32 + 96, "ia3": 32, "conv": 64, "bottleneck": 118 + 48}[
        request.node.callspec.params["fitted"]
    ]
    assert shipped_bytes(predictor.model) == 4 * (numbers + 27 + 16) + 8


def test_statistics_that_learned_are_in_the_file(fitted):
    predictor, file = fitted
    mean = load_file(file)["own.inner.norm.running_mean"]
    assert torch.equal(mean, dict(predictor.model.backbone.named_buffers())["inner.norm.running_mean"])
    assert bool(mean.any()) == ("norm=train" in predictor.training.method)


def test_files_for_other_backbones_are_refused_by_name(fitted, tmp_path):
    _, file = fitted
    with pytest.raises(Mismatch, match=r"for the model \w{12}, and this one is \w{12}: .* made for, '.*Net'"):
        hs.open(file, backbone=Net(seed=1))
    with pytest.raises(Mismatch, match=r"adapter for the layer inner.*, which this model has not"):
        hs.open(file, backbone=backbone(nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 2))))
    with pytest.raises(BadInput, match=r"your own module .*Net, which is not found by its name\. Give it"):
        hs.open(file)
    with pytest.raises(BadInput, match=r"nothing\.safetensors' can't be read"):
        hs.open(tmp_path / "nothing.safetensors")


def test_weights_with_the_adapters_in_them_are_not_taken_for_the_backbones(tmp_path):
    lora = hs.fit(METHODS["lora"], Net(), rows(), RECIPE)
    export_adapters(lora, tmp_path / "lora.safetensors")
    with pytest.raises(Mismatch, match="its weights differ"):
        hs.open(tmp_path / "lora.safetensors", backbone=lora.model)


def test_models_without_adapters_have_none_to_ship(tmp_path):
    probe = hs.fit(hs.methods.LogisticProbe(), Net(), rows(), RECIPE)
    with pytest.raises(BadInput, match="no adapters that could be shipped alone"):
        export_adapters(probe, tmp_path / "none.safetensors")
    lora = hs.fit(METHODS["lora"], Net(), rows(), RECIPE)
    with pytest.raises(BadInput, match=r"ends in '\.bin'"):
        export_adapters(lora, tmp_path / "lora.bin")
    with torch.no_grad():
        lora.model.backbone.inner.conv.weight.add_(1)  # which is in no file of adapters
    with pytest.raises(BadInput, match="no adapters that could be shipped alone"):
        export_adapters(lora, tmp_path / "none.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_refused(tmp_path):
    from safetensors.torch import save_file

    file = tmp_path / "lora.safetensors"
    export_adapters(hs.fit(METHODS["lora"], Net(), rows(), RECIPE), file)
    with safe_open(file, framework="pt") as opened:
        about = opened.metadata()
    tensors = load_file(file)
    cut = {key: value[:1] if key.endswith(".down") else value for key, value in tensors.items()}
    save_file(cut, file, about)
    with pytest.raises(Mismatch, match=r"adapter of the layer inner\.layer\.\S+ in .* does not fit"):
        hs.open(file, backbone=Net())
    assert json.loads(about["config"])["backbone"]["kind"] == "own"


def test_a_side_car_loads_the_adapters_of_a_run_and_says_that_its_head_is_left_out(fitted):
    predictor, file = fitted
    base, x = backbone(Net(), example=torch.randn(2, 2, 5)), torch.from_numpy(rows()[0])
    many = hs.Adapters(base)
    with pytest.warns(HeadWarning, match=r"its head is not\. hs\.open"):
        many.load("theirs", file)
    with many.use("theirs") as model, torch.no_grad():
        close(model.eval()(x), predictor.model.backbone(x))
