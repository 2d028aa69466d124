"""Imputation of the tokens of texts: masked language modelling (BERT, arXiv:1810.04805)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from headstart.core import Backbone, BadInput, Tokens
from headstart.core.draws import reseeded, uniforms
from headstart.core.filled import Blank, Filled

from .imputer import GUESSES, Imputer, hidden_parts
from .last_output import last_output, probed
from .vocabulary import vocabulary

MASKED, RANDOM = 0.8, 0.1  # shares of the hidden tokens that become the mask, and any token


class TokenImputer(Imputer):
    """Hides tokens of texts, and predicts them from what the last block makes of the rest.

    Of the hidden tokens 80 % become the mask token, 10 % a token of the whole vocabulary, and 10 % stay, so
    that the encoder has to tell something of every token. Special tokens are never hidden.

    Attributes:
        table: path of the encoder's embeddings, whose transpose is the last layer; "": a layer of its own.
    """

    special: Tensor
    last: nn.Linear | None

    def __init__(self, backbone: Backbone, tokens: Tokens, hide: float) -> None:
        """Build it for ids (n, length), padded with -1, as of `tokens`.

        Raises:
            BadInput: the tokenizer has no mask token, or the last block gives no states of tokens.
        """
        super().__init__()
        self.vocabulary, self.hide = vocabulary(tokens), hide
        states = probed(backbone, (8,))
        if states.ndim != 3:
            name = getattr(backbone, "name", type(backbone).__name__)
            raise BadInput(
                f"The last block of {name} gives {tuple(states.shape)} of two texts, and not a vector "
                "for each token. Take a transformer, such as minilm."
            )
        width = states.shape[2]
        self.register_buffer("special", torch.tensor(self.vocabulary.special), persistent=False)
        self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.table = _embeddings(backbone, self.vocabulary.size, width)
        self.last = None if self.table else nn.Linear(width, self.vocabulary.size, bias=False)
        self.bias = nn.Parameter(torch.zeros(self.vocabulary.size))

    def forward(self, backbone: Backbone, x: Tensor, seed: Tensor) -> dict[str, Tensor]:
        """The cross-entropy of hidden tokens, the mean of a text's, then of texts."""
        hidden, logits = self._predicted(backbone, x, seed)
        rows = hidden.nonzero()[:, 0]
        loss = cross_entropy(logits, x[hidden], reduction="none")
        share = hidden.sum(1)[rows] * len(x)
        return {"hidden_tokens": (loss / share).sum()}

    def filled(self, backbone: Backbone, x: Tensor, seed: Tensor) -> list[Filled]:
        """What is filled in for the hidden tokens of each text."""
        hidden, logits = self._predicted(backbone, x, seed)
        best = logits.softmax(1).topk(min(GUESSES, self.vocabulary.size))
        each = [torch.split(one, hidden.sum(1).tolist()) for one in best]
        return [self._filled(*row) for row in zip(x, hidden, *each, strict=True)]

    def hidden(self, x: Tensor, seed: Tensor) -> Tensor:
        """Which ids x (n, length) are hidden, bool (n, length): never special ones, nor padding."""
        there = (x >= 0) & ~torch.isin(x, self.special)
        one = there.sum(1, keepdim=True) == 1  # a text of one word, beside special tokens, is hidden whole
        return hidden_parts(reseeded(seed, 0), self.hide, there) | (there & one)

    def corrupted(self, x: Tensor, hidden: Tensor, seed: Tensor) -> Tensor:
        """Ids (n, length) with the mask, any other or the same in the place of hidden ones."""
        length = x.shape[1]
        which = uniforms(reseeded(seed, 1), length)
        others = (uniforms(reseeded(seed, 2), length) * self.vocabulary.size).long()
        masked, random = which < MASKED, (which >= MASKED) & (which < MASKED + RANDOM)
        made = torch.where(hidden & masked, self.vocabulary.mask, x)
        return torch.where(hidden & random, others, made)

    def _predicted(self, backbone: Backbone, x: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """The mask, and logits (hidden, vocabulary) of the hidden tokens alone, to take less memory."""
        hidden = self.hidden(x, seed)
        states = last_output(backbone, self.corrupted(x, hidden, seed))[:, : x.shape[1]]
        found = self.transform(states[hidden])
        weight = self._weight(backbone)
        return hidden, found @ weight[: self.vocabulary.size].T.to(found.dtype) + self.bias

    def _weight(self, backbone: Backbone) -> Tensor:
        if self.last is not None:
            return self.last.weight
        weight: Tensor = backbone.get_submodule(self.table).weight  # type: ignore[assignment]
        return weight

    def _filled(self, x: Tensor, hidden: Tensor, shares: Tensor, codes: Tensor) -> Filled:
        words = self.vocabulary.words
        tokens = tuple(words.get(number, "") for number in x[x >= 0].tolist())
        places: Sequence[int] = hidden.nonzero()[:, 0].tolist()
        rows = zip(places, codes.tolist(), shares.tolist(), strict=True)
        blanks = (
            Blank(place, tokens[place], tuple(zip((words.get(one, "") for one in code), share, strict=True)))
            for place, code, share in rows
        )
        return Filled(tuple(blanks), tokens)


def _embeddings(backbone: Backbone, size: int, width: int) -> str:
    """Path of the embeddings of a vocabulary of a size, with vectors of a width; "": there are none."""
    for path, module in backbone.named_modules():
        if (
            isinstance(module, nn.Embedding)
            and module.num_embeddings >= size
            and module.embedding_dim == width
        ):
            return str(path)
    return ""
