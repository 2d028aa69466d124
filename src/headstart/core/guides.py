"""Guides of a backbone: for each of its weights, how much of an optimiser's update it takes."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from .draws import orders
from .errors import BadInput, Mismatch
from .seeds import derive_seed
from .tensor_file import read_tensors, write_tensors

FORMAT = "headstart-guides-1"
Use = Literal["update", "gradient", "anchor"]
USES: tuple[Use, ...] = get_args(Use)


@dataclass(frozen=True, eq=False)
class Guides:
    """Guides in [0, 1] for the weights of one backbone: 1 is free, 0 stays where it is.

    Attributes:
        values: by the name of the parameter, of its shape, float32 on the CPU. Parameters without one, such
            as those of a new head, are free.
        base: digest of the weights that they are for, see `weights_digest`.
        about: how they were made, as JSON values.
        use: what they scale: the optimiser's "update"; the "gradient", as in the authors' code, which does
            nothing under Adam; or, as 1 - g, the strength of an "anchor" to the weights of the start.
        strength: of the anchor, >= 0.
        rows: digests of the rows that scouts learned from, on which nothing that was trained with the
            guides is to be tested.
    """

    values: Mapping[str, Tensor]
    base: str
    about: Mapping[str, Any] = field(default_factory=dict)
    use: Use = "update"
    strength: float = 1.0
    rows: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.use not in USES:
            raise BadInput(f"use is {self.use!r}; it must be {', '.join(USES[:-1])} or {USES[-1]}.")
        if not self.strength >= 0:
            raise BadInput(f"strength is {self.strength!r}; it must be >= 0.")
        for name, one in self.values.items():
            fine = one.dtype is torch.float32 and bool(((one >= 0) & (one <= 1)).all())
            if not fine:
                raise BadInput(f"The guides of {name!r} are not float32 in [0, 1].")

    def changed(self, change: Callable[[str, Tensor], Tensor], made: str) -> "Guides":
        """Guides with every tensor changed by `change(name, values)`, and a note of how."""
        values = {name: change(name, one) for name, one in self.values.items()}
        return replace(self, values=values, about={**self.about, "changed": made})

    def shuffled(self, seed: int = 0) -> "Guides":
        """A control: the same guides in random order within each tensor, so that none fits its weight."""

        def shuffle(name: str, one: Tensor) -> Tensor:
            order = orders(torch.tensor([derive_seed(seed, "guides", name)]), one.numel())[0]
            return one.flatten()[order].view_as(one)

        return self.changed(shuffle, "shuffled")

    def constant(self) -> "Guides":
        """A control: one guide for each tensor, the mean of its guides, which is a smaller rate."""
        return self.changed(lambda _, one: torch.full_like(one, one.double().mean().item()), "constant")

    def inverted(self) -> "Guides":
        """A control: 1 - g, so that what moved in scouts stays."""
        return self.changed(lambda _, one: 1 - one, "inverted")

    @property
    def mean(self) -> float:
        """Of all weights."""
        total = sum(one.double().sum().item() for one in self.values.values())
        return total / max(1, sum(one.numel() for one in self.values.values()))

    @property
    def digest(self) -> str:
        """Of all values and of what they are used for."""
        return _digest(self.values) + ("" if self.use == "update" else f" {self.use} {self.strength}")

    def pairs(self, module: nn.Module) -> Iterator[tuple[nn.Parameter, Tensor]]:
        """The parameters of a module that have guides, with these.

        Raises:
            Mismatch: the module has other weights than those that the guides are for.
        """
        named = dict(module.named_parameters())
        for name, one in self.values.items():
            if name not in named or named[name].shape != one.shape:
                found = f"of shape {tuple(named[name].shape)}" if name in named else "not there"
                raise Mismatch(
                    f"These guides are of {self.about.get('backbone', 'another model')}, not of this model: "
                    f"{name!r} of shape {tuple(one.shape)} is {found}. Give them with the backbone that they "
                    "are for, or make guides for this one with `headstart scouts`."
                )
            yield named[name], one

    def require_base(self, module: nn.Module) -> None:
        """Raise `Mismatch` unless a module has the weights that the guides are for."""
        list(self.pairs(module))
        if weights_digest(module, self.values) != self.base:
            raise Mismatch(
                "These guides are of the same architecture with other weights: how far a weight may move was "
                "learned from another start. Make guides for this one with `headstart scouts`."
            )

    def require_unseen(self, name: str, digests: Iterable[str]) -> None:
        """Raise `BadInput` if there are rows, of the data of a name, that scouts learned from."""
        seen = set(self.rows).intersection(digests)
        if seen:
            raise BadInput(
                f"The scouts of these guides learned from {len(seen)} of the rows of {name}, which a test on "
                "unseen rows must not have. Leave them out, or make guides from other data."
            )

    def save(self, path: str | Path) -> None:
        """Write them to a safetensors file.

        Raises:
            CannotWrite: no space or no permission.
        """
        about = {"format": FORMAT, "base": self.base, "about": json.dumps(dict(self.about))}
        about |= {"use": self.use, "strength": str(self.strength), "rows": " ".join(self.rows)}
        write_tensors(Path(path), self.values, about)


def open_guides(path: str | Path) -> Guides:
    """Open guides that `Guides.save` or `headstart scouts` wrote.

    Args:
        path: the file, or the folder of a run of `headstart scouts`.

    Raises:
        BadInput: there is no such file, or it holds no guides.
        Mismatch: the file is damaged.
    """
    from safetensors import SafetensorError

    path = Path(path).expanduser()
    path = path / "guides.safetensors" if path.is_dir() else path
    if not path.is_file():
        raise BadInput(f"There are no guides at {path}. `headstart scouts DATA --backbone NAME` makes some.")
    try:
        values, about = read_tensors(path)
    except (SafetensorError, OSError) as error:
        raise Mismatch(f"{path} can't be read: {error}. Make the guides again.") from error
    if about.get("format") != FORMAT:
        raise BadInput(f"{path} holds no guides. `headstart scouts DATA --backbone NAME` makes some.")
    use: Any = about["use"]
    rows = tuple(about.get("rows", "").split())
    return Guides(values, about["base"], json.loads(about["about"]), use, float(about["strength"]), rows)


def weights_digest(module: nn.Module, names: Mapping[str, Any] | None = None) -> str:
    """Digest of the parameters of a module: their names, types, shapes and values.

    Args:
        module: whose parameters.
        names: of those that count; None: all.
    """
    return _digest({n: p for n, p in module.named_parameters() if names is None or n in names})


def _digest(tensors: Mapping[str, Tensor]) -> str:
    mixed = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(tensors.items()):
        one = tensor.detach().cpu().contiguous()
        mixed.update(f"{name} {one.dtype} {tuple(one.shape)}".encode())
        mixed.update(one.flatten().view(torch.uint8).numpy().tobytes())
    return mixed.hexdigest()
