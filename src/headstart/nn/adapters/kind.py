"""A kind of adapter: its settings, and how it is inserted into a module."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from headstart.core import BadInput

from .acting import Call, check_acting, weights_in_use
from .adapter import Adapter
from .attaching import attach, detach, free_name, settle
from .sites import Weight, weights_in


class Built(NamedTuple):
    """An adapter, and the layer that it is for."""

    layer: str
    adapter: Adapter


@dataclass(frozen=True, kw_only=True)
class AdapterKind(ABC):
    """Settings of adapters of one kind, which are built for the layers of a module.

    Attributes:
        at: patterns for the paths of layers, such as "*.attention.*|*.fc1", of which one has to match; "":
            where this kind belongs.
    """

    title: ClassVar[str]  # in prose
    instead: ClassVar[str] = "Take another kind."  # where it suits no layer
    at: str = ""

    @abstractmethod
    def build(self, module: nn.Module, call: Call | None) -> Iterator[Built]:
        """The adapters for a module, none of which is attached.

        Args:
            module: any.
            call: a forward of it on a batch that is not constant; None if there is none.
        """

    def insert(
        self, module: nn.Module, call: Call | None = None, within: Sequence[str] = ("",), name: str = ""
    ) -> dict[str, Adapter]:
        """Build adapters, attach them to the layers of a module, and check that each acts.

        The module's own tensors and their names stay, and its output is the same, bit for bit, until the
        adapters learn.

        Args:
            module: any; it is changed in place.
            call: a forward of it on a batch that is not constant; None if there is none, and then it is not
                checked that they act.
            within: paths of the parts of the module in which layers are adapted.
            name: of the adapters at their layers; "": the first of "1", "2", ... that no layer of the module
                has.

        Returns:
            The adapters by the paths of their layers.

        Raises:
            BadInput: this kind does not suit any layer there, or one can't act; the module is as before.
        """
        built = [one for one in self.build(module, call) if is_within(one.layer, within)]
        if not built:
            where = "" if "" in within else f" in {', '.join(within)}"
            raise BadInput(f"{self.title} suit no layer of {type(module).__name__}{where}. {self.instead}")
        for one in built:
            one.adapter.join([other.adapter for other in built])
        name = name or free_name(module)
        attached: list[nn.Module] = []
        try:
            for path, adapter in built:
                attach(layer := module.get_submodule(path), adapter, name)
                attached.append(layer)
            settle(module)
            if call is not None:
                check_acting(module, call)
        except BaseException:
            for layer in attached:
                detach(layer, name)
            settle(module)
            raise
        return dict(built)


def is_within(path: str, roots: Iterable[str]) -> bool:
    """Whether a layer is one of some parts, or inside one; "" is the whole."""
    return any(root in ("", path) or path.startswith(f"{root}.") for root in roots)


def weights_to_adapt(module: nn.Module, at: str, call: Call | None) -> list[Weight]:
    """The weights named by `at`, or all that the output depends on."""
    found = list(weights_in(module, at))
    return found if at or call is None else weights_in_use(module, call, found)


def tensor_of(module: nn.Module, weight: Weight) -> Tensor:
    """The tensor of a weight."""
    return parameter_of(module.get_submodule(weight.layer), weight.tensor)


def parameter_of(layer: nn.Module, name: str) -> Tensor:
    """A layer's own parameter, without what adapters add; KeyError if it has none of that name."""
    found: Any = layer._parameters[name]
    return found  # type: ignore[no-any-return]
