"""Architectures by name: the built-in one, timm's and torchvision's."""

import difflib
import importlib
import os
import socket
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Literal

from torch import nn

from headstart.core import BadInput, HeadstartError, MissingPackage, Preprocess, Unknown

from . import lite0, weights
from .untrained import seeded

Kind = Literal["builtin", "timm", "torchvision"]
HUB = "https://huggingface.co"
FILTERS: tuple[Literal["bilinear", "bicubic", "lanczos"], ...] = ("bilinear", "bicubic", "lanczos")
# What torchvision's own weights were made with, so that it is the same with other weights.
_OPTIONS: dict[str, dict[str, bool]] = {
    "googlenet": {"transform_input": True, "aux_logits": False, "init_weights": True},
    "inception_v3": {"transform_input": True, "init_weights": True},
}


def resolve(name: str) -> tuple[Kind, str]:
    """Whose architecture `name` is, and what it is called there.

    "timm:..." and "torchvision:..." say so; a bare name is looked for in headstart, then in timm,
    then in torchvision.

    Raises:
        Unknown: with the nearest names.
        MissingPackage: neither timm nor torchvision is installed.
    """
    kind, _, rest = name.partition(":")
    if kind in {"timm", "torchvision"} and rest:
        return _explicit("timm" if kind == "timm" else "torchvision", rest)
    if name == lite0.NAME:
        return "builtin", name
    timm, torchvision = _optional("timm"), _optional("torchvision.models")
    if timm is None and torchvision is None:
        raise MissingPackage("timm", f"The backbone {name!r}", "vision")
    if timm is not None and timm.is_model(name):
        return "timm", name
    if torchvision is not None and name in _listed(torchvision):
        return "torchvision", name
    known = {lite0.NAME, *(timm.list_models() if timm else ())}
    raise _unknown(name, known | set(_listed(torchvision) if torchvision else ()))


def _explicit(kind: Literal["timm", "torchvision"], name: str) -> tuple[Kind, str]:
    package = _needed(kind, name)
    if kind == "timm":
        if not (package.is_model(name) or name.startswith(("hf-hub:", "hf_hub:"))):
            raise _unknown(name, set(package.list_models()), "timm:")
    elif name not in _listed(package):
        raise _unknown(name, set(_listed(package)), "torchvision:")
    return kind, name


def _unknown(name: str, known: set[str], prefix: str = "") -> Unknown:
    """`Unknown` with names that are near, or a few that are popular: there are 1500 in all."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    popular = {"resnet18", "resnet50", "vit_small_patch16_224", "convnext_tiny", lite0.NAME}
    shown = near or (popular & known)
    return Unknown("backbone", prefix + name, {prefix + other for other in shown})


def build(kind: Kind, name: str, pretrained: bool, seed: int = 0) -> nn.Module:
    """The whole model with its head, in evaluation mode.

    Args:
        kind: whose architecture it is.
        name: what it is called there.
        pretrained: with the weights that `kind` offers; else random ones.
        seed: of the random weights.

    Raises:
        HeadstartError: the weights can't be fetched.
    """
    makers = {"builtin": _builtin, "timm": _timm, "torchvision": _torchvision}
    with seeded(seed):
        return makers[kind](name, pretrained).eval()


def preprocess(kind: Kind, name: str, model: nn.Module) -> Preprocess | None:
    """How pictures become inputs of `model`; None if its inputs are not RGB pictures."""
    if kind == "builtin":
        return lite0.PREPROCESS
    if kind == "torchvision":
        return _torchvision_preprocess(name)
    return timm_preprocess(model)


def timm_preprocess(model: nn.Module) -> Preprocess | None:
    """Read off the settings that timm's models carry; None if there are none."""
    config = getattr(model, "pretrained_cfg", None)
    if not isinstance(config, dict) or len(config.get("input_size", ())) != 3:
        return None
    channels, height, width = config["input_size"]
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
            "filter": _filter(config.get("interpolation")),
        }
    )


