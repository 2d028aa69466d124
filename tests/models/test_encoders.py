"""Encoders in files: strictly into another model, or not at all."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tests.models.nets import Small, Words, flags, mixed, noise, untouched
from torch import nn

import headstart as hs
from headstart.core import BadInput, CannotWrite, Mismatch, Model
from headstart.core.linear_head import LinearHead
from headstart.models.operations.report import same

X = noise(2, 3, 8, 8)
ALL = set(Small().state_dict())
ENCODER = {name for name in ALL if not name.startswith("fc.")}


def equal(made, model, names=ENCODER):
    ours, theirs = made.state_dict(), model.state_dict()
    return all(same(ours[name], theirs[name]) for name in names)


@pytest.fixture
def saved(tmp_path):
    """A model, and the file of its encoder."""
    model = Small()
    hs.models.save_encoder(model, tmp_path / "a.safetensors", example=X)
    return model, tmp_path / "a.safetensors"


def test_the_file_holds_the_encoder_and_nothing_else(tmp_path):
    model = mixed(Small())
    with untouched(model):
        mark = hs.models.save_encoder(model, tmp_path / "deep" / "a.safetensors", example=X)
    found = load_file(tmp_path / "deep" / "a.safetensors")
    assert found.keys() == ENCODER
    assert all(same(value, model.state_dict()[name]) for name, value in found.items())
    with safe_open(tmp_path / "deep" / "a.safetensors", "pt") as file:
        about = file.metadata()
    assert about["fingerprint"] == mark == hs.models.fingerprint(model, example=X)
    assert json.loads(about["layers"])["stem"].startswith("Conv2d(3, 6, kernel_size=(3, 3), stride=(2, 2)")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.safetensors"]


def test_into_a_downstream_model_whose_own_layers_are_allowed(saved):
    model, path = saved
    other = mixed(Small(classes=9))
    with untouched(other):
        made, report = hs.models.load_encoder(other, path, allow=["fc.*"])
    assert equal(made, model)
    assert equal(made, other, ALL - ENCODER)
    assert flags(made) == flags(other)
    assert report.notes == (
        "fc.bias is not in the file; that is allowed",
        "fc.weight is not in the file; that is allowed",
    )
    assert {change.name for change in report.changes} <= ENCODER


def test_the_beginnings_of_names_are_mapped(saved, tmp_path):
    model, path = saved
    down = nn.ModuleDict({"body": nn.ModuleDict({"net": Small()}), "top": nn.Linear(2, 2)})
    made, _ = hs.models.load_encoder(down, path, rename={"": "body.net."}, allow=["top.*", "body.net.fc.*"])
    assert equal(made["body"]["net"], model)
    state = {f"backbone.{k}": v for k, v in model.state_dict().items()}
    state["backbone.extra.w"] = torch.ones(1)
    save_file(state, tmp_path / "b.safetensors")
    rename = {"backbone.": "", "backbone.extra.": "ignored."}  # the longest counts
    made, report = hs.models.load_encoder(
        Small(), tmp_path / "b.safetensors", rename=rename, allow=["ignored.*"]
    )
    assert equal(made, model, ALL)
    assert report.notes == ("ignored.w (1,) left out, as that is allowed",)


@pytest.mark.parametrize("wrap", [None, "state_dict", "model"])
def test_plain_state_dicts_load_and_nothing_in_them_runs(tmp_path, wrap):
    model = Small()
    state = {f"module.{k}": v for k, v in model.state_dict().items()}
    torch.save({wrap: state} if wrap else state, tmp_path / "a.pth")
    made, _ = hs.models.load_encoder(Small(), tmp_path / "a.pth")
    assert equal(made, model, ALL)
    torch.save(Small(), tmp_path / "module.pth")
    target = Small()
    with untouched(target), pytest.raises(BadInput, match="a pickled model is never opened"):
        hs.models.load_encoder(target, tmp_path / "module.pth")


def test_backbones_and_models_with_heads_change_encoders(tmp_path):
    base = hs.models.backbone(Small(), example=X)
    marks = set()
    for i, one in enumerate((base, Model(base, LinearHead(10, 3)), Small())):
        marks.add(hs.models.save_encoder(one, tmp_path / f"{i}.safetensors", example=X))
    assert len(marks) == 1  # one architecture, with a head or without
    for i in (0, 1):
        again = hs.models.backbone(Small(), weights="random", example=X)
        made, _ = hs.models.load_encoder(again, tmp_path / f"{i}.safetensors")
        assert equal(made.inner, base.inner)
        made, _ = hs.models.load_encoder(Model(again, LinearHead(10, 7)), tmp_path / f"{i}.safetensors")
        assert equal(made.backbone.inner, base.inner)
    made = hs.models.backbone(Small(), weights=tmp_path / "0.safetensors", example=X)
    assert equal(made.inner, base.inner)


def test_tied_tensors_are_written_under_each_name_and_read_from_any(tmp_path):
    model, x = Words(), torch.tensor([[1, 2]])
    hs.models.save_encoder(model, tmp_path / "a.safetensors", example=x)
    assert "embed.weight" in load_file(tmp_path / "a.safetensors")
    made, _ = hs.models.load_encoder(Words(), tmp_path / "a.safetensors", allow=["out.*"])
    assert same(made.embed.weight, model.embed.weight)
    assert made.out.weight is made.embed.weight
    state = dict(model.state_dict())
    del state["embed.weight"]  # as transformers saves them
    save_file(state, tmp_path / "b.safetensors")
    made, report = hs.models.load_encoder(Words(), tmp_path / "b.safetensors")
    assert same(made.embed.weight, model.embed.weight)
    assert report.notes == ()
    save_file({**Words(tied=False).state_dict()}, tmp_path / "c.safetensors")
    target = Words()
    with untouched(target), pytest.raises(Mismatch, match="one tensor here, but differ"):
        hs.models.load_encoder(target, tmp_path / "c.safetensors")


def test_names_that_look_like_a_wrapper_are_kept_in_files_of_ours(tmp_path):
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.module = nn.Sequential(nn.Linear(3, 4), nn.ReLU())

        def forward(self, x):
            return self.module(x)

    model = Wrapped()
    hs.models.save_encoder(model, tmp_path / "a.safetensors", example=noise(2, 3))
    made, _ = hs.models.load_encoder(Wrapped(), tmp_path / "a.safetensors")
    assert same(made.module[0].weight, model.module[0].weight)


@pytest.mark.parametrize(
    ("target", "settings", "kind", "texts"),
    [
        (Small(), {}, Mismatch, ["2 missing:", "fc.weight"]),
        (
            Small(stage="stgae"),
            {"allow": ["fc.*"]},
            Mismatch,
            ["missing:", "stgae2.0.weight (nearest: stage2.0.weight)", "unexpected:"],
        ),
        (
            Small(channels=5),
            {"allow": ["fc.*"]},
            Mismatch,
            ["1 of another shape:", "stem.weight is (6, 3, 3, 3), not (6, 5, 3, 3)"],
        ),
        (Small(), {"rename": {"stem.": "bn."}, "allow": ["*"]}, BadInput, ["two keys", "the same name"]),
        (Small(), {"rename": {"": "x."}, "allow": ["*"]}, Mismatch, ["Nothing in a.safetensors has a name"]),
    ],
    ids=["missing", "renamed", "shape", "twice", "nothing"],
)
def test_what_does_not_fit_raises_and_touches_nothing(saved, target, settings, kind, texts):
    with untouched(target), pytest.raises(kind) as caught:
        hs.models.load_encoder(target, saved[1], **settings)
    assert all(text in str(caught.value) for text in texts), caught.value


def test_another_shape_may_be_allowed_too(saved):
    target = Small(channels=5)
    made, report = hs.models.load_encoder(target, saved[1], allow=["fc.*", "stem.weight"])
    assert same(made.stem.weight, target.stem.weight)
    assert same(made.stem.bias, saved[0].stem.bias)
    assert "stem.weight (6, 3, 3, 3) left out, as that is allowed" in report.notes


@pytest.mark.parametrize("classes", [1000, 10])
def test_a_renamed_stage_raises_whatever_the_number_of_classes(tmp_path, classes):
    timm = pytest.importorskip("timm")
    state = timm.create_model("resnet18", num_classes=classes).state_dict()
    renamed = {key.replace("layer3.", "stage3."): value for key, value in state.items()}
    save_file(renamed, tmp_path / "a.safetensors")
    target = timm.create_model("resnet18", num_classes=7)
    with untouched(target), pytest.raises(Mismatch, match=r"layer3\.0\.conv1\.weight \(nearest: stage3"):
        hs.models.load_encoder(target, tmp_path / "a.safetensors", allow=["fc.*"])
    with pytest.raises(Mismatch, match=r"25 missing(?s:.*)30 unexpected"):
        hs.models.backbone(target, weights=tmp_path / "a.safetensors", example=noise(2, 3, 32, 32))


def test_layers_that_are_set_otherwise_are_told(saved):
    other = Small()
    other.stem.padding = (0, 0)
    other.bn.eps = 0.5
    _, report = hs.models.load_encoder(other, saved[1], allow=["fc.*"])
    told = [note for note in report.notes if "the weights come from" in note]
    assert [note.split()[0] for note in told] == ["stem", "bn"]
    assert "padding=(1, 1)" in told[0].partition("come from")[2]
    _, report = hs.models.load_encoder(Small(), saved[1], allow=["fc.*"])
    assert not [note for note in report.notes if "the weights come from" in note]


def test_the_fingerprint_is_of_the_architecture():
    first = hs.models.fingerprint(Small(), example=X)
    assert first == hs.models.fingerprint(Small(classes=9), example=X)
    other = Small()
    other.stem.padding = (0, 0)
    assert hs.models.fingerprint(other, example=X) != first
    assert hs.models.fingerprint(Small(stage="part"), example=X) != first


def test_a_file_that_is_damaged_or_absent(saved, tmp_path):
    target = Small()
    with safe_open(saved[1], "pt") as file:
        about = file.metadata()
    save_file(
        {k: v for k, v in load_file(saved[1]).items() if k != "bn.bias"}, tmp_path / "b.safetensors", about
    )
    (tmp_path / "junk.safetensors").write_bytes(b"junk")
    for name, kind, text in (
        ("b.safetensors", Mismatch, "those of its fingerprint"),
        ("junk.safetensors", BadInput, "can't be read"),
        ("absent.safetensors", BadInput, "no weights file"),
    ):
        with untouched(target), pytest.raises(kind, match=text):
            hs.models.load_encoder(target, tmp_path / name, allow=["*"])


def test_a_file_that_cannot_be_written_leaves_the_older_one(saved, monkeypatch, tmp_path):
    before = saved[1].read_bytes()
    (tmp_path / ".a.safetensors.tmp").mkdir()  # in the way
    with pytest.raises(CannotWrite, match=r"Can.t write .*a\.safetensors"):
        hs.models.save_encoder(Small(), saved[1], example=X)
    assert saved[1].read_bytes() == before
    with pytest.raises(BadInput, match=r"saved as \.safetensors"):
        hs.models.save_encoder(Small(), tmp_path / "a.pth", example=X)


@pytest.mark.parametrize("channels", [2, 3])
def test_a_file_is_a_backbone_with_all_that_was_done_to_it(tmp_path, channels):
    base = hs.models.backbone("test_resnet", weights="random")
    made = base if channels == 3 else hs.models.new_channels(base, channels)[0]
    with torch.no_grad():
        made.inner.bn1.bias.add_(1.0)  # as if it had learned
    file = tmp_path / "a.safetensors"
    mark = hs.models.save_encoder(made, file)
    again = hs.models.backbone(str(file))
    x = noise(2, channels, 64, 64)
    with torch.no_grad():
        assert torch.equal(again(x), made(x))
        assert not torch.equal(hs.models.backbone(str(file), weights="random")(x), made(x))
    assert hs.models.fingerprint(again) == mark
    assert again.source == made.source
    assert again.preprocess == made.preprocess
    if channels == 3:
        assert torch.equal(hs.models.backbone("test_resnet", weights=file)(x), again(x))
        return
    with pytest.raises(BadInput, match=r"operated on: .* Give the file itself as the backbone"):
        hs.models.backbone("test_resnet", weights=file)


def test_a_backbone_in_a_file_keeps_its_tokenizer(tmp_path):
    from tests import wordy

    made = hs.models.backbone("minilm", weights="random", tokenizer=wordy.tokenizer())
    hs.models.save_encoder(made, tmp_path / "a.safetensors")
    again = hs.models.backbone(str(tmp_path / "a.safetensors"))
    assert again.tokens == made.tokens
    assert again.source == made.source


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file: None, "There is no encoder"),
        (lambda file: save_file({"a": torch.zeros(1)}, file), "does not say which architecture"),
        (
            lambda file: hs.models.save_encoder(hs.models.backbone(Small(), example=X), file),
            "a module of your own, .*Small, whose code is not saved",
        ),
    ],
)
def test_files_that_are_no_backbone_by_themselves(tmp_path, make, words):
    make(tmp_path / "a.safetensors")
    with pytest.raises(BadInput, match=words):
        hs.models.backbone(str(tmp_path / "a.safetensors"))
