"""Transformers models, and your own modules that take ids, as text backbones."""

import inspect
import json
import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput, HeadstartError, Tokens

from . import hub, vision

LIMIT = 512  # largest number of tokens of a text, unless the model takes fewer
_POSITIONS = ("position_embeddings", "position_embedding", "embed_positions", "wpe")  # learned positions
_WORDS = ("Here is a text to be read.", "And this is another one, which is longer.")


class Reader(nn.Module):
    """A model of token ids, with an attention mask if its `forward` has a parameter for it.

    The parameter is called `attention_mask` (int64, 1 for real) or `mask` (bool, True for real).
    """

    def __init__(self, model: nn.Module, pad: int) -> None:
        super().__init__()
        self.model = model
        self.pad = pad if pad < _vocabulary(model) else 0
        names = inspect.signature(model.forward).parameters
        self.mask = next((name for name in ("attention_mask", "mask") if name in names), "")
        self.training = model.training

    def forward(self, ids: Tensor) -> Any:
        """Output of the model for ids (n, length), padded with -1."""
        there = ids >= 0
        ids = ids.masked_fill(~there, self.pad)
        if not self.mask:
            return self.model(ids)
        return self.model(ids, **{self.mask: there if self.mask == "mask" else there.long()})


def build(
    name: str, pretrained: bool, config: Mapping[str, Any] | None = None
) -> Reader | vision.PictureReader:
    """Build a transformers model of texts or pictures.

    Of texts, it outputs token vectors; of an encoder-decoder there is only the encoder.

    Args:
        name: a local folder or a name on the hub.
        pretrained: with its weights; else random ones.
        config: of the architecture, if known; then nothing is fetched.

    Raises:
        BadInput: it takes something else.
    """
    package = transformers_for(name)
    with quiet(package), explained(name):
        here = {"local_files_only": hub.must_stay_local(name)} if pretrained or config is None else {}
        if config is None:
            config = package.AutoConfig.from_pretrained(name, **here).to_dict()
        made = package.AutoConfig.for_model(**config)
        maker = vision.auto_class(package, made)
        if pretrained:
            model = maker.from_pretrained(name, dtype=torch.float32, **here)
        else:
            model = maker.from_config(made)
    if vision.reads_pictures(model, name):
        _without_new_pooler(model)
        return vision.PictureReader(model)
    if getattr(made, "is_encoder_decoder", False):
        model = model.get_encoder()
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # made for another task; only the token vectors are used
    return Reader(model, _pad(getattr(made, "pad_token_id", None)))


def _without_new_pooler(model: Any) -> None:
    """Without a layer behind the features that is not in most files; means over space stay."""
    pooler = getattr(model, "pooler", None)
    if isinstance(pooler, nn.Module) and any(isinstance(part, nn.Linear) for part in pooler.modules()):
        model.pooler = None


def settings(model: Reader | vision.PictureReader) -> dict[str, Any]:
    """Configuration of the architecture, as JSON values; see `build`."""
    config: dict[str, Any] = json.loads(json.dumps(model.model.config.to_dict()))  # type: ignore[union-attr, operator]
    return config