def _filter(name: Any) -> str:
    return next((known for known in FILTERS if known in str(name)), "bicubic")


def _builtin(name: str, pretrained: bool) -> nn.Module:
    model = _timm(lite0.TIMM_NAME, False)
    if pretrained:
        weights.load(model, lite0.renamed(weights.read(lite0.path())), None)
    return model


def _timm(name: str, pretrained: bool) -> nn.Module:
    timm = _needed("timm", name)
    overlay: dict[str, str] = {}
    if pretrained and not name.startswith(("hf-hub:", "hf_hub:")):
        config = timm.get_pretrained_cfg(name)
        if config is None or not config.has_weights:
            raise BadInput(
                f"timm has no pretrained weights for {name!r}. Give weights= a local file, or "
                "weights='random' for random weights."
            )
        overlay = _cached(config, name)
    try:
        model: nn.Module = timm.create_model(
            name, pretrained=pretrained, pretrained_cfg_overlay=overlay or None
        )
    except Exception as reason:
        if not pretrained:
            raise BadInput(f"timm can't make {name!r}: {reason}") from reason
        raise _unreachable(f"timm:{name}", reason) from reason
    return model


def _cached(config: Any, name: str) -> dict[str, str]:
    """The file of a timm model if it was fetched before; fail at once if it can't be fetched."""
    from huggingface_hub import try_to_load_from_cache

    hub = config.hf_hub_id
    for file in ("model.safetensors", "pytorch_model.bin") if hub else ():
        found = try_to_load_from_cache(hub, file)
        if isinstance(found, str):
            return {"file": found}
    endpoint = os.environ.get("HF_ENDPOINT", HUB) if hub else config.url
    host = urllib.parse.urlparse(endpoint).hostname
    if host and not urllib.request.getproxies():
        try:
            socket.getaddrinfo(host, 443)
        except OSError as reason:
            raise _unreachable(f"timm:{name}", reason) from reason
    return {}


def _torchvision(name: str, pretrained: bool) -> nn.Module:
    models = _needed("torchvision", name)
    if not pretrained:
        made: nn.Module = models.get_model(name, weights=None, **_OPTIONS.get(name, {}))
        return made
    chosen = models.get_model_weights(name).DEFAULT
    try:  # tensors only: a file with anything else in it is refused here, before it is used
        chosen.get_state_dict(progress=False, check_hash=True, weights_only=True)
        found: nn.Module = models.get_model(name, weights=chosen, progress=False)
    except Exception as reason:
        raise _unreachable(f"torchvision:{name}", reason) from reason
    return found


def _torchvision_preprocess(name: str) -> Preprocess:
    made = _needed("torchvision", name).get_model_weights(name).DEFAULT.transforms()
    crop, whole = made.crop_size[0], made.resize_size[0]
    return Preprocess.from_settings(
        {
            "size": (crop, crop),
            "mean": tuple(made.mean),
            "std": tuple(made.std),
            "keep": min(1.0, crop / whole),
            "filter": _filter(made.interpolation.value),
        }
    )


def _unreachable(name: str, reason: Exception) -> HeadstartError:
    text = (str(reason).splitlines() or [type(reason).__name__])[0]
    return HeadstartError(
        f"The pretrained weights of {name!r} can't be fetched: the network or the hub is out of "
        f"reach ({text}). Give a file that you have, backbone({name!r}, "
        f"weights={Path(name.split(':')[-1]).name + '.safetensors'!r}), or ask for random weights "
        "with weights='random'."
    )


def _listed(torchvision: Any) -> list[str]:
    return list(torchvision.list_models(module=torchvision))


def _optional(package: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError:
        return None


def _needed(kind: str, name: str) -> Any:
    found = _optional("torchvision.models" if kind == "torchvision" else kind)
    if found is None:
        raise MissingPackage(kind, f"The backbone {name!r}", "vision")
    return found
