"""Many tasks on one model: sets of adapters beside it, switched, stacked, averaged, folded and saved."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any, Literal

from torch import Tensor, nn

from headstart.core import BadInput, Unknown

from .adapter import Adapter, first_of
from .adapter_file import read_set, warn_of_head, write_set
from .apart import AdapterSet
from .attaching import detach, fold, folded_in, settle
from .averaging import averaged
from .described import attach_all
from .fingerprint import fingerprint
from .kind import AdapterKind
from .mixing import Mixing
from .peft_folder import read_folder, write_folder
from .twin import copied_buffers, joined, swap, twin_of


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
        self.model: nn.Module = twin_of(model)
        self._fingerprint = fingerprint(self.model)
        self._example = getattr(model, "example", None) if example is None else example
        self._sets: dict[str, dict[str, Adapter]] = {}
        self._own: dict[str, dict[str, Tensor]] = {}
        self._used: tuple[str, ...] = ()
        self._are = "in use"  # what is the case with those
        self._mixing = Mixing(self.model)

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
        self._idle()
        own = copied_buffers(self.model)
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
        if name in self._used:
            self._idle()
        del self._sets[name], self._own[name]
        self._mixing.forget(name)

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
        self._idle(", or name all at once")
        before = swap(self.model, joined({name: self._own[name] for name in names}))
        for name in names:
            attach_all(self.model, self._sets[name], _at_layers(name))
        self._used = names
        try:
            yield self.model
        finally:
            for name in names:
                self._detach(name)
            after = swap(self.model, before)
            for name in names:  # a module may have put another buffer in the place of its own
                self._own[name] |= {key: after[key] for key in self._own[name]}
            self._used = ()

    @contextmanager
    def merged(self, *names: str) -> Iterator[nn.Module]:
        """Context in which the model in use has some sets folded into its weights, and so its plain speed.

        After it, also after an exception, its weights are the caller's tensors again. What is not linear
        stays beside: bottleneck adapters. Nothing of the sets can be trained meanwhile.

        Raises:
            Unknown: there is no such set.
            BadInput: sets are in use or merged already, or several have copies of the same parameter.
        """
        with self.use(*names) as model, folded_in(model):
            self._are = "merged"
            try:
                yield model
            finally:
                self._are = "in use"

    def mixed(self, x: Tensor, rows: Sequence[str]) -> Tensor:
        """The answers (n, ...) for a batch whose rows use different sets, in one forward.

        The first batch in which a set is beside others is computed by a forward of that set too, to compare.
        In training, batch normalisations take each set's rows alone, and follow its own statistics.

        Args:
            x: inputs (n, ...); ids (n, length) are padded with numbers below 0.
            rows: the name of the set that each of the n rows uses.

        Raises:
            Unknown: there is no such set.
            BadInput: rows of several sets can't share a forward of this model.
        """
        for name in rows:
            self._known(name)
        self._idle()
        if self._mixing.unchecked(rows):
            self._mixing.check(
                x, rows, partial(self._mixing.answer, x, rows, self._sets, self._own), self._alone
            )
        return self._mixing.answer(x, rows, self._sets, self._own)

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
        self._sets[name], self._own[name] = averaged(
            self.model, of, {one: self._sets[one] for one in of}, {one: self._own[one] for one in of}
        )

    def save(self, name: str, file: str | Path, layout: Literal["headstart", "peft"] = "headstart") -> None:
        """Write a set without the model: adapters, copies and buffers.

        Args:
            name: of the set.
            file: a safetensors file or, for PEFT, a folder.
            layout: "peft": a folder that the library PEFT reads.

        Raises:
            BadInput: PEFT has nothing like an adapter or copy of this set, which is named.
        """
        self._known(name)
        if layout == "peft":
            write_folder(Path(file), self.model, self._sets[name], self._own[name])
        else:
            write_set(Path(file), AdapterSet(self._fingerprint, self._sets[name], self._own[name]))

    def load(self, name: str, file: str | Path) -> None:
        """Read a set that `save` wrote, or a folder of PEFT with LoRA or (IA)3.

        Raises:
            Mismatch: it was made for another model.
            BadInput: the name is taken, or the file holds no adapters that can be read.

        Warns:
            PeftWarning: PEFT itself answers otherwise with the folder, as it skips layers.
            HeadWarning: the file is of a run, and has a head, which a set does not.
        """
        self._refuse(name)
        self._idle()
        if Path(file).is_dir():
            call = None if self._example is None else self._call
            adapters, own = read_folder(Path(file), self.model, call)
        else:
            _, adapters, own = read_set(Path(file), self.model, self._fingerprint)
            warn_of_head(Path(file))
        self._sets[name], self._own[name] = dict(adapters), copied_buffers(self.model) | dict(own)

    def _alone(self, name: str, x: Tensor) -> Tensor:
        with self.use(name) as model:
            return first_of(model(x))

    def _call(self) -> Tensor:
        return first_of(self.model(self._example))

    def _detach(self, name: str) -> None:
        for path in self._sets[name]:
            detach(self.model.get_submodule(path), _at_layers(name))
        settle(self.model)

    def _idle(self, way: str = "") -> None:
        """Refuse what can't be done while sets are in use."""
        if self._used:
            raise BadInput(
                f"{', '.join(self._used)} {'are' if len(self._used) > 1 else 'is'} {self._are} already. "
                f"Leave that context first{way}."
            )

    def _known(self, name: str) -> None:
        if name not in self._sets:
            raise Unknown("set of adapters", name, self._sets)

    def _refuse(self, name: str) -> None:
        if name in self._sets or not name or "." in name:
            why = "is taken" if name in self._sets else "can't be a name: it is empty or has a dot"
            raise BadInput(f"{name!r} {why}. Name the set otherwise, or remove the other first.")


def _at_layers(name: str) -> str:
    """What the adapters of a set are called at their layers."""
    return f"set {name}"
