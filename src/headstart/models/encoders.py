"""Save and strictly load encoders: tensors, provenance and a fingerprint of the architecture."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from headstart.core import BadInput, Mismatch, Model
from headstart.core.model_folder import ENCODER as ENCODER
from headstart.core.tensor_file import read_tensors, write_tensors
from headstart.models.operations.editor import M

from .head_choice import AUTO, choose_head
from .operations.report import Report, compare, state
from .pair_folder import pair_folder, side_file
from .surgery import duplicate
from .view import inspect_model
from .vision import TWO
from .weights import load, read
from .wrapped import AnyBackbone

FORMAT = "headstart-encoder-1"
SHOWN = 6  # largest number of layers with other settings in a report


def save_encoder(
    model: nn.Module, path: str | Path, *, example: Tensor | None = None, head: str | None = AUTO
) -> str:
    """Save the encoder without its head as `.safetensors`; an older file is replaced atomically.

    Tensors are named as in the model itself (without "inner."), so any library can read the file. Tied
    tensors are written under each of their names.

    Args:
        model: a backbone, a model with a head, or any module, whose head is found by one forward.
        path: the file.
        example: inputs (n, ...) for that forward.
        head: of a module, the layer that is left out, or None for none; "auto" is that of `backbone`.

    Returns:
        The fingerprint of the architecture, which is also stored in the file.

    Raises:
        BadInput: the file's name ends in something else, or the model can't be run.
        CannotWrite: no space left or no permission; an older file is unchanged.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise BadInput(f"An encoder is saved as .safetensors, not {path.name!r}.")
    root, head = _encoder(model, example, head)
    settings = layers(root, head)
    tensors = {name: value for name, value in state(root).items() if not _under(name, head)}
    mark = _digest(settings, tensors)
    mapping = model.backbone if isinstance(model, Model) else model
    about = {
        "format": FORMAT,
        "fingerprint": mark,
        "layers": json.dumps(settings),
        "source": json.dumps(mapping.source if isinstance(mapping, AnyBackbone) else {"kind": "own"}),
    }
    if isinstance(mapping, AnyBackbone) and mapping.tokenizer is not None:
        about["tokenizer"] = mapping.tokenizer
    write_tensors(path, tensors, about)
    return mark


def load_encoder(
    model: M,
    path: str | Path,
    *,
    rename: Mapping[str, str] | None = None,
    allow: Sequence[str] = (),
) -> tuple[M, Report]:
    """Copy a downstream model with all weights of a file loaded; raise if any doesn't fit.

    Args:
        model: any module, also a backbone (into its inner model) or a model with a head (into
            the inner model of its backbone).
        path: what `save_encoder` wrote, other `.safetensors`, or a plain state dict, which is
            opened with `weights_only=True`.
        rename: prefixes of keys in the file and their replacements in the model, such as
            {"": "encoder."} or {"backbone.": ""}; the longest match counts.
        allow: globs of keys, by their names in the model, that may be missing in the file,
            unexpected in the model or of another shape, such as ("head.*",); they are left out.

    Returns:
        The copy and the report, with a note on each layer whose settings, such as its padding,
        differ from those of the weights' origin.

    Raises:
        BadInput: there is no such file, it holds more than tensors, or `rename` makes two keys one.
        Mismatch: names missing, unexpected and mis-shaped keys with the nearest matches, or the
            file is damaged; the caller's model is never written to.
    """
    path = Path(path)
    about = noted(path)
    found = whole(path, about) if about else read(path)
    settings = json.loads(about["layers"]) if about else {}
    tensors = {_renamed(key, rename): value for key, value in found.items()}
    if len(tensors) < len(found):
        raise BadInput(f"rename={dict(rename or {})} gives two keys of {path.name} the same name.")
    copied = duplicate(model)
    mapping = copied.backbone if isinstance(copied, Model) else copied
    root = mapping.inner if isinstance(mapping, AnyBackbone) else copied
    notes = load(root, tensors, None, tuple(allow))
    if not set(tensors) & set(state(root)):
        raise Mismatch(
            f"Nothing in {path.name} has a name of the model, but allow={list(allow)} lets all of it out."
        )
    notes += _differing({_renamed(key, rename): value for key, value in settings.items()}, layers(root))
    report = compare(
        state(model),
        state(copied),
        f"{len(tensors)} tensors of {path.name}",
        dict.fromkeys(state(copied), "from the file"),
        notes,
    )
    made: Any = copied
    return made, report