def renamed(state: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Rename a transformers state dict to the names of a `Reader`."""
    own = model.state_dict()
    found = {}
    for key, value in state.items():
        spelled = [key, f"model.{key}", f"model.{key.partition('.')[2]}"]
        name = next((name for name in spelled if name in own), key)
        if not key.startswith("pooler."):
            found[name] = value
    return found


def tokens_of(tokenizer: Any, model: nn.Module | None = None) -> Tokens:
    """Tokenisation by any tokenizer that can be serialised as a `tokenizer.json`.

    Args:
        tokenizer: `Tokens`; a folder or file; a tokenizer of transformers or of tokenizers; or the
            name of one on the hub.
        model: that takes the ids; its number of positions limits the length.

    Raises:
        BadInput: it can't be serialised.
        HeadstartError: it can't be fetched.
    """
    if isinstance(tokenizer, Tokens):
        return tokenizer
    if isinstance(tokenizer, str | Path):
        tokenizer = opened(str(tokenizer))
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if not hasattr(backend, "to_str"):
        raise BadInput(
            f"A tokenizer of type {type(tokenizer).__name__} can't be written down as a tokenizer.json. "
            "Give a fast tokenizer of transformers, one of the package tokenizers, or a file."
        )
    known = [
        most for most in (getattr(tokenizer, "model_max_length", 0), _positions(model)) if 0 < most < 1e6
    ]
    most = int(min(known, default=0))
    return Tokens(backend.to_str(), min(most or LIMIT, LIMIT), most, _padding(tokenizer, backend))


def example(tokens: Tokens) -> Tensor:
    """Two short texts of one length, as ids (2, length)."""
    ids = tokens(_WORDS)
    return ids[:, : int((ids >= 0).sum(1).min())]


def opened(name: str) -> Any:
    """A tokenizer from a file, a folder, or the hub."""
    path = Path(name).expanduser()
    file = path / "tokenizer.json" if path.is_dir() else path
    if file.is_file() and not (path / "tokenizer_config.json").is_file():
        from tokenizers import Tokenizer

        with explained(name):
            return Tokenizer.from_file(str(file))
    package = transformers_for(name)
    with quiet(package), explained(name):
        return package.AutoTokenizer.from_pretrained(name, local_files_only=hub.must_stay_local(name))


def _padding(tokenizer: Any, backend: Any) -> int:
    """The padding id; 0 if the tokenizer has none, as padding is masked anyway."""
    found = getattr(tokenizer, "pad_token_id", None)
    if found is None and isinstance(padding := getattr(backend, "padding", None), dict):
        found = padding.get("pad_id")
    return _pad(found)


def _pad(found: int | None) -> int:
    return found if found is not None and found >= 0 else 0


def _positions(model: nn.Module | None) -> int:
    """Number of positions of a model; 0 if unknown."""
    for name, module in model.named_modules() if model is not None else ():
        if name.endswith(_POSITIONS) and isinstance(module, nn.Embedding):
            first = 0 if module.padding_idx is None else module.padding_idx + 1
            return module.num_embeddings - max(first, getattr(module, "offset", 0))
    config = getattr(getattr(model, "model", model), "config", None)
    return int(getattr(config, "max_position_embeddings", None) or 0)


def _vocabulary(model: nn.Module) -> float:
    """How many ids a model has vectors for; infinite if it does not say."""
    ask: Any = getattr(model, "get_input_embeddings", None)
    with suppress(AttributeError, NotImplementedError):  # of a model whose embeddings lie elsewhere
        table = ask and ask()
        return table.num_embeddings if isinstance(table, nn.Embedding) else math.inf
    return math.inf


def transformers_for(name: str) -> Any:
    """The package transformers, which a backbone of that name needs.

    Raises:
        MissingPackage: it is not installed.
    """
    return hub.needed("transformers", f"The backbone {name!r}", "text")


@contextmanager
def quiet(package: Any) -> Iterator[None]:
    """Silence transformers' progress bar and its table of unused keys."""
    bar, log = package.utils.logging.is_progress_bar_enabled(), logging.getLogger("transformers")
    level = log.level
    package.utils.logging.disable_progress_bar()
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
        if bar:
            package.utils.logging.enable_progress_bar()


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Convert errors inside to `HeadstartError`s of one sentence."""
    try:
        yield
    except HeadstartError:
        raise
    except Exception as reason:
        text = (str(reason).splitlines() or [type(reason).__name__])[0]
        if not Path(name).expanduser().exists() and isinstance(reason, OSError):
            raise HeadstartError(
                f"{name!r} can't be fetched from the hub: the network is out of reach, or there is no such "
                f"model ({text.rstrip('.')}). Give a local folder in its place, or the built-in 'minilm'."
            ) from reason
        raise BadInput(f"{name!r} can't be opened by transformers: {text}") from reason


def is_folder(name: str) -> bool:
    """Whether `name` is a local folder with a model of transformers' in it."""
    with suppress(OSError):
        return Path(name).expanduser().joinpath("config.json").is_file()
    return False
