"""Load weights from a file into a model, strictly."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Mismatch

from .auxiliary import unused_auxiliary_heads, without_auxiliary_heads

WRAPPERS = ("state_dict", "model", "model_state_dict")  # keys under which trainers store a state dict
PREFIXES = ("module.", "_orig_mod.", "inner.")  # DataParallel, torch.compile, a saved backbone
FITTED, FITTED_HEAD = "0.inner.", "1."  # in a model that headstart fitted: its backbone, its head
SHOWN = 6  # keys of each kind in an error


def read(path: str | Path | Mapping[str, Any]) -> dict[str, Tensor]:
    """Read the tensors of a `.safetensors` file or a plain PyTorch state dict, in a file or in memory.

    Wrappers {"state_dict": ...} and {"model": ...} and prefixes such as "module." are removed.
    Nothing in the file is executed.

    Raises:
        BadInput: no such file, or it holds anything but tensors.
    """
    state: Any = path if isinstance(path, Mapping) else _state_in(Path(path))
    path = "The state dict" if isinstance(path, Mapping) else str(path)
    while isinstance(state, Mapping) and (key := _wrapper(state)) is not None:
        state = state[key]
    if not isinstance(state, Mapping) or not state:
        raise BadInput(f"{path!r} holds no state dict, but a {type(state).__name__}.")
    odd = [key for key, value in state.items() if not isinstance(value, Tensor)]
    if odd:
        raise BadInput(f"{path!r} holds more than tensors: {', '.join(map(str, odd[:SHOWN]))}.")
    return unprefixed(state)


def _state_in(path: Path) -> Any:
    """What a file of weights holds, without executing anything in it."""
    if not path.is_file():
        raise BadInput(f"There is no weights file {str(path)!r}.")
    try:
        return _open(path)
    except Exception as reason:  # a broken file can break its reader in any way
        raise BadInput(
            f"{str(path)!r} can't be read as plain weights: {_first_line(reason)} "
            "Save the state_dict alone, best as .safetensors; a pickled model is never opened."
        ) from reason


def _open(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError

        from headstart.core.tensor_file import read_tensors

        try:
            return read_tensors(path)[0]
        except SafetensorError as reason:
            raise ValueError(f"{reason}.") from reason
    return torch.load(path, map_location="cpu", weights_only=True)


def _first_line(reason: Exception) -> str:
    """What a reader says, without the advice of torch on how to open a pickled model all the same."""
    line = (str(reason).splitlines() or [type(reason).__name__])[0]
    return line.partition(" This file can still be loaded")[0]


def _wrapper(state: Mapping[str, Any]) -> str | None:
    return next((key for key in WRAPPERS if isinstance(state.get(key), Mapping)), None)


def unprefixed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Remove a prefix that every key has."""
    for prefix in PREFIXES:
        if all(key.startswith(prefix) for key in state):
            return unprefixed({key.removeprefix(prefix): value for key, value in state.items()})
    return dict(state)


