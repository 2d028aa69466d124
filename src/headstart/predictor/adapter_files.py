"""Models of which a file holds the few percent that are not the backbone: adapters, and the head."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from headstart.core import BadInput, Mismatch, Model, Preprocess, Tokens
from headstart.core.model_folder import model_folder
from headstart.face import spell
from headstart.models.backbone import AnyBackbone, backbone, load_model, rebuild
from headstart.models.operations.replay import replay
from headstart.models.readout import Readout
from headstart.models.saved import adapters_of, is_run, model_in
from headstart.nn.adapters import adapted_layers, attach_all, describe
from headstart.nn.adapters.adapter_file import read_file, read_set, set_in, within
from headstart.nn.adapters.apart import Apart, fold_apart
from headstart.nn.adapters.twin import swap, twin_of
from headstart.nn.heads import make_head

Base = str | Path | nn.Module | None


def read_model(file: Path, base: Base) -> tuple[Model, dict[str, Any]]:
    """The model in a folder, or of a file with adapters and the backbone that they are for; and its config.

    Args:
        file: a folder that `adapt` or `Predictor.save` wrote, or a file that `export_adapters` wrote.
        base: for a folder, an instance of the user's own module, where the model was made from one; for a
            file, the backbone, if it is not the one of the name in the file.

    Raises:
        BadInput: there is no model, it can't be read, or it needs `base`.
        Mismatch: its weights don't fit the architecture, or are for another backbone.
    """
    if file.suffix == ".safetensors" and not file.is_dir():
        return _of_file(file, base)
    if base is not None and not isinstance(base, nn.Module):
        raise BadInput(
            f"{file} is a whole model, with a backbone of its own. {spell('backbone', ...)} goes with a "
            "file of adapters, .safetensors."
        )
    folder = model_folder(file)
    model, config = load_model(folder, base)
    if (kept := adapters_of(folder)) is not None:
        found = set_in(*read_file(kept), model.backbone)
        model.backbone.apart = Apart.again(model.backbone, found)
    return model, config


def _of_file(file: Path, base: Base) -> tuple[Model, dict[str, Any]]:
    """The model of a file with adapters; on a given backbone it shares the tensors of that."""
    tensors, about = read_file(file)
    if "config" not in about:
        raise BadInput(
            f"{str(file)!r} holds adapters without a head, for hs.Adapters(model).load(name, file). Export "
            "the adapters of a run to predict by them: headstart export RUN FILE --to adapters."
        )
    config: dict[str, Any] = json.loads(about["config"])
    mapping = _given(base, config["backbone"]) if base is not None else _named(file, config["backbone"])
    mapping = _suited(mapping, config)
    apart = Apart.of(mapping)
    try:
        found = read_set(file, mapping, apart.model)
    except Mismatch as error:
        raise Mismatch(f"{error} {_way(base, config['backbone'])}") from error
    swap(mapping, found.own)
    attach_all(mapping, found.adapters)
    mapping.apart = apart.with_adapters(found.adapters)
    if base is None:
        fold_apart(mapping)
    attached = {path for path, _ in adapted_layers(mapping)}
    if left := {path: one for path, one in found.adapters.items() if path in attached}:
        mapping.note_operation(do="adapt", layers=describe(left))
    model = Model(mapping, make_head(config["head"]["name"], config["head"]["settings"]))
    model.head.load_state_dict(within(tensors, "head."))
    model.classes, model.label_kind = tuple(config["classes"]), config["label_kind"]
    return model.eval(), config


def base_of(file: Path) -> AnyBackbone:
    """The backbone that the adapters in a file were made for, by its name.

    Raises:
        BadInput: it is not found by its name.
        HeadstartError: its weights can't be fetched.
    """
    config: dict[str, Any] = json.loads(read_file(file)[1]["config"])
    return _suited(_named(file, config["backbone"]), config)


def _named(file: Path, source: Mapping[str, Any]) -> AnyBackbone:
    """The backbone that a file's adapters were made for, by its name, with the weights that belong to it."""
    kind, name = source["kind"], source["name"] if "name" in source else source["kind"]
    if kind not in ("builtin", "timm", "torchvision", "transformers"):
        what = f"your own module {name}" if kind == "own" else f"the backbone {name!r}"
        raise BadInput(
            f"The adapters in {str(file)!r} were made for {what}, which is not found by its name. Give it: "
            f"{spell('backbone', ...)}."
        )
    made = backbone(name if kind == "builtin" else f"{kind}:{name}", **_head_of(source))
    return replay(made, source.get("operations", ()))


def _given(base: Base, source: Mapping[str, Any]) -> AnyBackbone:
    """A backbone that shares the tensors of the given one, or is read from where it is."""
    module = model_in(base)
    if isinstance(module, Model):
        module = module.backbone
    if not isinstance(module, AnyBackbone) and isinstance(module, nn.Module):
        module = rebuild(source, module)
    made = module if isinstance(module, AnyBackbone) else backbone(str(module))
    twin: Any = twin_of(made)
    for mine, theirs in zip(twin.parameters(), made.parameters(), strict=True):
        mine.requires_grad_(theirs.requires_grad)
    twin.source, twin.apart = copy.deepcopy(made.source), None
    return twin  # type: ignore[no-any-return]


def _head_of(source: Mapping[str, Any]) -> dict[str, Any]:
    return {"head": source["head"]} if "head" in source else {}


def _suited(made: AnyBackbone, config: Mapping[str, Any]) -> AnyBackbone:
    """The backbone, which reads inputs as the adapters learned them."""
    source = config["backbone"]
    made.preprocess = Preprocess.from_settings(config["preprocess"]) if config["preprocess"] else None
    reading, readout = source.get("tokens"), source.get("readout")
    if reading and made.tokenizer is not None:
        made.tokens = Tokens.from_settings(reading, made.tokenizer)
    made.kind = source.get("modality") or made.kind
    made.readout = Readout.from_settings(readout) if readout else None
    made.trained_head = None
    return made


def _way(base: Base, source: Mapping[str, Any]) -> str:
    """What to do about adapters that are for another backbone."""
    name = source.get("name", source["kind"])
    if base is None:
        return f"The weights of {name!r} are others here. Give the backbone: {spell('backbone', ...)}."
    if is_run(base) and adapters_of(str(base)) is not None:
        return f"{base} has adapters folded into its weights already. Give the backbone without, {name!r}."
    return f"Give the backbone that they were made for, {name!r}."
