"""Folders of open_clip: the embeddings that open_clip 3.3.0 gives with the same weights."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tests.rounding import rounding
from tokenizers import Tokenizer, models, pre_tokenizers, processors

import headstart as hs
from headstart.core import BadInput
from headstart.models import backbone, pair

WORDS = ("!", "a", "red", "blue", "circle", "<start>", "<end>")
CONFIG = {
    "model_cfg": {
        "embed_dim": 6,
        "quick_gelu": True,
        "vision_cfg": {"image_size": 8, "layers": 2, "width": 8, "patch_size": 4, "head_width": 4},
        "text_cfg": {"context_length": 8, "vocab_size": 7, "width": 12, "heads": 3, "layers": 1},
    },
    "preprocess_cfg": {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4], "interpolation": "bilinear"},
}
# of open_clip.create_model("local-dir:FOLDER"): encode_text of ids below, encode_image of the arange below
TEXTS = [
    [1.5285, 1.2998, -0.77212, 2.12248, -0.91647, -1.02768],
    [1.48007, 1.48092, -0.82139, 2.19933, -1.01557, -0.62967],
]
PICTURES = [
    [1.39001, -0.12918, 0.75857, -0.16345, -1.6677, -0.06269],
    [2.50723, -0.55498, 0.80471, 0.11874, -1.20681, -0.02222],
]


def shapes():
    """Names and shapes of the tensors, as open_clip has them."""

    def layers(start, width, count):
        for i in range(count):
            at = f"{start}transformer.resblocks.{i}."
            yield from {
                **{
                    f"{at}{norm}.{kind}": (width,) for norm in ("ln_1", "ln_2") for kind in ("weight", "bias")
                },
                f"{at}attn.in_proj_weight": (3 * width, width),
                f"{at}attn.in_proj_bias": (3 * width,),
                f"{at}attn.out_proj.weight": (width, width),
                f"{at}attn.out_proj.bias": (width,),
                f"{at}mlp.c_fc.weight": (4 * width, width),
                f"{at}mlp.c_fc.bias": (4 * width,),
                f"{at}mlp.c_proj.weight": (width, 4 * width),
                f"{at}mlp.c_proj.bias": (width,),
            }.items()

    found = {"positional_embedding": (8, 12), "text_projection": (12, 6), "logit_scale": ()}
    found |= {"token_embedding.weight": (7, 12), "ln_final.weight": (12,), "ln_final.bias": (12,)}
    found |= {"visual.class_embedding": (8,), "visual.positional_embedding": (5, 8), "visual.proj": (8, 6)}
    found |= {"visual.conv1.weight": (8, 3, 4, 4)}
    found |= {f"visual.{norm}.{kind}": (8,) for norm in ("ln_pre", "ln_post") for kind in ("weight", "bias")}
    return found | dict(layers("", 12, 1)) | dict(layers("visual.", 8, 2))


def save(folder, config=None):
    """Write weights that any machine draws alike, the settings, and a tokenizer of seven words."""
    rng = np.random.Generator(np.random.PCG64(0))
    drawn = {name: rng.standard_normal(shape) * 0.5 for name, shape in sorted(shapes().items())}
    tensors = {name: torch.tensor(value, dtype=torch.float32) for name, value in drawn.items()}
    save_file(tensors, folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps(config or CONFIG), "utf-8")
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="!"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    ends = [("<start>", 5), ("<end>", 6)]
    made.post_processor = processors.TemplateProcessing(single="<start> $A <end>", special_tokens=ends)
    made.save(str(folder / "tokenizer.json"))
    return tensors


@pytest.mark.slow
def test_both_encoders_give_what_open_clip_gives(tmp_path):
    tensors = save(tmp_path)
    made = pair(str(tmp_path))
    x = torch.linspace(-1, 1, 2 * 3 * 8 * 8).view(2, 3, 8, 8)
    with torch.no_grad():
        texts, pictures = made.text(made.text.tokens(["a red circle", "blue"])), made.image(x)
    for found, wanted in ((texts, torch.tensor(TEXTS)), (pictures, torch.tensor(PICTURES))):
        assert torch.allclose(found, wanted, atol=1e-4 + rounding(12, wanted.abs().max(), 20))
    assert made.scale == pytest.approx(float(tensors["logit_scale"].exp()))
    reader = made.image.preprocess
    assert (reader.size, reader.mean, reader.std) == ((8, 8), (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    assert (reader.fit, reader.keep, reader.filter) == ("crop", 1.0, "bilinear")
    assert (made.text.tokens.limit, made.text.tokens.most) == (8, 8)


def test_pictures_are_found_by_a_folder_of_open_clip(tmp_path):
    save(tmp_path)
    pictures = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    found = hs.retrieve(str(tmp_path), "a red circle", list(pictures))
    mean, std = (np.array(CONFIG["preprocess_cfg"][name]) for name in ("mean", "std"))
    x = torch.tensor((pictures / 255 - mean) / std, dtype=torch.float32).permute(0, 3, 1, 2)
    text, image = backbone(f"text-encoder:{tmp_path}"), backbone(f"image-encoder:{tmp_path}")
    with torch.no_grad():
        wanted = torch.cosine_similarity(image(x), text(text.tokens(["a red circle"])))
    assert [hit.cosine for hit in found.hits] == pytest.approx(
        wanted.sort(descending=True).values.tolist(), abs=1e-4
    )
    assert [int(hit.item.split()[1]) for hit in found.hits] == wanted.argsort(descending=True).tolist()


def test_what_is_not_read(tmp_path):
    other = {**CONFIG["model_cfg"], "vision_cfg": {"timm_model_name": "vit_base", "image_size": 8}}
    save(tmp_path, {"model_cfg": other})
    with pytest.raises(BadInput, match="timm_model_name, which is not read"):
        backbone(f"image-encoder:{tmp_path}")
    save(tmp_path)
    (tmp_path / "open_clip_model.safetensors").rename(tmp_path / "open_clip_pytorch_model.bin")
    with pytest.raises(BadInput, match=r"has no open_clip_model\.safetensors"):
        backbone(f"text-encoder:{tmp_path}")
