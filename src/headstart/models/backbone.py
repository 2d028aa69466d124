"""Build a backbone by name or from the user's own module."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from headstart.core import BadInput, Model, Preprocess, Tokens
from headstart.core.model_folder import model_folder
from headstart.face import spell
from headstart.nn.heads import make_head

from . import sources, texts
from .anatomy import anatomy
from .causal import with_tokens
from .encoders import encoder_file, is_encoder, noted, refuse_operated, whole
from .example import Example, as_example, example_for, like
from .head_choice import AUTO, LAST, choose_head, take_off
from .image_text import SIDES
from .operations.replay import replay, taken
from .own_module import load_weights, own_origin, reset_heads, settle_flags
from .pair_tower import tower_beside
from .projected import KIND, rebuilt
from .readout import Readout
from .saved import fill, is_run, model_in, read_saved
from .source_classes import cut_off
from .surgery import duplicate
from .tables import TableEncoder, without_table
from .timm_preprocess import timm_preprocess
from .trained_head import TrainedHead
from .view import examined
from .weights import load, read
from .words import WordEncoder
from .wrapped import AnyBackbone as AnyBackbone


def backbone(
    source: str | nn.Module,
    *,
    example: Example | None = None,
    weights: str | Path | Mapping[str, Tensor] | None = None,
    preprocess: Preprocess | None = None,
    tokenizer: Any = None,
    head: str | None = AUTO,
) -> AnyBackbone:
    """Build a backbone by name, or from your own module.

    The output layer of a classifier is found by one forward and cut off. Maps or tokens are averaged; of a
    model of texts that reads from left to right, as GPT does, the last token's features are taken.

    Args:
        source: "efficientnet_lite0" for pictures, "small-convnet" to pre-train on small ones or "minilm" for
            texts (built-in, they need no network), a name of timm's ("resnet18" or "timm:resnet18"), of
            torchvision's ("torchvision:resnet18") or of transformers' ("transformers:bert-base-uncased", a
            local folder; of CLIP "image-encoder:FOLDER" or "text-encoder:FOLDER"), a file of `save_encoder`
            or the folder of a pre-training, the folder of a run or of a saved model ("runs/photos") or the
            `model` of a predictor, which keep their head as `trained_head`, or a module of your own, which is
            copied and never changed.
        example: inputs (n, ...) for that forward, a tensor or an array; two rows are enough. None takes the
            model's own input size, or guesses from its first layer.
        weights: a local file, `.safetensors` or a plain state dict, or a state dict, loaded strictly, also of
            a model that headstart fitted; "random" for random weights; None for the pretrained weights
            that belong to the name, or those that the module has.
        preprocess: how pictures become inputs; None takes what belongs to the name.
        tokenizer: how texts become inputs: a tokenizer of transformers or of the package
            tokenizers, a `tokenizer.json`, a folder with one, or `Tokens`. It makes a module of your
            own one for texts: its `forward` takes ids (n, length), and what is real as
            `attention_mask` or `mask` if it has such a parameter. None takes what belongs to the
            name.
        head: which layer is cut off, with all behind it: its name; None for none; "auto" for the last layer
            if it is linear and makes the output, unless names (an `Encoder`, a `projection`) say that it
            makes the features of an encoder. Of your own module a note says which it was.

    Returns:
        The backbone; by name in evaluation mode, otherwise in the mode of your module.

    Raises:
        Unknown: no architecture has that name.
        Mismatch: the weights in the file belong to another architecture.
        BadInput: the module can't be copied or run on the example.
        MissingPackage: the package that knows the name is not installed.
        HeadstartError: pretrained weights can't be fetched.
    """
    source, example = model_in(source), as_example(example)
    if (ready := _ready(source, weights, preprocess, tokenizer)) is not None:
        if head not in (AUTO, LAST):
            raise BadInput(f"head is {head!r}, but {ready.name} is cut already. Leave head out.")
        return ready
    refuse_operated(weights)
    said: tuple[str, ...] = ()
    if isinstance(source, nn.Module):
        model = duplicate(source)
        tokens = None if tokenizer is None else texts.tokens_of(tokenizer, source)
        if tokens is not None:
            model = texts.Reader(model, tokens.pad)
            example = texts.example(tokens) if example is None else example
        preprocess = preprocess or timm_preprocess(source)
        example = example_for(model, example, preprocess)
        origin = own_origin(source, example)
    else:
        kind, name = sources.resolve(without_table(source))
        config = sources.config_for(name, example, preprocess)
        model = sources.build(kind, name, weights is None, config=config)
        said = sources.about_preprocess(name, model) if preprocess is None else ()
        preprocess = preprocess or sources.preprocess(kind, name, model)
        tokens = sources.tokens(kind, name, model, tokenizer)
        if tokens is not None and example is None:
            example = texts.example(tokens)
        example = example_for(model, example, preprocess)
        origin = {"kind": kind, "name": name, **sources.known(model)}
    layers = dict(model.named_modules())
    made = _wrap(model, origin, preprocess, example, weights, head)
    made.notes += said
    made = with_tokens(made, tokens)
    made.classifier = None if weights is not None else cut_off(made, layers)
    return made


def rebuild(
    source: Mapping[str, Any], module: nn.Module | None = None, tokenizer: str | None = None
) -> AnyBackbone:
    """Rebuild the architecture that a backbone's `source` describes, to load weights into it.

    Args:
        source: `AnyBackbone.source`, also after a trip through JSON.
        module: for a source of kind "own", a module of the same class.
        tokenizer: for texts, the content of the `tokenizer.json`; None asks the source for it.

    Returns:
        The same architecture, with random weights (those of `module` for kind "own").

    Raises:
        BadInput: `source` is of kind "own" and no module was given.
    """
    reading, settings = source.get("tokens"), source.get("preprocess")
    tokens = Tokens.from_settings(reading, tokenizer) if reading and tokenizer is not None else None
    preprocess = Preprocess.from_settings(settings) if settings else None
    operations, readout = source.get("operations", ()), source.get("readout")
    source = {key: value for key, value in source.items() if key not in ("operations", "readout")}
    if source["kind"] == "table":
        made = rebuild(source["texts"], module, tokenizer) if "texts" in source else None
        return TableEncoder.rebuilt(source, tokenizer, made)
    if source["kind"] == "words":
        return WordEncoder.rebuilt(source, tokens)
    if source["kind"] == "own":
        if module is None:
            name = source["name"]
            raise BadInput(f"The code of your own module {name} is not saved. Make one: module=...")
        example = like(source["example"])
        head = AUTO if isinstance(module, AnyBackbone | Model) else source.get("head", LAST)
        made = backbone(module, example=example, preprocess=preprocess, tokenizer=tokens, head=head)
    elif source["kind"] == KIND:
        made = rebuilt(source, rebuild(source["encoder"], module, tokenizer), preprocess)
    else:
        model = sources.build(source["kind"], source["name"], False, config=source.get("config"))
        tokens = sources.tokens(source["kind"], source["name"], model) if reading and not tokens else tokens
        words = None if tokens is None else taken(texts.example(tokens), operations)
        first = sources.preprocess(source["kind"], source["name"], model) if operations else preprocess
        made = _wrap(model, source, first, example_for(model, words, first), None, source.get("head", LAST))
        made.tokens = tokens
    if operations:
        made = replay(made, operations)
        made.preprocess, made.tokens = preprocess, tokens
    made.kind = source.get("modality") or made.kind
    made.readout = readout and Readout.from_settings(readout)
    return made


def load_model(folder: Path, own: Any = None) -> tuple[Model, dict[str, Any]]:
    """The model in a folder that `adapt` or `Predictor.save` wrote, with what else is in it, and its config.

    Args:
        folder: with `config.json` and `model.safetensors`.
        own: an instance of the user's own module, where the model was made from one.

    Raises:
        BadInput: there is no model, or it needs `own`.
        Mismatch: the weights don't fit the architecture; the keys are named.
    """
    saved = read_saved(folder, own)
    config = saved.config
    mapping = rebuild(config["backbone"], own, saved.tokenizer)
    mapping.preprocess = Preprocess.from_settings(config["preprocess"]) if config["preprocess"] else None
    model = Model(mapping, make_head(config["head"]["name"], config["head"]["settings"]))
    model.classes, model.label_kind = tuple(config["classes"]), config["label_kind"]
    fill(model, saved, folder)
    return model.eval(), config


def _ready(
    source: str | nn.Module,
    file: str | Path | Mapping[str, Tensor] | None,
    preprocess: Preprocess | None,
    tokenizer: Any,
) -> AnyBackbone | None:
    """A copy of what is a backbone already: one, a fitted model or its folder, an encoder's file."""
    if isinstance(source, AnyBackbone):
        return _again(source, file, preprocess, tokenizer)
    if isinstance(source, Model) and isinstance(source.backbone, AnyBackbone):
        return _with_head(source, file, preprocess, tokenizer)
    if not isinstance(source, nn.Module) and is_run(source):
        if file is not None:
            raise BadInput(f"{source} is a run and has its own weights; leave out {spell('weights')}.")
        return _with_head(load_model(model_folder(source))[0], None, preprocess, tokenizer)
    if is_encoder(source):
        made = _again(_opened(encoder_file(str(source))), file, preprocess, tokenizer)
        made.tower = tower_beside(source, _opened)
        return made
    return None


