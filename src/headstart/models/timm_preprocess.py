"""Image preprocessing from the settings that timm's models bring."""

from typing import Any, Literal

from torch import nn

from headstart.core import Preprocess

FILTERS: tuple[Literal["bilinear", "bicubic", "lanczos"], ...] = ("bilinear", "bicubic", "lanczos")


def timm_preprocess(model: nn.Module) -> Preprocess | None:
    """Preprocessing from the settings of a timm model; None if there are none."""
    config = getattr(model, "pretrained_cfg", None)
    if not isinstance(config, dict) or len(config.get("input_size", ())) != 3:
        return None
    channels, height, width = config["input_size"]
    height, width = _built_for(model) or (height, width)
    fit = {"squash": "squash", "border": "pad"}.get(config.get("crop_mode", "center"), "crop")
    if channels != 3:
        return None
    return Preprocess.from_settings(
        {
            "size": (height, width),
            "mean": tuple(config.get("mean", Preprocess.mean)),
            "std": tuple(config.get("std", Preprocess.std)),
            "fit": fit,
            "keep": min(1.0, float(config.get("crop_pct") or 1.0)),
            "filter": filter_named(config.get("interpolation")),
        }
    )


def _built_for(model: nn.Module) -> tuple[int, int] | None:
    """Height and width that a model of patches was built for, as by `img_size=`; None: any, or not known.

    timm's settings keep the size of the weights that it publishes.
    """
    patches = getattr(model, "patch_embed", None)
    size = getattr(patches, "img_size", None) if getattr(patches, "strict_img_size", False) else None
    return None if size is None else (int(size[0]), int(size[1]))


def filter_named(name: Any) -> str:
    """The filter whose name is a part of `name`, as in "bicubic, antialiased"; bicubic if none is."""
    return next((known for known in FILTERS if known in str(name)), "bicubic")
