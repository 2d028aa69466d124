"""The two encoders of a model of pictures and texts, such as CLIP (arXiv:2103.00020), each as a backbone."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from headstart.core import BadInput
from headstart.core.tokens import NOTHING

from . import open_clip, texts, vision
from .pair_folder import pair_folder
from .weights import load

Side = Literal["image-encoder", "text-encoder"]
SIDES: tuple[Side, Side] = ("image-encoder", "text-encoder")
CALLED = {"image-encoder": "get_image_features", "text-encoder": "get_text_features"}
WORDS = {"image-encoder": ("vis", "image"), "text-encoder": ("text",)}  # in the names of its modules
FILLED = ("siglip", "siglip2")  # model types that read texts filled up to one length, without a mask
LEFT = "padding_left"  # in the text's settings: on which side those are filled up


class ImageEncoder(vision.PictureReader):
    """The encoder of pictures (n, channels, h, w): their embeddings (n, width), not normalised."""

    def forward(self, x: Tensor) -> Any:
        """Embeddings (n, width), projected to where those of texts are."""
        return _embedding(self.model.get_image_features(pixel_values=x))  # type: ignore[operator]


class TextEncoder(texts.Reader):
    """The encoder of token ids (n, length), padded with -1: embeddings (n, width), not normalised.

    Attributes:
        logit_scale: what cosines are multiplied by, as the model learned it.
        logit_bias: what is added to them then; 0 if it has none.
    """

    def __init__(self, model: nn.Module, pad: int, logits: tuple[float, float]) -> None:
        super().__init__(model, pad)
        self.logit_scale, self.logit_bias = logits
        config: Any = model.config
        words = config.text_config
        self.length = words.max_position_embeddings if config.model_type in FILLED else 0
        self.left = bool(getattr(words, LEFT, False))

    def forward(self, ids: Tensor) -> Any:
        """Embeddings (n, width), projected to where those of pictures are."""
        there = ids >= 0
        if self.length:  # pools the last position and attends to the padding: as it was trained
            more = max(0, self.length - ids.shape[1])
            ids = pad(
                _packed_left(ids) if self.left else ids, (more, 0) if self.left else (0, more), value=NOTHING
            )
        mask = {} if self.length else {"attention_mask": there.long()}
        ids = ids.masked_fill(ids < 0, self.pad)
        return _embedding(self.model.get_text_features(input_ids=ids, **mask))  # type: ignore[operator]

    def filled(self, ids: Tensor) -> Tensor:
        """Ids filled up with -1 to the one length that the model reads, if it pools the last position."""
        more = self.length - ids.shape[1]
        if more <= 0:
            return ids
        return (
            pad(_packed_left(ids), (more, 0), value=NOTHING)
            if self.left
            else pad(ids, (0, more), value=NOTHING)
        )


def _packed_left(ids: Tensor) -> Tensor:
    """Ids with their padding before them instead of after."""
    order = (ids >= 0).int().argsort(dim=1, stable=True)
    return ids.gather(1, order)


def _embedding(found: Any) -> Tensor:
    """The projected embedding: transformers 5 gives an object with it, older releases the tensor."""
    made: Tensor = found if isinstance(found, Tensor) else found.pooler_output
    return made


def is_folder(name: str) -> bool:
    """Whether a local folder holds a model of pictures and texts together."""
    return pair_folder(name) is not None or open_clip.is_folder(name) or _of_transformers(name)


def _of_transformers(name: str) -> bool:
    with suppress(OSError, ValueError, AttributeError):
        config = json.loads((Path(name).expanduser() / "config.json").read_text("utf-8"))
        return bool({"vision_config", "text_config"} <= config.keys())
    return False


def build(name: str, side: Side, pretrained: bool, config: Mapping[str, Any] | None = None) -> nn.Module:
    """Build one of the two encoders.

    Args:
        name: the local folder; its weights must be safetensors.
        side: which.
        pretrained: with its weights; else random ones.
        config: of the whole model, if known; then no folder is read.

    Raises:
        BadInput: there is no such folder, or it holds no model with both encoders.
    """
    if config is None and not is_folder(name):
        raise BadInput(
            f"{name!r} is no folder with a model of pictures and texts, such as CLIP: there is no "
            "config.json with a vision_config and a text_config, nor an open_clip_config.json. Give a folder "
            "that save_pretrained of transformers, or open_clip, wrote, or a finished run of headstart "
            "pretrain-pairs."
        )
    package = texts.transformers_for(name)
    with texts.quiet(package), texts.explained(name):
        if config is None:
            config = _config(name, package) if _of_transformers(name) else open_clip.config(name)
        made = package.AutoConfig.for_model(**config)
        if pretrained and not _of_transformers(name):
            model = package.AutoModel.from_config(made)
            load(model, open_clip.state(name), None)
        elif pretrained:
            here = {"local_files_only": True, "use_safetensors": True, "dtype": torch.float32}
            model = package.AutoModel.from_pretrained(str(Path(name).expanduser()), config=made, **here)
        else:
            model = package.AutoModel.from_config(made)
    if not all(hasattr(model, call) for call in CALLED.values()):
        raise BadInput(
            f"{name!r} holds a model of transformers ({made.model_type}) that gives no embeddings of "
            "pictures and texts by themselves. CLIP, SigLIP and their kind do."
        )
    logits = _logits(model)
    _strip(model, side)
    if side == "image-encoder":
        return ImageEncoder(model)
    return TextEncoder(model, int(made.text_config.pad_token_id or 0), logits)


def _config(name: str, package: Any) -> dict[str, Any]:
    """The settings of the whole model, with the padding of the tokenizer that lies beside it."""
    config: dict[str, Any] = package.AutoConfig.from_pretrained(name, local_files_only=True).to_dict()
    words = config["text_config"]
    if config["model_type"] in FILLED and (read := texts.opened(name)) is not None:
        words["pad_token_id"] = texts.tokens_of(read).pad
        words[LEFT] = getattr(read, "padding_side", "right") == "left"
    return config


def _logits(model: Any) -> tuple[float, float]:
    """The learned scale and bias of the cosines; 1 / temperature where a model has that."""
    bias = getattr(model, "logit_bias", None)
    if (log_scale := getattr(model, "logit_scale", None)) is not None:
        return math.exp(log_scale.item()), 0.0 if bias is None else bias.item()
    temperature = getattr(model, "temperature", None)
    return 1.0 if temperature is None else 1 / temperature.item(), 0.0


def _strip(model: nn.Module, side: Side) -> None:
    """Take out of a model what the other encoder needs, and what both share."""
    for name in [name for name, _ in model.named_children()]:
        if not any(word in name for word in WORDS[side]):
            delattr(model, name)
    for name in [name for name, _ in model.named_parameters(recurse=False)]:
        delattr(model, name)