def _with_head(
    model: Model,
    file: str | Path | Mapping[str, Tensor] | None,
    preprocess: Preprocess | None,
    tokenizer: Any,
) -> AnyBackbone:
    """A copy of a model's backbone, which keeps its head unless it gets other weights."""
    assert isinstance(model.backbone, AnyBackbone)
    made = _again(model.backbone, file, preprocess, tokenizer)
    made.trained_head = copy.deepcopy(TrainedHead.of(model)) if file is None else None
    made.classifier = None if made.trained_head is None else made.trained_head.classifier
    return made


def _opened(path: Path) -> AnyBackbone:
    """Load the encoder of a `save_encoder` file into its original architecture."""
    if not path.is_file():
        raise BadInput(f"There is no encoder {str(path)!r}.")
    about = noted(path)
    if not about:
        raise BadInput(
            f"{str(path)!r} does not say which architecture its weights belong to: headstart did not write "
            f"it. Name the architecture as the backbone and give the file as its weights."
        )
    if (source := json.loads(about["source"]))["kind"] == "own":
        raise BadInput(
            f"{str(path)!r} holds the encoder of a module of your own, {source.get('name', 'a plain one')}, "
            "whose code is not saved. Make one and load it: hs.models.load_encoder(module, file)."
        )
    made = rebuild(source, tokenizer=about.get("tokenizer"))
    made.notes = load(made.inner, whole(path, about), None)
    return made