def load(
    model: nn.Module,
    state: Mapping[str, Tensor],
    head: str | None,
    allow: Sequence[str] = (),
    unused: Collection[str] = (),
) -> tuple[str, ...]:
    """Copy every tensor of `state` into `model`; all keys and shapes must agree.

    There are four exceptions. The `head`, which is cut off anyway, may be absent or have another
    number of classes. BatchNorm's counter of batches may be absent, as in old files; so may a
    tied tensor that is present under another name. What a glob of `allow` matches may be
    missing, unexpected or of another shape, and is left out then. An auxiliary head may be there on one
    side only; if it is the model's, its parameters must be among the `unused` ones of a forward.

    Returns:
        The tensors that were left out, one sentence each.

    Raises:
        Mismatch: names the missing, unexpected and mis-shaped keys; `model` is untouched.
    """
    own = model.state_dict()
    state, notes = _without_fitted_head(state, own)
    state, about_auxiliary = without_auxiliary_heads(state, own)
    spared, about_spared = unused_auxiliary_heads(own, state, unused)
    notes += about_auxiliary + about_spared
    spare = {key for key in own if head is not None and key.startswith(head + ".")}
    free = {key for key in (*own, *state) if any(fnmatchcase(key, glob) for glob in allow)}
    absent = {key for key in own if key.endswith("num_batches_tracked")} | _tied(own, state) | spared
    missing = [key for key in own if key not in state and key not in absent]
    unexpected = [key for key in state if key not in own]
    wrong = [key for key in own if key in state and own[key].shape != state[key].shape]
    cut = {key for key in wrong if key in spare and own[key].shape[1:] == state[key].shape[1:]}
    cut |= {key for key in missing if key in spare}
    kinds = [[key for key in keys if key not in free | cut] for keys in (missing, unexpected, wrong)]
    if any(kinds):
        raise Mismatch(_explain(own, state, *kinds))
    notes += [f"{key} is not in the file; {_why(key in cut)}" for key in missing]
    notes += [f"{key} {_shape(state[key])} left out, as {_why(key in cut)}" for key in (*unexpected, *wrong)]
    taken = {key: value for key, value in state.items() if key in own and key not in wrong}
    model.load_state_dict({**own, **taken})
    return tuple(sorted(notes))


def _without_fitted_head(
    state: Mapping[str, Tensor], own: Mapping[str, Tensor]
) -> tuple[Mapping[str, Tensor], list[str]]:
    """The backbone of a model that headstart fitted, which is followed by a head; else all there is."""
    inside = {key.removeprefix(FITTED): value for key, value in state.items() if key.startswith(FITTED)}
    if not inside or any(key in own for key in state):
        return state, []
    others = [key for key in state if not key.startswith((FITTED, FITTED_HEAD))]
    if others:
        return state, []
    heads = [f"{key} {_shape(state[key])}" for key in state if key.startswith(FITTED_HEAD)]
    return inside, [f"{head} left out, as it is the head of a fitted model" for head in heads]


def _why(cut: bool) -> str:
    return "the head is cut off" if cut else "that is allowed"


def _tied(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> set[str]:
    """Keys of the model whose tied tensor is in the file under another name.

    Raises:
        Mismatch: the file has different numbers under names that are one tensor here.
    """
    groups: dict[tuple[Any, ...], list[str]] = {}
    for key, value in own.items():
        if value.numel():
            groups.setdefault((value.device, value.data_ptr(), value.shape, value.stride()), []).append(key)
    found: set[str] = set()
    for keys in groups.values():
        first, *others = [key for key in keys if key in state] or [""]
        for key in others:
            if not torch.equal(state[key], state[first]):
                raise Mismatch(
                    f"{first} and {key} are one tensor here, but differ in the file; nothing was loaded."
                )
        found |= set(keys) if first else set()
    return found


def _explain(
    own: Mapping[str, Tensor],
    state: Mapping[str, Tensor],
    missing: list[str],
    unexpected: list[str],
    wrong: list[str],
) -> str:
    shapes = [f"{key} is {_shape(state[key])}, not {_shape(own[key])}" for key in wrong]
    lines = ["The weights belong to another architecture; nothing was loaded."]
    lines += _some("missing", missing, [_near(key, unexpected) for key in missing[:SHOWN]])
    lines += _some("unexpected", unexpected, [_near(key, missing) for key in unexpected[:SHOWN]])
    lines += _some("of another shape", wrong, shapes[:SHOWN])
    return "\n".join(lines)


def _some(kind: str, keys: list[str], shown: list[str]) -> list[str]:
    if not keys:
        return []
    more = [f"    ... and {len(keys) - len(shown)} more"] if len(keys) > len(shown) else []
    return [f"  {len(keys)} {kind}:", *(f"    {line}" for line in shown), *more]


def _near(key: str, others: Iterable[str]) -> str:
    found = difflib.get_close_matches(key, list(others), n=1, cutoff=0.6)
    return f"{key} (nearest: {found[0]})" if found else key


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))
