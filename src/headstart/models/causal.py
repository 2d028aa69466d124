"""Models of texts that read from left to right: their features are those of the last token."""

import torch
from torch import Tensor

from headstart.core import Tokens

from .layout import Layout
from .readout import OUTPUT, FeatureSource, Readout
from .tracing import quiet
from .wrapped import AnyBackbone

LAST_TOKEN = Readout((FeatureSource(OUTPUT, "last"),))
SAME = 1e-5  # of the largest output: a batch of other values may be summed in another order


def with_tokens(made: AnyBackbone, tokens: Tokens | None) -> AnyBackbone:
    """The backbone with a tokenisation; one that reads from left to right gives the last token's features."""
    made.tokens = tokens
    if tokens is not None and made.anatomy.output == Layout(0, 2) and is_causal(made):
        made.readout = LAST_TOKEN
    return made


def is_causal(made: AnyBackbone) -> bool:
    """Whether a token's output depends on the tokens before it and on none behind it, as in GPT.

    This is measured: the tokens in each half of an example are replaced by others in turn.
    """
    ids = made.example if made.example.shape[1] > 1 else made.example.repeat(1, 2)
    others = torch.where(ids > 0, ids - 1, ids + 1)
    middle = ids.shape[1] // 2
    with quiet(made):
        plain = _outputs(made, ids)
        if plain.shape[:2] != ids.shape:
            return False
        earlier = torch.cat([others[:, :middle], ids[:, middle:]], 1)
        later = torch.cat([ids[:, :middle], others[:, middle:]], 1)
        behind = _differ(plain[:, :middle], _outputs(made, later)[:, :middle])
        return not behind and _differ(plain[:, -1], _outputs(made, earlier)[:, -1])


def _outputs(made: AnyBackbone, ids: Tensor) -> Tensor:
    """The output (n, length, d) of each token, before it is pooled."""
    found: Tensor = made.features(ids, (OUTPUT,), lambda x, _layout, _there: x)[OUTPUT]
    return found


def _differ(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() > SAME * torch.maximum(one.abs().max(), other.abs().max()))
