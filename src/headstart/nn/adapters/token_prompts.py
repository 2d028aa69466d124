"""Token prompts: vectors in front of the tokens of a transformer that learn (arXiv:2203.12119)."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from .acting import Call
from .adapter import Adapter, AroundAdapter, empty_like, first_of
from .kind import AdapterKind, Built
from .layer_inputs import layers_seen
from .more_tokens import MoreTokens
from .sites import layers_named

ELSE = "Take prefix tokens, which join the keys and values inside the attention."


class Carried:
    """What prompts became in a layer, for the next one; each thread has its own."""

    def __init__(self) -> None:
        self._found: dict[int, Tensor] = {}

    def put(self, prompts: Tensor) -> None:
        """Keep prompts for the next layer."""
        self._found[threading.get_ident()] = prompts

    def take(self) -> Tensor:
        """The prompts of the layer before.

        Raises:
            BadInput: there is none, as this layer is called by itself, or once more.
        """
        found = self._found.pop(threading.get_ident(), None)
        if found is None:
            raise BadInput(
                "A layer with token prompts is called without the one before it, from which it has them. "
                "Take deep=True, by which each layer has prompts of its own."
            )
        return found

    def __deepcopy__(self, memo: Any) -> "Carried":
        """One that carries nothing, the same for all layers of a copy."""
        memo[id(self)] = made = Carried()
        return made

    def __reduce__(self) -> tuple[type["Carried"], tuple[()]]:
        """One that carries nothing."""
        return Carried, ()


class TokenPrompt(AroundAdapter):
    """Tokens in front of those that a layer reads, taken off again from what it returns.

    So whatever is around the layers sees the tokens that it has always seen. Deep prompts are a layer's own;
    else the first layer has them, and the others read what the layer before made of them.
    """

    def __init__(
        self,
        like: Tensor,
        count: int,
        width: int,
        deep: bool = False,
        axis: int = 1,
        causal: bool = False,
        hides: bool = False,
    ) -> None:
        """Build prompts of zeros.

        Args:
            like: a tensor of the type and on the device that they are to have.
            count: of tokens, >= 1.
            width: of a token, >= 1.
            deep: whether they are the layer's own, and not those of the layer before.
            axis: of the tokens in the layer's input: 1, or 0 where rows come second.
            causal: whether a token sees those before it alone.
            hides: whether True in a mask hides, as in torch's own attention, or shows.
        """
        super().__init__()
        self.count, self.width, self.deep = count, width, deep
        self.axis, self.causal, self.hides = axis, causal, hides
        self.tokens: nn.Parameter | None = empty_like(like, count, width)
        self.is_first = self.is_last = True
        self.carried = Carried()

    @property
    def settings(self) -> Mapping[str, Any]:
        """The arguments of `for_layer`."""
        names = ("count", "width", "deep", "axis", "causal", "hides")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def for_layer(cls, layer: nn.Module, **settings: Any) -> Self:
        """Build some for a layer with parameters."""
        return cls(next(layer.parameters()), **settings)

    def join(self, others: Sequence[Adapter]) -> None:
        """Carry the prompts on from the first layer to the last, unless they are deep."""
        first = others[0]
        assert isinstance(first, TokenPrompt)
        self.is_first, self.is_last, self.carried = first is self, others[-1] is self, first.carried
        if not (self.deep or self.is_first):
            self.tokens = None

    def forward(self, call: Callable[..., Any], given: Mapping[str, Any]) -> Any:
        """What the layer returns for the tokens that it is given, with the prompts in front of them."""
        (name, x), *others = given.items()
        if not isinstance(x, Tensor) or x.ndim != 3 or x.shape[-1] != self.width:
            raise BadInput(
                f"A layer with token prompts reads {_shape(x)}, not tokens of {self.width}. {ELSE}"
            )
        if self.is_first:
            _refuse_past(dict(others))
        length = x.shape[self.axis]
        more = MoreTokens(self.count, length, x.shape[1 - self.axis], self.causal, self.hides)
        output = call(**{name: torch.cat([self._prompts(x), x], self.axis), **more.told(dict(others))})
        found = first_of(output)
        if found.shape[self.axis] != self.count + length:
            raise BadInput(f"A layer makes {_shape(found)} of {self.count} + {length} tokens. {ELSE}")
        prompts, rest = torch.split(found, [self.count, length], self.axis)
        if not (self.deep or self.is_last):
            self.carried.put(prompts)
        return rest if isinstance(output, Tensor) else (rest, *output[1:])

    def _prompts(self, x: Tensor) -> Tensor:
        if self.tokens is None:
            return self.carried.take()
        tokens = self.tokens.to(x)
        if self.axis == 1:
            return tokens.expand(x.shape[0], -1, -1)
        return tokens[:, None].expand(-1, x.shape[1], -1)


def _shape(x: Any) -> str:
    return str(tuple(x.shape)) if isinstance(x, Tensor) else type(x).__name__


def _refuse_past(given: Mapping[str, Any]) -> None:
    """Refuse to go on where a text was left: the prompts would be read a second time."""
    for value in given.values():
        if hasattr(value, "get_seq_length") and value.get_seq_length():
            raise BadInput("Token prompts can't go on with keys and values of tokens before. Give the whole.")


@dataclass(frozen=True, kw_only=True)
class TokenPrompts(AdapterKind):
    """Tokens that learn in front of those that the layers of a transformer read; all see them.

    The answers are others from the start on. Positions are not: prompts have none of their own.

    Attributes:
        count: of tokens, >= 1.
        deep: whether each layer has its own (arXiv:2203.12119); else the first has them (arXiv:2104.08691).
        initial: "tokens" copies those of the example that the layer reads; "random" draws numbers of their
            deviation.
    """

    title: ClassVar[str] = "Token prompts"
    instead: ClassVar[str] = "It has no transformer's layers: take LoRA, or a prompt in pixels."
    count: int = 8
    deep: bool = False
    initial: Literal["random", "tokens"] = "tokens"

    def build(self, module: nn.Module, call: Call | None) -> Iterator[Built]:
        """One for each layer of a transformer that is called."""
        paths = layers_named(module, self.at)
        if paths and call is None:
            raise BadInput("Token prompts need an example, on which the inputs of the layers are looked at.")
        found = layers_seen(module, call, paths) if call else {}
        if not self.deep and len({path.rpartition(".")[0] for path in found}) > 1:
            raise BadInput(
                f"The layers {next(iter(found))} and {next(reversed(found))} are not in one row, so that the "
                "first can't hand its prompts on. Take deep=True, or name those of one row by at."
            )
        for path, seen in found.items():
            x = seen.given
            made = TokenPrompt(x, self.count, x.shape[-1], self.deep, seen.axis, seen.causal, seen.hides)
            rows, assigned = x.flatten(0, 1), made.tokens
            assert assigned is not None
            with torch.no_grad():
                chosen = rows[torch.randint(len(rows), (self.count,), device=x.device)]
                drawn = rows.std() * torch.randn_like(assigned)
                assigned.copy_(chosen if self.initial == "tokens" else drawn)
            yield Built(path, made)

    def insert(
        self, module: nn.Module, call: Call | None = None, within: Sequence[str] = ("",), name: str = ""
    ) -> dict[str, Adapter]:
        """Build prompts, put them in front of the tokens of layers, and check that each acts.

        Raises:
            BadInput: there is no layer of a transformer, or one can't read more tokens than it is given.
        """
        try:
            return super().insert(module, call, within, name)
        except BadInput:
            raise
        except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as reason:
            why = (str(reason).splitlines() or [type(reason).__name__])[0]
            raise BadInput(
                f"A layer of {type(module).__name__} can't read more tokens than it is given ({why}). {ELSE}"
            ) from reason
