"""A folder with a vision model of transformers is a backbone of pictures."""

import json
import warnings

import numpy as np
import pytest
import torch

import headstart as hs
from headstart.core import BadInput, Preprocess
from headstart.models.hub import imported

SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 8,
}
TEXT = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
X = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def saved(folder, kind, config=None, **settings):
    """A small model with random weights, in a folder."""
    import transformers

    torch.manual_seed(0)
    made = getattr(transformers, config or kind.partition("For")[0].removesuffix("Model") + "Config")
    model = getattr(transformers, kind)(made(**settings)).eval()
    model.save_pretrained(folder)
    return model


def processor(folder, **settings):
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))


SWIN = {"image_size": 32, "patch_size": 4, "embed_dim": 8, "depths": [1, 1], "num_heads": [1, 2]}
KINDS = {
    "ViTForImageClassification": SMALL,
    "DeiTForImageClassification": SMALL,
    "SwinForImageClassification": SWIN | {"window_size": 4},
    "ConvNextForImageClassification": {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2},
    "ResNetForImageClassification": {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}
    | {"layer_type": "basic"},
}


@pytest.mark.parametrize(("kind", "settings"), KINDS.items(), ids=KINDS)
def test_features_are_what_its_head_read(kind, settings, tmp_path):
    model = saved(tmp_path / "net", kind, **settings)
    base = hs.models.backbone(str(tmp_path / "net"))
    head = model.classifier[-1] if isinstance(model.classifier, torch.nn.Sequential) else model.classifier
    with torch.no_grad():
        assert torch.allclose(head(base(X)), model(pixel_values=X).logits, atol=1e-5)
    assert base.width == 16
    assert base.kind == "pictures"
    assert len(base.blocks) >= 3
    assert any("has no preprocessor_config.json" in note for note in base.notes)


def test_a_model_without_a_head_gives_its_pooled_output(tmp_path):
    model = saved(tmp_path / "net", "Dinov2Model", **SMALL)
    base = hs.models.backbone(str(tmp_path / "net"))
    with torch.no_grad():
        assert torch.allclose(base(X), model(pixel_values=X).pooler_output, atol=1e-5)


def test_a_pooler_that_is_not_in_the_file_is_left_out(tmp_path):
    saved(tmp_path / "net", "ViTModel", **SMALL)
    base = hs.models.backbone(str(tmp_path / "net"))
    assert not any("pooler" in name for name, _ in base.named_parameters())


@pytest.mark.parametrize(
    ("settings", "right"),
    [
        (
            {
                "size": {"height": 32, "width": 32},
                "image_mean": [0.5] * 3,
                "image_std": [0.25] * 3,
                "resample": 2,
            },
            Preprocess((32, 32), (0.5,) * 3, (0.25,) * 3, "squash", 1.0, "bilinear"),
        ),
        (
            {
                "size": {"shortest_edge": 40},
                "crop_size": {"height": 32, "width": 32},
                "do_center_crop": True,
                "image_mean": [0.4] * 3,
                "image_std": [0.2] * 3,
            },
            Preprocess((32, 32), (0.4,) * 3, (0.2,) * 3, "crop", 0.8, "bicubic"),
        ),
        (
            {"size": {"shortest_edge": 32}, "crop_pct": 0.875, "do_normalize": False},
            Preprocess((32, 32), (0.0,) * 3, (1.0,) * 3, "crop", 0.875, "bicubic"),
        ),
        (
            {"size": 32, "do_normalize": True, "resample": 1},
            Preprocess((32, 32), fit="squash", keep=1.0, filter="lanczos"),
        ),
    ],
)
def test_pictures_are_read_as_the_processors_file_says(settings, right, tmp_path):
    saved(tmp_path / "net", "ViTForImageClassification", **SMALL)
    base = hs.models.backbone(str(tmp_path / "net"), preprocess=Preprocess((32, 32)))
    assert not any("preprocessor_config" in note for note in base.notes)  # it was said
    processor(tmp_path / "net", **settings)
    base = hs.models.backbone(str(tmp_path / "net"))
    assert base.preprocess == right
    assert base.notes == ()


def test_it_is_adapted_saved_and_opened_without_the_folder(tmp_path):
    saved(tmp_path / "net", "ViTForImageClassification", **SMALL)
    pictures = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3)).astype(np.uint8)
    model = hs.fit("fine-tune", str(tmp_path / "net"), (pictures, ["a", "b"] * 6), hs.Recipe(steps=2))
    model.save(tmp_path / "model")
    (tmp_path / "net").rename(tmp_path / "gone")
    again = hs.open(tmp_path / "model")
    assert np.abs(again.probabilities(pictures) - model.probabilities(pictures)).max() < 1e-6


def test_random_weights_are_another_model_of_the_same_kind(tmp_path):
    saved(tmp_path / "net", "ViTForImageClassification", **SMALL)
    base = hs.models.backbone(str(tmp_path / "net"))
    twin = base.untrained(0)
    assert twin(X).shape == base(X).shape
    assert not torch.allclose(twin(X), base(X))


def test_pictures_and_texts_together_are_refused(tmp_path):
    saved(
        tmp_path / "net",
        "CLIPModel",
        vision_config=SMALL,
        text_config=TEXT | {"vocab_size": 9},
        projection_dim=8,
    )
    with pytest.raises(BadInput, match="holds a model of pictures and texts together"):
        hs.models.backbone(str(tmp_path / "net"))
    saved(tmp_path / "part", "CLIPVisionModel", **SMALL)
    assert hs.models.backbone(str(tmp_path / "part")).width == 16


def test_sound_is_refused(tmp_path):
    settings = SMALL | {"conv_dim": [8], "conv_kernel": [4], "conv_stride": [4], "num_feat_extract_layers": 1}
    saved(
        tmp_path / "net",
        "Wav2Vec2Model",
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        **settings,
    )
    with pytest.raises(BadInput, match="takes input_values"):
        hs.models.backbone(str(tmp_path / "net"))


def test_texts_are_no_pictures(tmp_path):
    saved(tmp_path / "net", "ViTForImageClassification", **SMALL)
    with pytest.raises(hs.core.BadData, match="takes pictures, but"):
        hs.fit("ridge-probe", str(tmp_path / "net"), (["one text", "another"] * 4, ["a", "b"] * 4))


@pytest.mark.parametrize("text", ["IProgress not found. Please update jupyter.", "Something else."])
def test_that_a_notebook_lacks_widgets_is_not_said(tmp_path, monkeypatch, text):
    name = f"chatty_{len(text)}"
    (tmp_path / f"{name}.py").write_text(f"import warnings\nwarnings.warn({text!r})\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert imported(name).__name__ == name
    assert [str(warning.message) for warning in caught] == [text] * (text == "Something else.")
