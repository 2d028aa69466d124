"""Architectures by name: the built-in ones, timm's, torchvision's and transformers'."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from torch import Tensor, nn

from headstart.core import BadInput, HeadstartError, Preprocess, Tokens, Unknown
from headstart.face import spell

from . import hub, image_text, lite0, masked, minilm, small_convnet, texts, vision, weights
from .timm_preprocess import filter_named, timm_preprocess
from .untrained import seeded

Kind = Literal["builtin", "timm", "torchvision", "transformers", "image-encoder", "text-encoder", "cloze"]
BUILT_IN = (lite0.NAME, minilm.NAME, *small_convnet.NAMES)
_BY_TRANSFORMERS: dict[str, Kind] = {
    "transformers": "transformers",
    "image-encoder": "image-encoder",
    "text-encoder": "text-encoder",
}
# The preprocessing of torchvision's own weights, used for other weights as well.
_OPTIONS: dict[str, dict[str, bool]] = {
    "googlenet": {"transform_input": True, "aux_logits": False, "init_weights": True},
    "inception_v3": {"transform_input": True, "init_weights": True},
}


def resolve(name: str) -> tuple[Kind, str]:
    """Resolve `name` to a library and its name there.

    "timm:...", "torchvision:..." and "transformers:..." name the library; "image-encoder:FOLDER" and
    "text-encoder:FOLDER" one of the two encoders of a model like CLIP; a bare name is looked up in
    headstart, as a folder of transformers', then in timm, then in torchvision.

    Raises:
        BadInput: it is a folder without a model.
        Unknown: no such architecture; the text lists similar names.
        MissingPackage: neither timm nor torchvision is installed.
    """
    kind, _, rest = name.partition(":")
    if kind in {"timm", "torchvision"} and rest:
        return _explicit("timm" if kind == "timm" else "torchvision", rest)
    if kind in _BY_TRANSFORMERS and rest:
        return _BY_TRANSFORMERS[kind], rest
    if name in BUILT_IN:
        return "builtin", name
    if texts.is_folder(name):
        return "transformers", name
    timm, torchvision = _optional("timm"), _optional("torchvision.models")
    if timm is None and torchvision is None:
        hub.needed("timm", f"The backbone {name!r}", "vision")
    if timm is not None and timm.is_model(name):
        return "timm", name
    if torchvision is not None and name in _listed(torchvision):
        return "torchvision", name
    _refuse_folder(name)
    known = {*BUILT_IN, *(timm.list_models() if timm else ())}
    raise _unknown(name, known | set(_listed(torchvision) if torchvision else ()))


def _refuse_folder(name: str) -> None:
    """Raise `BadInput` if the name is that of a folder, as nothing in it could be a backbone."""
    if not Path(name).is_dir():
        return
    begun = (Path(name) / "study.json").is_file()
    way = (
        f"It is of a run that has not ended: go on with {spell('resume', True)}, then take it."
        if begun
        else "Give one that headstart or save_pretrained of transformers wrote."
    )
    raise BadInput(f"The folder {name!r} holds no model and no encoder. {way}")


def _explicit(kind: Literal["timm", "torchvision"], name: str) -> tuple[Kind, str]:
    package = _needed(kind, name)
    if kind == "timm":
        if not (package.is_model(name) or name.startswith(("hf-hub:", "hf_hub:"))):
            raise _unknown(name, set(package.list_models()), "timm:")
    elif name not in _listed(package):
        raise _unknown(name, set(_listed(package)), "torchvision:")
    return kind, name


def _unknown(name: str, known: set[str], prefix: str = "") -> Unknown:
    """`Unknown` with similar names, or a few popular ones: there are 1500 in all."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    popular = {"resnet18", "resnet50", "vit_small_patch16_224", "convnext_tiny", *BUILT_IN}
    shown = near or (popular & known)
    return Unknown("backbone", prefix + name, {prefix + other for other in shown})


def build(
    kind: Kind, name: str, pretrained: bool, seed: int = 0, config: Mapping[str, Any] | None = None
) -> nn.Module:
    """Build the whole model with its head, in evaluation mode.

    Args:
        kind: the library.
        name: of the architecture there.
        pretrained: with the weights that `kind` offers; else random ones.
        seed: of the random weights.
        config: of transformers' architecture, or the inputs of a small network, if known.

    Raises:
        HeadstartError: the weights can't be fetched.
    """
    makers = {"builtin": _builtin, "timm": _timm, "torchvision": _torchvision}
    with seeded(seed):
        if kind == "image-encoder" or kind == "text-encoder":
            return image_text.build(name, kind, pretrained, config).eval()
        if kind == "cloze":
            assert config is not None
            return masked.build(config)
        if kind == "transformers":
            return texts.build(name, pretrained, config).eval()
        if name in small_convnet.NAMES:
            return small_convnet.build(name, config).eval()
        return makers[kind](name, pretrained).eval()


