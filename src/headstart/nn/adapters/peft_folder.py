"""Read and write the adapter folders of PEFT: `adapter_config.json` and `adapter_model.safetensors`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from headstart.core import BadInput, CannotWrite, Mismatch
from headstart.core.tensor_file import read_tensors

from .acting import Call, layers_called
from .adapter import Adapter
from .peft_config import PeftConfig, lora_config, named_layers, read_config, write_config
from .peft_layers import DOWN, EMBEDDED, MAGNITUDE, SCALES, UP, InPeft, in_peft, read_lora, read_scale
from .peft_own import WRAPPED, plain_name, read_own, saved_own
from .peft_skips import warn_of_doubling, warn_of_skips
from .scaling import Scale

TENSORS, PICKLED = "adapter_model.safetensors", "adapter_model.bin"
START = "base_model.model."
PARTS = (DOWN, UP, *EMBEDDED, f"{MAGNITUDE}.weight", MAGNITUDE, SCALES, "lora_B.bias")


class Read(NamedTuple):
    """What a folder holds.

    Attributes:
        adapters: by the paths of their layers.
        own: parameters and buffers of the model that were saved beside, by name.
    """

    adapters: dict[str, Adapter]
    own: dict[str, Tensor]


class _Found(NamedTuple):
    """The tensors of one layer: the path of what PEFT wraps, and by what stands behind the path."""

    wrapped: str
    tensors: dict[str, Tensor]


def read_folder(folder: Path, model: nn.Module, call: Call | None) -> Read:
    """Read a folder that PEFT or `write_folder` wrote; LoRA or (IA)3.

    A folder for a model inside this one, such as a backbone's own net, is read for that.

    Args:
        folder: of PEFT.
        model: that it was made for; nothing in it changes.
        call: a forward of it on a batch that is not constant; None if there is none: then LoRA is in weight
            space, which acts however layers are used.

    Raises:
        BadInput: it is no such folder, or asks for what can't be read here.
        Mismatch: it was made for another model.

    Warns:
        PeftWarning: PEFT itself answers otherwise with it.
    """
    config = read_config(folder)
    tensors = _tensors(folder)
    layers, own = _sorted(tensors)
    within = _place(folder, model, [*layers, *own])
    layers = {f"{within}{path}": one for path, one in layers.items()}
    twice = [path for path, one in layers.items() if config.adds_twice and path != f"{within}{one.wrapped}"]
    called = layers_called(model, call) if call is not None else set[str]()
    adapters: dict[str, Adapter] = {}
    for path, found in layers.items():
        layer = model.get_submodule(path)
        if config.kind == "IA3":
            adapters[path] = read_scale(path, layer, found.tensors)
        else:
            _check_rank(folder, config, found)
            tensors = _times(found.tensors, 2.0) if path in twice else found.tensors
            adapters[path] = read_lora(path, layer, tensors, config.scale(found.wrapped), path in called)
    warn_of_skips(model, call, (f"{within}{one.wrapped}" for one in layers.values()), stacklevel=4)
    warn_of_doubling(twice, stacklevel=4)
    return Read(adapters, read_own(model, {f"{within}{name}": one for name, one in own.items()}))


def _tensors(folder: Path) -> dict[str, Tensor]:
    file = folder / TENSORS
    if not file.is_file():
        pickled = f" but {PICKLED}, a pickle, which is never loaded" if (folder / PICKLED).is_file() else ""
        raise BadInput(
            f"{str(folder)!r} has no {TENSORS}{pickled}. Save it anew with PEFT's save_pretrained, which "
            "writes safetensors."
        )
    try:
        return read_tensors(file)[0]
    except (OSError, SafetensorError) as error:
        raise BadInput(f"{str(file)!r} can't be read: {error}.") from error


def _sorted(tensors: Mapping[str, Tensor]) -> tuple[dict[str, _Found], dict[str, Tensor]]:
    """The tensors of adapters by layer, and the others, copies of the model's own, by name."""
    layers: dict[str, _Found] = {}
    own: dict[str, Tensor] = {}
    for key, tensor in tensors.items():
        name = key.removeprefix(START)
        part = next((one for one in PARTS if name.endswith(f".{one}")), None)
        if part is None:
            own[name] = tensor
            continue
        inner = name.removesuffix(f".{part}")
        found = layers.setdefault(plain_name(inner), _Found(inner.split(f".{WRAPPED}")[0], {}))
        found.tensors[part.removesuffix(".weight") if part.startswith(MAGNITUDE) else part] = tensor
    return layers, own


def _place(folder: Path, model: nn.Module, names: Iterable[str]) -> str:
    """Where the model that a folder was made for is in this one: the start of its paths.

    Raises:
        Mismatch: nowhere; the first layer that is not there is named.
    """
    wanted = [plain_name(name) for name in names]
    modules = {path for path, _ in model.named_modules()}
    there = modules | set(model.state_dict())
    for path in sorted(modules, key=lambda one: (one.count("."), one != "")):
        start = f"{path}." if path else ""
        if all(f"{start}{name}" in there for name in wanted):
            return start
    absent = next((name for name in wanted if name not in there), "none")
    raise Mismatch(
        f"{str(folder)!r} has an adapter for {absent}, which this model has not: it was made for another "
        "one. Put adapters beside the model that PEFT was given."
    )


