"""A masked language model that classifies texts by the word it puts into a pattern."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Model
from headstart.core.linear_head import LinearHead
from headstart.nn.zero_shot import content_free_bias

from . import masked, texts
from .patterns import MASKS, in_pattern
from .prompts import words_of_classes
from .surgery import duplicate, run
from .tracing import quiet
from .view import examined
from .wrapped import AnyBackbone

CLOSE = 1e-4  # share of the largest logit by which rounding may move one
CONTENT_FREE = ("", "N/A")  # texts that say nothing; a mask is the third


def cloze(
    source: str | Path | nn.Module,
    words: str | Sequence[str] | Mapping[str, str | Sequence[str]],
    pattern: str = "{} It was [MASK].",
    *,
    tokenizer: Any = None,
) -> Model:
    """A classifier of texts from a masked language model, a pattern and a word for each class.

    The text is put into the pattern, and the logit of a class is that of its word at the mask, or the mean
    over its words (Schick and Schuetze 2021, arXiv:2001.07676). The backbone ends in front of the
    model's last layer, and the head is the rows of that layer which belong to the words, so the model answers
    without any training, and any method goes on from there: give it as the base of `fit`.

    Args:
        source: a local folder or a name on the hub, of a masked language model of transformers saved as
            safetensors, or one in memory, which is copied.
        words: of each class, one or several, such as {"neg": ["bad", "awful"], "pos": "great"}. Names of
            classes alone are their own words; as one text: "neg=bad|awful,pos=great". Each
            word is one token in the place of the mask.
        pattern: with {} where the text goes and [MASK] where the word does, whatever the tokenizer calls its
            mask. Long texts are truncated, the pattern never.
        tokenizer: of a model in memory, as `backbone` takes it; of a folder, None takes its own.

    Returns:
        The model, whose `classes` are those of `words`, in evaluation mode.

    Raises:
        BadInput: the model has no head of a masked language model, the pattern lacks {} or [MASK] or leaves
            no room for a text, a word is not one token, or two classes have the same words.
        MissingPackage: transformers is not installed.
    """
    if isinstance(source, nn.Module) and tokenizer is None:
        raise BadInput(f"{type(source).__name__} came without a tokenizer. Give one: tokenizer=...")
    name = type(source).__name__ if isinstance(source, nn.Module) else str(source)
    known = duplicate(source).eval() if isinstance(source, nn.Module) else masked.load(name)
    tokens = texts.tokens_of(name if tokenizer is None else tokenizer, known)
    filled = in_pattern(tokens, pattern, words_of_classes(words))
    example = texts.example(filled.tokens)
    wanted = _at_mask(known, example, filled.mask)
    reader, weight, bias = masked.behead(known, filled.mask)
    if not _is_linear(reader, example, weight, bias, wanted):
        raise BadInput(
            f"{name} makes more of its features than a linear layer does, so words are no rows of a head. "
            f"Kinds that work: {masked.KINDS}."
        )
    origin = {
        "kind": "cloze",
        "name": name,
        "config": masked.settings(reader),
        "pattern": pattern,
        "head": None,
    }
    made = AnyBackbone(reader, examined(reader, example, name, call=run), name, origin, None, example)
    made.tokens = filled.tokens
    rows = [torch.tensor(ids) for ids in filled.words.values()]
    head = LinearHead.of(
        torch.stack([weight[ids].mean(0) for ids in rows]), torch.stack([bias[ids].mean() for ids in rows])
    )
    model = Model(made, head).eval()
    model.classes = tuple(filled.words)
    return model


def calibrated(model: Model, content_free: Sequence[str] | None = None) -> Model:
    """Contextual calibration: divide the probabilities of classes by those of texts that say nothing.

    What a pattern and words make likely without any text is taken off the biases of the head (Zhao et al.
    2021, arXiv:2102.09690): logits z become z - log p, where p is the mean of the probabilities of
    `content_free`.

    Args:
        model: of texts with a linear head, such as `cloze` gives; it is not changed.
        content_free: the texts; None takes "", "N/A" and a mask, as the paper does.

    Returns:
        A copy with other biases.

    Raises:
        BadInput: the model reads no texts, or there is no text.
    """
    tokens, head = getattr(model.backbone, "tokens", None), model.head
    if tokens is None or not isinstance(head, LinearHead):
        raise BadInput(
            "Contextual calibration is for models of texts with a linear head, as of hs.models.cloze."
        )
    given = nothing_in(tokens) if content_free is None else tuple(content_free)
    if not given:
        raise BadInput("content_free holds no text. Give one or several that say nothing, such as 'N/A'.")
    made: Any = duplicate(model)
    with quiet(made):
        made.head.bias += content_free_bias(made(tokens(given).to(model.device)))
    made.classes, made.label_kind = model.classes, model.label_kind
    checked: Model = made
    return checked


def nothing_in(tokens: Any) -> tuple[str, ...]:
    """The texts that say nothing: an empty one, "N/A" and a mask, as the tokenizer writes it."""
    mask = next((name for name in MASKS if f'"{name}"' in tokens.tokenizer), MASKS[0])
    return (*CONTENT_FREE, mask)


def _is_linear(reader: nn.Module, example: Tensor, weight: Tensor, bias: Tensor, wanted: Tensor) -> bool:
    """Whether a linear layer behind the features makes the model's own logits of an example."""
    try:
        with quiet(reader):
            found = run(reader, example) @ weight.T + bias
    except (AttributeError, RuntimeError):  # the model reads the weight of the layer that was taken off
        return False
    return torch.allclose(found, wanted, rtol=0, atol=CLOSE * float(wanted.abs().max()))


def _at_mask(model: Any, example: Tensor, mask: int) -> Tensor:
    """The model's own logits (n, words) at the mask of examples, which have no padding."""
    with quiet(model):
        logits: Tensor = model(example).logits
    return logits[:, mask]