def preprocess(kind: Kind, name: str, model: nn.Module) -> Preprocess | None:
    """Image preprocessing of `model`; None if its inputs are not RGB pictures."""
    if isinstance(model, vision.PictureReader):
        return vision.preprocess(name, model)
    if isinstance(model, texts.Reader) or name == minilm.NAME:
        return None
    if isinstance(model, small_convnet.SmallConvNet):
        return small_convnet.preprocess(model)
    if kind == "builtin":
        return lite0.PREPROCESS
    if kind == "torchvision":
        return _torchvision_preprocess(name)
    return timm_preprocess(model)


def about_preprocess(name: str, model: nn.Module) -> tuple[str, ...]:
    """A note where the preprocessing of a model had to be assumed."""
    if not isinstance(model, vision.PictureReader):
        return ()
    return vision.about_preprocess(name, model)


def tokens(kind: Kind, name: str, model: nn.Module, tokenizer: Any = None) -> Tokens | None:
    """Tokenisation of `model`, by a `tokenizer` or its own; None if its inputs are not texts."""
    if isinstance(model, vision.PictureReader):
        return None
    if isinstance(model, texts.Reader) or tokenizer is not None:
        return texts.tokens_of(tokenizer or name, model)
    return minilm.tokens() if kind == "builtin" and name == minilm.NAME else None


def config_for(name: str, example: Tensor | None, preprocess: Preprocess | None) -> dict[str, Any] | None:
    """Settings of an architecture that is made for its inputs; None of others."""
    if name not in small_convnet.NAMES:
        return None
    return small_convnet.Inputs.of(example, preprocess).settings()


def known(model: nn.Module) -> dict[str, Any]:
    """Settings besides the name that rebuild the architecture, as JSON values."""
    if isinstance(model, small_convnet.SmallConvNet):
        return {"config": model.inputs.settings()}
    return {"config": texts.settings(model)} if isinstance(model, texts.Reader | vision.PictureReader) else {}


def renamed(kind: Kind, name: str, state: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Rename the tensors of a file to their names in `model`."""
    if name in {lite0.NAME, lite0.TIMM_NAME}:
        return lite0.renamed(state)
    if isinstance(model, texts.Reader | vision.PictureReader):
        return texts.renamed(state, model)
    return minilm.renamed(state) if kind == "builtin" and name == minilm.NAME else state


def _builtin(name: str, pretrained: bool) -> nn.Module:
    if name == minilm.NAME:
        return minilm.build(pretrained)
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
                f"timm has no pretrained weights for {name!r}. Give {spell('weights')} a local file, or "
                f"{spell('weights', 'random')} for random weights."
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
    """The cached file of a timm model; raise immediately if it is neither cached nor reachable."""
    hub_id = config.hf_hub_id
    if hub_id and (found := hub.cached(hub_id, "model.safetensors", "pytorch_model.bin")):
        return {"file": found}
    try:
        hub.check_host(hub.endpoint() if hub_id else config.url or "")
    except OSError as reason:
        raise _unreachable(f"timm:{name}", reason) from reason
    return {}


def _torchvision(name: str, pretrained: bool) -> nn.Module:
    models = _needed("torchvision", name)
    if not pretrained:
        made: nn.Module = models.get_model(name, weights=None, **_OPTIONS.get(name, {}))
        return made
    chosen = models.get_model_weights(name).DEFAULT
    try:  # tensors only: a file with other content is refused before use
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
            "filter": filter_named(made.interpolation.value),
        }
    )


class Unreachable(HeadstartError):
    """Pretrained weights can't be fetched.

    Attributes:
        why: whose, and why, as a sentence.
        file: what a file with them could be called.
    """

    def __init__(self, why: str, file: str, ways: tuple[str, str] | None = None) -> None:
        """Build the message, with the ways to give a file and to take random weights."""
        given, random = ways or (spell("weights", file), spell("weights", "random"))
        super().__init__(f"{why} Give a file that you have, {given}, or take random weights, {random}.")
        self.why, self.file = why, file


def _unreachable(name: str, reason: Exception) -> Unreachable:
    text = (str(reason).splitlines() or [type(reason).__name__])[0]
    far = f"the network or the hub is out of reach ({text})"
    why = f"The pretrained weights of {name!r} can't be fetched: {far}."
    return Unreachable(why, f"{Path(name.split(':')[-1]).name}.safetensors")


def _listed(torchvision: Any) -> list[str]:
    return list(torchvision.list_models(module=torchvision))


def _optional(package: str) -> Any:
    try:
        return hub.imported(package)
    except Exception:  # absent, or broken: then it offers no names
        return None


def _needed(kind: str, name: str) -> Any:
    return hub.needed(
        "torchvision.models" if kind == "torchvision" else kind, f"The backbone {name!r}", "vision"
    )
