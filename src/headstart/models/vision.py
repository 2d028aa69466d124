"""Vision models of transformers as backbones of pictures."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from headstart.core import BadInput, Preprocess

from . import hub, open_clip

FILES = ("preprocessor_config.json", "processor_config.json")
FILTERS = {1: "lanczos", 2: "bilinear", 3: "bicubic"}  # PIL's numbers
# of models of pictures and texts together
CLIP = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
SIGLIP = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
SMALL = 384  # ConvNeXt's processor crops below this side, and squashes from it on
TWO = (
    "{0!r} holds {1}. Say which of its encoders is the backbone: 'image-encoder:{0}' or 'text-encoder:{0}'; "
    "hs.models.pair takes both."
)
ASSUMED = (
    "{} has no preprocessor_config.json, so its pictures are normalised by {}'s mean {} and standard "
    "deviation {}. If it learned otherwise, say so: hs.models.backbone(..., preprocess="
    "headstart.core.Preprocess(size=..., mean=..., std=...))."
)


class PictureReader(nn.Module):
    """A vision model of transformers, called on pictures (n, channels, h, w)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.training = model.training

    def forward(self, x: Tensor) -> Any:
        """What the model gives for normalised pictures (n, channels, h, w)."""
        return self.model(pixel_values=x)


def auto_class(package: Any, config: Any) -> Any:
    """Which of transformers' classes loads a model: classifiers of pictures come with their head.

    So the head's own input is the features, be it the class token or a mean, and a pooler that was never
    trained is none of them.
    """
    names = getattr(config, "architectures", None) or ()
    classifies = any(name.endswith("ForImageClassification") for name in names)
    return package.AutoModelForImageClassification if classifies else package.AutoModel


def reads_pictures(model: nn.Module, name: str) -> bool:
    """Whether a model of transformers takes pictures; no if it takes texts.

    Raises:
        BadInput: it takes something else, or both.
    """
    config: Any = model.config
    given = getattr(model, "main_input_name", "input_ids")
    if hasattr(config, "vision_config"):
        raise BadInput(TWO.format(name, f"a model of pictures and texts together ({config.model_type})"))
    if given not in ("pixel_values", "input_ids"):
        raise BadInput(
            f"{name!r} holds a model of transformers that takes {given} ({config.model_type}), neither texts "
            "nor pictures. Give the module itself: hs.models.backbone(module, example=...)."
        )
    return bool(given == "pixel_values")


def preprocess(name: str, model: PictureReader) -> Preprocess | None:
    """Preprocessing from the processor's file, with the model's size where there is none.

    None if the model does not take three channels.
    """
    whole: Any = model.model.config
    config = getattr(whole, "vision_config", whole)
    if getattr(config, "num_channels", 3) != 3:
        return None
    found = _file(name)
    height, width, fit, keep = _shape(found, _pair(getattr(config, "image_size", None)) or (224, 224))
    _, (mean, std) = _assumed(whole)
    if not found.get("do_normalize", True):
        mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    return Preprocess.from_settings(
        {
            "size": (height, width),
            "mean": tuple(found.get("image_mean") or mean),
            "std": tuple(found.get("image_std") or std),
            "fit": fit,
            "keep": keep,
            "filter": FILTERS.get(found.get("resample", 3), "bicubic"),
        }
    )


def about_preprocess(name: str, model: PictureReader) -> tuple[str, ...]:
    """A note on a normalisation that was assumed."""
    reader = preprocess(name, model)
    if reader is None or _file(name):
        return ()
    return (ASSUMED.format(name, _assumed(model.model.config)[0], reader.mean, reader.std),)


def _assumed(config: Any) -> tuple[str, tuple[tuple[float, float, float], tuple[float, float, float]]]:
    """Whose mean and standard deviation are taken where no file says: those that such models learned with."""
    if not hasattr(config, "vision_config"):
        return "ImageNet", (Preprocess.mean, Preprocess.std)
    return ("SigLIP", SIGLIP) if config.model_type.startswith("siglip") else ("CLIP", CLIP)


def _file(name: str) -> dict[str, Any]:
    """The processor's settings in a folder or on the hub; empty if there are none."""
    for file in FILES:
        with suppress(OSError, ValueError, AttributeError):
            found = json.loads(_path(name, file).read_text("utf-8"))
            found = found.get("image_processor", found)
            if "image_mean" in found or "do_normalize" in found:
                return dict(found)
    return open_clip.processor(name)


def _path(name: str, file: str) -> Path:
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder / file
    if (found := hub.cached(name, file)) is not None:
        return Path(found)
    from huggingface_hub import hf_hub_download

    hub.check_host(hub.endpoint())
    return Path(hf_hub_download(name, file))


def _shape(found: Mapping[str, Any], own: tuple[int, int]) -> tuple[int, int, str, float]:
    """Height, width, fit and the share that is kept."""
    size, crop = found.get("size"), _pair(found.get("crop_size"))
    shortest = size.get("shortest_edge") if isinstance(size, Mapping) else None
    if found.get("do_center_crop") and crop:
        side = shortest or min(_pair(size) or crop)
        return (*crop, "crop", min(1.0, min(crop) / side))
    if shortest:
        keep = float(found.get("crop_pct") or 1.0) if shortest < SMALL else 1.0
        return shortest, shortest, "crop" if shortest < SMALL else "squash", keep
    return (*(_pair(size) or own), "squash", 1.0)


def _pair(size: Any) -> tuple[int, int] | None:
    """Height and width as settings have them: a number, two, or names."""
    if isinstance(size, int):
        return size, size
    if isinstance(size, Mapping):
        return (int(size["height"]), int(size["width"])) if {"height", "width"} <= size.keys() else None
    return (int(size[0]), int(size[1])) if isinstance(size, list | tuple) and len(size) == 2 else None
