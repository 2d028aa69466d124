"""Many tasks on one model: sets of adapters beside it, switched, stacked, averaged, folded and saved."""

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from headstart.core import BadInput, Mismatch, Unknown
from headstart.core.tensor_file import read_tensors

from .adapter import Adapter
from .attaching import detach, fold
from .described import attach_all, describe, rebuild
from .kind import AdapterKind

FORMAT = "headstart adapters 1"


class Adapters:
    """Named sets of adapters beside a model, which itself is never changed.

    The model in use is a twin: its parameters are the caller's tensors, not copies, so that hundreds of tasks
    share them; its modules are its own. Each set has its buffers too, such as the statistics of batch
    normalisations, and copies of the parameters that were to learn along.

    Attributes:
        model: the twin, with the adapters that are in use; its own parameters need no gradient.
    """

    def __init__(self, model: nn.Module, example: Tensor | None = None) -> None:
        """Put adapters beside a model.

        Args:
            model: any.
            example: inputs (n, ...), not all alike: with them each adapter is checked to act. None: the
                `example` of a backbone, or no check.
        """
        given = [*model.named_parameters(), *model.named_buffers()]
        shared = {id(one): _alias(one) for _, one in given}
        self.model: nn.Module = copy.deepcopy(model, shared)
        self._example = getattr(model, "example", None) if example is None else example
        self._sets: dict[str, dict[str, Adapter]] = {}
        self._own: dict[str, dict[str, Tensor]] = {}
        self._used: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the sets, in the order in which they came."""
        return tuple(self._sets)

    def add(self, name: str, kind: AdapterKind, also: str = "") -> None:
        """Build a set of adapters that answers as the model does until it learns.

        Args:
            name: of the set.
            kind: such as `hs.adapters.LoRA(rank=8)`.
            also: patterns for the names of parameters of the model of which the set gets copies to learn,
                such as "head.*|*norm*".

        Raises:
            BadInput: the name is taken, `also` matches no parameter, no layer suits, or an adapter can't act.
        """
        self._refuse(name)
        own = {one: value.clone() for one, value in self.model.named_buffers()}
        for pattern in filter(None, also.split("|")):
            found = [one for one, _ in self.model.named_parameters() if fnmatchcase(one, pattern)]
            if not found:
                raise BadInput(
                    f"also is {also!r}, and no parameter of the model has a name like {pattern!r}."
                )
            parameters = dict(self.model.named_parameters())
            own |= {one: nn.Parameter(parameters[one].detach().clone()) for one in found}
        call = None if self._example is None else self._call
        self._sets[name] = kind.insert(self.model, call, name=_at_layers(name))
        self._own[name] = own
        self._detach(name)

    def remove(self, name: str) -> None:
        """Forget a set; `Unknown` if there is none of that name."""
        self._known(name)
        del self._sets[name], self._own[name]

    def parameters(self, name: str) -> list[nn.Parameter]:
        """What learns of a set: its adapters' parameters, and the copies that learn along."""
        self._known(name)
        own = [one for one in self._own[name].values() if isinstance(one, nn.Parameter)]
        return [*(one for adapter in self._sets[name].values() for one in adapter.parameters()), *own]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The answer of the model with what is in use."""
        return self.model(*args, **kwargs)

    @contextmanager
    def use(self, *names: str) -> Iterator[nn.Module]:
        """Context in which the model has the adapters of some sets, one after the other at a layer.

        Raises:
            Unknown: there is no such set.
            BadInput: sets are in use already, or several have copies of the same parameter.
        """
        for name in names:
            self._known(name)
        if self._used:
            raise BadInput(
                f"{', '.join(self._used)} are in use. Leave that context first, or name all at once."
            )
        before = _swap(self.model, _joined({name: self._own[name] for name in names}))
        for name in names:
            attach_all(self.model, self._sets[name], _at_layers(name))
        self._used = names
        try:
            yield self.model
        finally:
            for name in names:
                self._detach(name)
            after = _swap(self.model, before)
            for name in names:  # a module may have put another buffer in the place of its own
                self._own[name] |= {key: after[key] for key in self._own[name]}
            self._used = ()

    def merge(self, *names: str) -> nn.Module:
        """A model of its own tensors with some sets folded in; bottleneck adapters stay."""
        with self.use(*names) as model:
            return fold(copy.deepcopy(model))

    def average(self, name: str, of: Mapping[str, float]) -> None:
        """Make a set whose parameters are a weighted mean of those of others.

        Args:
            name: of the new set.
            of: weights by the names of the others, which have the same adapters at the same layers. Of LoRA
                and bottleneck adapters only such as were trained from one start have a mean that means much.

        Raises:
            BadInput: the others differ, or the weights do not add up to 1.
        """
        self._refuse(name)
        for one in of:
            self._known(one)
        if not of or abs(sum(of.values()) - 1) > 1e-6:
            raise BadInput(
                f"The weights of {', '.join(of) or 'no sets'} add up to {sum(of.values()):g}, not 1."
            )
        first, *others = of
        plans = {one: describe(self._sets[one]) for one in of}
        if different := [one for one in others if plans[one] != plans[first]]:
            raise BadInput(f"{first} and {different[0]} have other adapters or layers, so they have no mean.")
        adapters = rebuild(self.model, plans[first])
        with torch.no_grad():
            for path, adapter in adapters.items():
                states = {one: self._sets[one][path].state_dict() for one in of}
                mean = {key: sum(of[one] * states[one][key] for one in of) for key in states[first]}
                adapter.load_state_dict(mean)
        self._sets[name] = adapters
        self._own[name] = {
            key: _mean([(of[one], self._own[one][key]) for one in of]) for key in self._own[first]
        }

    def save(self, name: str, file: str | Path) -> None:
        """Write a set into a safetensors file, without the model: adapters, copies and buffers."""
        self._known(name)
        tensors = {f"own.{key}": value.detach() for key, value in self._own[name].items()}
        for path, adapter in self._sets[name].items():
            tensors |= {f"adapters.{path}.{key}": value for key, value in adapter.state_dict().items()}
        learn = [key for key, value in self._own[name].items() if isinstance(value, nn.Parameter)]
        about = {
            "format": FORMAT,
            "layers": json.dumps(describe(self._sets[name])),
            "learn": json.dumps(learn),
            "model": fingerprint(self.model),
        }
        save_file({key: value.contiguous() for key, value in tensors.items()}, file, about)

    def load(self, name: str, file: str | Path) -> None:
        """Read a set that `save` wrote.

        Raises:
            Mismatch: it was made for another model.
            BadInput: the name is taken, or the file holds no adapters.
        """
        self._refuse(name)
        tensors, about = read_tensors(Path(file))
        if about.get("format") != FORMAT:
            raise BadInput(f"{str(file)!r} holds no adapters that headstart wrote.")
        layers, mine = json.loads(about["layers"]), fingerprint(self.model)
        paths = {path for path, _ in self.model.named_modules()}
        if absent := [path for path in layers if path not in paths]:
            raise Mismatch(
                f"{str(file)!r} has an adapter for the layer {absent[0]}, which this model has not."
            )
        if about["model"] != mine:
            raise Mismatch(
                f"{str(file)!r} was made for the model {about['model']}, and this one is {mine}: its weights "
                "differ."
            )
        adapters = rebuild(self.model, layers)
        for path, adapter in adapters.items():
            start = f"adapters.{path}."
            adapter.load_state_dict(
                {key.removeprefix(start): one for key, one in tensors.items() if key.startswith(start)}
            )
        learn = set(json.loads(about["learn"]))
        own = {key.removeprefix("own."): one for key, one in tensors.items() if key.startswith("own.")}
        self._sets[name] = adapters
        self._own[name] = {key: nn.Parameter(one) if key in learn else one for key, one in own.items()}

    def _call(self) -> Tensor:
        found = self.model(self._example)
        return found if isinstance(found, Tensor) else found[0]

    def _detach(self, name: str) -> None:
        for path in self._sets[name]:
            detach(self.model.get_submodule(path), _at_layers(name))

    def _known(self, name: str) -> None:
        if name not in self._sets:
            raise Unknown("set of adapters", name, self._sets)

    def _refuse(self, name: str) -> None:
        if name in self._sets or not name or "." in name:
            why = "is taken" if name in self._sets else "can't be a name: it is empty or has a dot"
            raise BadInput(f"{name!r} {why}. Name the set otherwise, or remove the other first.")


def fingerprint(model: nn.Module) -> str:
    """A short name of a model's parameters: of their names, shapes, types and first thousand numbers."""
    found = hashlib.blake2b(digest_size=6)
    for name, one in model.named_parameters():
        found.update(f"{name} {tuple(one.shape)} {one.dtype}".encode())
        found.update(one.detach().flatten()[:1000].cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def _at_layers(name: str) -> str:
    """What the adapters of a set are called at their layers."""
    return f"set {name}"


def _alias(tensor: Tensor) -> Tensor:
    """The same numbers as a parameter without a gradient; of a buffer, which a forward may change, a copy."""
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(tensor.detach(), requires_grad=False)
    return tensor.detach().clone()


def _joined(sets: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors of several sets; of buffers those of the last."""
    found: dict[str, Tensor] = {}
    for own in sets.values():
        for key, value in own.items():
            if isinstance(found.get(key), nn.Parameter):
                raise BadInput(
                    f"{', '.join(sets)} have copies of {key} each, so they can't be used together."
                )
            found[key] = value
    return found


def _swap(model: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Put tensors into the places of a model's parameters and buffers; returns those that were there."""
    before: dict[str, Tensor] = {}
    for key, value in tensors.items():
        path, _, name = key.rpartition(".")
        module = model.get_submodule(path)
        places: Any = module._parameters if name in module._parameters else module._buffers
        before[key], places[name] = places[name], value
    return before


def _mean(parts: Sequence[tuple[float, Tensor]]) -> Tensor:
    """A weighted mean; of whole numbers, such as a count of batches, the first."""
    _, first = parts[0]
    if not first.is_floating_point():
        return first.clone()
    mean = torch.stack([weight * value.detach() for weight, value in parts]).sum(0)
    return nn.Parameter(mean) if isinstance(first, nn.Parameter) else mean
