"""Folders of open_clip, read as transformers' CLIP: settings, names of tensors, preprocessing."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from headstart.core import BadInput
from headstart.core.tensor_file import read_tensors

CONFIG, WEIGHTS = "open_clip_config.json", ("open_clip_model.safetensors", "model.safetensors")
VISION = {"image_size", "layers", "width", "patch_size", "head_width", "mlp_ratio"}
TEXT = {"context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio"}
RESIZED = {"shortest": True, "squash": False}  # by resize_mode: whether the centre is cut out
RESAMPLED = {"lanczos": 1, "bilinear": 2, "bicubic": 3}  # PIL's numbers
_ONE = {  # names in open_clip and in transformers
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final": "text_model.final_layer_norm",
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.ln_pre": "vision_model.pre_layrnorm",
    "visual.ln_post": "vision_model.post_layernorm",
    "transformer.resblocks": "text_model.encoder.layers",
    "visual.transformer.resblocks": "vision_model.encoder.layers",
}
_LAYER = {
    ".ln_1.": ".layer_norm1.",
    ".ln_2.": ".layer_norm2.",
    ".attn.out_proj.": ".self_attn.out_proj.",
    ".mlp.c_fc.": ".mlp.fc1.",
    ".mlp.c_proj.": ".mlp.fc2.",
}
_PROJECTIONS = {"text_projection": "text_projection.weight", "visual.proj": "visual_projection.weight"}


def _file(name: str) -> dict[str, Any] | None:
    """The settings in a local folder of open_clip; None if it is none."""
    with suppress(OSError, ValueError):
        found = json.loads((Path(name).expanduser() / CONFIG).read_text("utf-8"))
        return found if isinstance(found, dict) and "model_cfg" in found else None
    return None


def is_folder(name: str) -> bool:
    """Whether a local folder holds a model of open_clip."""
    return _file(name) is not None


def config(name: str) -> dict[str, Any]:
    """The settings as those of transformers' CLIP.

    Raises:
        BadInput: an architecture other than CLIP's two transformers; the setting is named.
    """
    found = (_file(name) or {})["model_cfg"]
    seen, words = found["vision_cfg"], found["text_cfg"]
    other = [*(f"vision_cfg.{key}" for key in seen if key not in VISION)]
    other += [f"text_cfg.{key}" for key in words if key not in TEXT]
    other += ["vision_cfg.layers"] * (not isinstance(seen.get("layers", 12), int))
    if other:
        raise BadInput(
            f"{name!r} holds a model of open_clip with {other[0]}, which is not read: only CLIP's own two "
            "transformers are. Save it as transformers does, and give that folder."
        )
    shared = {"hidden_act": "quick_gelu" if found.get("quick_gelu") else "gelu", "layer_norm_eps": 1e-5}
    wide = seen.get("width", 768)
    width, last = words.get("width", 512), words.get("vocab_size", 49408) - 1
    return {
        "model_type": "clip",
        "projection_dim": found["embed_dim"],
        "text_config": {
            **shared,
            **_sizes(words, width, words.get("heads", 8)),
            "vocab_size": last + 1,
            "max_position_embeddings": words.get("context_length", 77),
            "bos_token_id": last - 1,
            "eos_token_id": last,
            "pad_token_id": 0,
        },
        "vision_config": {
            **shared,
            **_sizes(seen, wide, wide // seen.get("head_width", 64)),
            "image_size": seen.get("image_size", 224),
            "patch_size": seen.get("patch_size", 16),
        },
    }


def _sizes(given: Mapping[str, Any], width: int, heads: int) -> dict[str, int]:
    return {
        "hidden_size": width,
        "intermediate_size": int(width * given.get("mlp_ratio", 4.0)),
        "num_attention_heads": heads,
        "num_hidden_layers": given.get("layers", 12),
    }


def state(name: str) -> dict[str, Tensor]:
    """The weights under the names of transformers' CLIP.

    Raises:
        BadInput: there is no safetensors file with them.
    """
    files = [file for each in WEIGHTS if (file := Path(name).expanduser() / each).is_file()]
    if not files:
        raise BadInput(
            f"{name!r} has no {WEIGHTS[0]}. Save its weights as safetensors: other files may "
            "hold code, and are not read."
        )
    tensors, _ = read_tensors(files[0])
    return dict(pair for key, value in tensors.items() for pair in _renamed(key.removeprefix("text."), value))


def _renamed(key: str, value: Tensor) -> Iterator[tuple[str, Tensor]]:
    if key in _PROJECTIONS:
        yield _PROJECTIONS[key], value.T.contiguous()
        return
    start = next((old for old in sorted(_ONE, key=len, reverse=True) if key.startswith(old)), "")
    new = _ONE[start] + key.removeprefix(start) if start else key
    for old, name in _LAYER.items():
        new = new.replace(old, name)
    if ".attn.in_proj_" in new:
        place, _, kind = new.partition(".attn.in_proj_")
        for part, share in zip("qkv", torch.chunk(value, 3), strict=True):
            yield f"{place}.self_attn.{part}_proj.{kind}", share.contiguous()
        return
    if key != "attn_mask":  # which transformers makes itself
        yield new, value


def processor(name: str) -> dict[str, Any]:
    """The preprocessing as transformers' processors write it; empty if it is no folder of open_clip."""
    if (found := _file(name)) is None:
        return {}
    given, size = found.get("preprocess_cfg") or {}, found["model_cfg"]["vision_cfg"].get("image_size", 224)
    cut = RESIZED.get(given.get("resize_mode", "shortest"), True)
    side = {"shortest_edge": size} if cut else {"height": size, "width": size}
    shape = {"size": side, "do_center_crop": cut, "crop_size": size, "do_normalize": True}
    moments = {f"image_{key}": given[key] for key in ("mean", "std") if key in given}
    return {**shape, **moments, "resample": RESAMPLED.get(given.get("interpolation", "bicubic"), 3)}