def _check_rank(folder: Path, config: PeftConfig, found: _Found) -> None:
    down = found.tensors.get(DOWN, found.tensors.get(EMBEDDED[0]))
    rank = config.rank(found.wrapped)
    if down is not None and len(down) != rank:
        raise Mismatch(
            f"{str(folder)!r} says rank {rank} for {found.wrapped}, and its factors are of rank {len(down)}. "
            "Use the configuration that was saved with them."
        )


def write_folder(
    folder: Path, model: nn.Module, adapters: Mapping[str, Adapter], own: Mapping[str, Tensor]
) -> None:
    """Write a set of adapters of a model as a folder that PEFT reads.

    Args:
        folder: to write; made if it is not there.
        model: that they are for, without them.
        adapters: by the paths of their layers: LoRA, or scales of (IA)3.
        own: the set's own parameters and buffers of the model, by name.

    Raises:
        BadInput: PEFT can't say this; the layer or the parameter is named.
        CannotWrite: the folder can't be written.
    """
    each = {path: in_peft(path, model.get_submodule(path), one) for path, one in adapters.items()}
    config: dict[str, Any]
    if all(isinstance(one, Scale) for one in adapters.values()):
        config = {"peft_type": "IA3", "target_modules": named_layers(model, list(each), end="")}
        config["feedforward_modules"] = [path for path, one in each.items() if one.of_inputs]
        if isinstance(config["target_modules"], str):
            config["feedforward_modules"] = "|".join(map(re.escape, config["feedforward_modules"])) or None
        wrapped = {path: path for path in each}
    else:
        wrapped = dict(_wrapped(model, each))
        paths = {path: each[path] for path in each if wrapped[path] == path}
        ranks = {path: one.rank for path, one in paths.items()}
        config = lora_config(ranks, {path: one.scale for path, one in paths.items()})
        config["use_dora"] = any(MAGNITUDE in one.tensors for one in each.values())
        config["target_modules"] = named_layers(model, list(paths))
        _check_alike(each, config["use_dora"])
        twice = [path for path in each if path not in paths]
        each |= {path: each[path]._replace(tensors=_times(each[path].tensors, 0.5)) for path in twice}
        warn_of_doubling(twice, stacklevel=4)
    config["fan_in_fan_out"] = any(type(model.get_submodule(path)).__name__ == "Conv1D" for path in each)
    tensors = {
        f"{_key(wrapped[path], path)}.{part}": one
        for path in each
        for part, one in each[path].tensors.items()
    }
    tensors |= saved_own(model, wrapped, own, config)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        told = {f"{START}{key}": one.detach().clone().contiguous() for key, one in tensors.items()}
        save_file(told, folder / TENSORS, {"format": "pt"})
        write_config(folder, config)
    except OSError as error:
        raise CannotWrite(f"Can't write {folder}: {error.strerror or error}.") from error


def _wrapped(model: nn.Module, each: Mapping[str, InPeft]) -> Iterator[tuple[str, str]]:
    """For each layer the one that PEFT wraps: for the output of an attention the attention itself."""
    for path, one in each.items():
        around = path.rpartition(".")[0]
        if isinstance(model.get_submodule(around), nn.MultiheadAttention):
            if around not in each or (each[around].rank, each[around].scale) != (one.rank, one.scale):
                raise BadInput(
                    f"PEFT adapts an attention as a whole, {around}, with one rank, and skips {path} alone. "
                    "Adapt both alike, or save it in headstart's own format."
                )
            yield path, around
        elif isinstance(model.get_submodule(path), nn.MultiheadAttention) and f"{path}.out_proj" not in each:
            raise BadInput(
                f"PEFT adapts an attention as a whole, and {path}.out_proj has no adapter. Adapt it too, or "
                "save it in headstart's own format."
            )
        else:
            yield path, path


def _check_alike(each: Mapping[str, InPeft], dora: bool) -> None:
    for path, one in each.items():
        if SCALES in one.tensors or (MAGNITUDE in one.tensors) != dora:
            raise BadInput(
                f"A folder of PEFT has one kind of adapter, and that of {path} is of another than the rest. "
                "Save it in headstart's own format."
            )


def _times(tensors: Mapping[str, Tensor], factor: float) -> dict[str, Tensor]:
    """LoRA's tensors with a product times a factor."""
    return {part: one * factor if part == UP else one for part, one in tensors.items()}


def _key(wrapped: str, path: str) -> str:
    return path if wrapped == path else f"{wrapped}.{WRAPPED}{path.removeprefix(wrapped)}"