def fingerprint(model: nn.Module, *, example: Tensor | None = None, head: str | None = AUTO) -> str:
    """Fingerprint of an architecture: 32 hexadecimal digits of its layers' settings and tensors' shapes.

    It is independent of weights and the head; kernel sizes, strides, paddings and activations matter.
    """
    root, head = _encoder(model, example, head)
    return _digest(layers(root, head), {k: v for k, v in state(root).items() if not _under(k, head)})


def layers(model: nn.Module, head: str | None = None) -> dict[str, str]:
    """The class and settings of every layer without children, as printed."""
    return {
        name: " ".join(repr(module).split())
        for name, module in model.named_modules()
        if next(module.children(), None) is None and name != head and not _stands_in(module)
    }


def _stands_in(module: nn.Module) -> bool:
    """Whether a module is only the placeholder of a removed head."""
    return type(module) is nn.Identity or type(module).__name__ == "Exit"


def _encoder(model: nn.Module, example: Tensor | None, asked: str | None) -> tuple[nn.Module, str | None]:
    """The module with an encoder's tensors, and the head in it to leave out."""
    view = inspect_model(model, example)
    if view.prefix or asked is None:
        return view.root, None
    return view.root, choose_head(model, view.parts, asked, view.example, type(model).__name__)[0]


def _under(name: str, head: str | None) -> bool:
    return head is not None and name.startswith(head + ".")


def _digest(settings: Mapping[str, str], tensors: Mapping[str, Tensor]) -> str:
    lines = [f"{name} {text}" for name, text in sorted(settings.items())]
    lines += [f"{name} {tensors[name].dtype} {tuple(tensors[name].shape)}" for name in sorted(tensors)]
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()


def is_encoder(name: object) -> bool:
    """Whether a backbone argument is a file that may hold an encoder, a folder with one, or a side of two."""
    if not isinstance(name, str | Path):
        return False
    alone = Path(name).suffix == ".safetensors" or (Path(name) / ENCODER).is_file()
    return alone or side_file(name) is not None or pair_folder(name) is not None


def encoder_file(name: str | Path) -> Path:
    """The file of an encoder: that in the folder of a pre-training, one side of two, or the path itself.

    Raises:
        BadInput: it is the folder of two, and no side is named.
    """
    if pair_folder(name) is not None:
        raise BadInput(TWO.format(name, "two encoders that were trained together"))
    return side_file(name) or (Path(name) / ENCODER if Path(name).is_dir() else Path(name))


def noted(path: Path) -> dict[str, str]:
    """Metadata of a `save_encoder` file; empty if another library wrote it, or it can't be read."""
    if path.suffix != ".safetensors" or not path.is_file():
        return {}
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            about: dict[str, str] = file.metadata() or {}
    except SafetensorError:
        return {}
    return about if about.get("format") == FORMAT else {}


def whole(path: Path, about: Mapping[str, str]) -> dict[str, Tensor]:
    """All tensors of a `save_encoder` file, under their names in the model.

    Args:
        path: of the file.
        about: its metadata, from `noted`.

    Raises:
        Mismatch: the tensors are not those that were saved.
    """
    found, _ = read_tensors(path)
    if about["fingerprint"] != _digest(json.loads(about["layers"]), found):
        raise Mismatch(
            f"{path} is damaged: its tensors are not those of its fingerprint. Copy or make it again."
        )
    return found


def _renamed(key: str, rename: Mapping[str, str] | None) -> str:
    fitting = [start for start in rename or {} if key.startswith(start)]
    if not fitting or rename is None:
        return key
    start = max(fitting, key=len)
    return rename[start] + key.removeprefix(start)


def _differing(there: Mapping[str, str], here: Mapping[str, str]) -> tuple[str, ...]:
    """Layers whose settings differ between both: the tensors fit, but may have another meaning."""
    found = [name for name, text in there.items() if name in here and here[name] != text]
    lines = [f"{name} is {here[name]}, the weights come from {there[name]}" for name in found[:SHOWN]]
    more = [f"... and {len(found) - SHOWN} more layers are set otherwise"] if len(found) > SHOWN else []
    return (*lines, *more)


def refuse_operated(file: str | Path | Mapping[str, Tensor] | None) -> None:
    """Refuse weights of a modified encoder for a named architecture; its file holds its own."""
    about = noted(encoder_file(str(file))) if is_encoder(file) else {}
    if about and json.loads(about["source"]).get("operations"):
        raise BadInput(
            f"{str(file)!r} holds an encoder that was operated on: its weights fit no architecture by name. "
            "Give the file itself as the backbone, without weights."
        )