def _wrap(
    model: nn.Module,
    origin: Mapping[str, Any],
    preprocess: Preprocess | None,
    example: Tensor,
    file: str | Path | Mapping[str, Tensor] | None,
    asked: str | None,
) -> AnyBackbone:
    """Measure, load weights, cut the head and wrap; `model` is already a copy."""
    own, name = origin["kind"] == "own", str(origin["name"])
    asked = None if asked == AUTO and origin["kind"] in SIDES else asked  # all of it makes the embeddings
    parts = examined(model, example, name)
    name, asked = (name.rpartition(".")[2], asked) if own else (name, LAST if asked == AUTO else asked)
    head, about_head = choose_head(model, parts, asked, example, name, file)
    notes = load_weights(model, origin, file, head, parts.unused)
    about_flags = settle_flags(model, name)
    measured = parts.head
    parts = take_off(model, parts, head, example, name)
    if measured is None and head is None and asked is not None and reset_heads(model):
        parts = anatomy(model, example)
    made = AnyBackbone(model, parts, name, origin, preprocess, example)
    made.source |= {"head": head} if own or head != measured else {}
    if own and measured is None and head is None and parts.order:
        notes += (f"No head was found in {name}, so the features are its outputs ({parts.width}).",)
    made.notes = (*notes, *((about_head,) if about_head else ()), *about_flags)
    return made


def _again(
    made: AnyBackbone,
    file: str | Path | Mapping[str, Tensor] | None,
    preprocess: Preprocess | None,
    tokenizer: Any,
) -> AnyBackbone:
    """Copy a backbone, with other weights or preprocessing if given."""
    if isinstance(made, TableEncoder | WordEncoder):  # which have their own columns
        copied: AnyBackbone = copy.deepcopy(made)
    else:
        reads, inner = preprocess or made.preprocess, duplicate(made.inner)
        copied = AnyBackbone(inner, made.anatomy, made.name, made.source, reads, made.example)
    copied.notes, copied.readout, copied.tower = made.notes, made.readout, made.tower
    copied.trained_head = copy.deepcopy(made.trained_head) if file is None else None
    copied.classifier = made.classifier if file is None else None
    copied.tokens = made.tokens if tokenizer is None else texts.tokens_of(tokenizer, made.inner)
    if file == "random":
        return copied.untrained(0)
    if file is not None:
        copied.notes = load(copied.inner, read(file), None)
    return copied
