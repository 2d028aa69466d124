"""Masked language models of transformers, read at the mask of a cloze pattern."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from . import hub, texts

ENDING = "ForMaskedLM"  # of the names of their classes
KINDS = "BERT, RoBERTa, DistilBERT, ModernBERT, ALBERT, ELECTRA, MPNet, CamemBERT, XLM-RoBERTa"


class MaskReader(nn.Module):
    """What the last layer of a masked language model reads at the mask: ids (n, length) to (n, width).

    Attributes:
        model: without its last layer, from features to words.
        mask: place of the mask among the ids of a text: >= 0 from the first, < 0 from the last.
    """

    def __init__(self, model: nn.Module, pad: int, mask: int) -> None:
        super().__init__()
        self.reader = texts.Reader(model, pad)
        self.mask = mask
        self.training = model.training

    def forward(self, ids: Tensor) -> Tensor:
        """Features of ids that are padded with -1, on whichever side."""
        vectors: Tensor = self.reader(ids).logits
        there = (ids >= 0).int()
        first, last = there.argmax(1), there.shape[1] - 1 - there.flip(1).argmax(1)
        place = first + self.mask if self.mask >= 0 else last + 1 + self.mask
        return vectors.gather(1, place[:, None, None].expand(-1, 1, vectors.shape[2]))[:, 0]


def is_folder(name: str) -> bool:
    """Whether a local folder says that it holds a masked language model with its head."""
    with suppress(OSError, ValueError, AttributeError, TypeError):
        config = json.loads((Path(name).expanduser() / "config.json").read_text("utf-8"))
        return any(str(one).endswith(ENDING) for one in config.get("architectures") or ())
    return False


def load(name: str) -> nn.Module:
    """A masked language model with its weights, in evaluation mode.

    Args:
        name: a local folder, or a name on the hub.

    Raises:
        BadInput: it can't be opened, is of another kind, or has no weights of a language model's head.
    """
    package = hub.needed("transformers", f"The masked language model {name!r}", "text")
    with texts.quiet(package), texts.explained(name):
        local = hub.must_stay_local(name)
        config = package.AutoConfig.from_pretrained(name, local_files_only=local)
        _check_kind(package, config.model_type, name)
        model, about = package.AutoModelForMaskedLM.from_pretrained(
            name, dtype=torch.float32, local_files_only=local, use_safetensors=True, output_loading_info=True
        )
    if missing := sorted(about["missing_keys"]):
        raise BadInput(
            f"{name!r} holds no head of a masked language model: {', '.join(missing[:3])} and so on are not "
            f"in its weights. A pattern needs a model that was saved with it, as a BertForMaskedLM is ("
            f"kinds: {KINDS})."
        )
    made: nn.Module = model.eval()
    return made


def build(config: Mapping[str, Any]) -> MaskReader:
    """The architecture of a `MaskReader` with random weights, by its `settings`."""
    package = hub.needed("transformers", "A masked language model", "text")
    with texts.quiet(package):
        made = package.AutoConfig.for_model(**config["model"])
        return behead(package.AutoModelForMaskedLM.from_config(made).eval(), config["mask"])[0]


def settings(made: MaskReader) -> dict[str, Any]:
    """Settings of the architecture as JSON values; see `build`."""
    config: Any = made.reader.model.config
    return {"model": json.loads(json.dumps(config.to_dict())), "mask": made.mask}


def behead(model: Any, mask: int) -> tuple[MaskReader, Tensor, Tensor]:
    """Take the last layer off a masked language model, in place.

    Returns:
        The rest, which reads the place `mask`, and the layer's weight (words, width) and bias (words,).

    Raises:
        BadInput: the model has no linear layer from features to words.
    """
    find = getattr(model, "get_output_embeddings", None)
    layer = find() if callable(find) else None
    name = next((name for name, module in model.named_modules() if module is layer), None)
    if not isinstance(layer, nn.Linear) or not name:
        raise BadInput(
            f"{type(model).__name__} has no head of a masked language model. Kinds that work: {KINDS}."
        )
    weight = layer.weight.detach().clone()
    own: Tensor | None = layer.bias
    bias = weight.new_zeros(len(weight)) if own is None else own.detach().clone()
    for module in model.modules():  # BERT's holds the bias a second time
        for key, parameter in list(module._parameters.items()):
            if parameter is not None and parameter is own and module is not layer:
                del module._parameters[key]
    model.set_submodule(name, nn.Identity())
    return MaskReader(model, getattr(model.config, "pad_token_id", None) or 0, mask), weight, bias


def _check_kind(package: Any, kind: str, name: str) -> None:
    known = package.models.auto.modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if kind not in known:
        raise BadInput(
            f"{name!r} holds a model of the kind {kind}, which fills no masks. Kinds that work: {KINDS} "
            "and others that transformers opens by AutoModelForMaskedLM."
        )
