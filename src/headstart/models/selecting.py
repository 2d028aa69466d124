"""Select parameters by patterns, resolved to their names."""

import difflib
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from torch import Tensor, nn

from headstart.core import BadInput, Unknown

from .blocks import is_norm
from .view import ModelLayout, inspect_model

WORDS = ("all", "stem", "head", "norms", "biases", "outside", "first(1)", "last(1)", "block(0)")
_COUNTED = re.compile(r"(first|last|block)\(\s*(-?\d+)\s*\)")
_NUMBERED = re.compile(r"blocks\.(\d+)")


def select(model: nn.Module, pattern: str, *, example: Tensor | None = None) -> tuple[str, ...]:
    """The names of the parameters that `pattern` selects.

    | term | selects |
    |---|---|
    | `layer1`, `layer*.conv?`, `*.bias` | a parameter or all of a module, by name or glob |
    | `first(n)`, `last(n)`, `block(i)` | the first or last n blocks, or block i from 0, as they run |
    | `blocks.i` | the same as `block(i)`, unless a module is called so |
    | `stem`, `head` | the leading single layers; the layer that makes the output |
    | `norms`, `biases` | of all normalisation layers; all biases |
    | `outside` | what belongs to no block nor the head, such as a class token |
    | `all` | everything |

    Comma-separated terms are united; a term with `~` is subtracted from the rest, or from
    everything if there is no other term.

    Args:
        model: a backbone (its names may be given with or without "inner."), a model with a head,
            or any module.
        pattern: such as "last(2), head, ~norms".
        example: inputs (n, ...) for the one forward that finds blocks and head of a plain module.

    Returns:
        Each parameter once, by the first of its names, in the order of `named_parameters`.

    Raises:
        Unknown: a term matches nothing; the text lists similar names.
        BadInput: there is no such block or head, or nothing is left.
    """
    terms = [term.strip() for term in pattern.split(",") if term.strip()]
    if not terms:
        raise BadInput(f"The selection {pattern!r} is empty. Write a name, or one of: {', '.join(WORDS)}.")
    chooser = _Chooser(inspect_model(model, example))
    wanted = [chooser.term(term) for term in terms if not term.startswith("~")]
    unwanted = [chooser.term(term[1:].strip()) for term in terms if term.startswith("~")]
    ids = set().union(*wanted) if wanted else set(chooser.owner)
    ids -= set().union(*unwanted)
    if not ids:
        raise BadInput(f"Nothing is left of {pattern!r}: what it selects is taken away again.")
    return tuple(name for name, parameter in model.named_parameters() if id(parameter) in ids)


class _Chooser:
    """Resolves single terms; a tied parameter counts once, whichever of its names is matched."""

    def __init__(self, view: ModelLayout) -> None:
        self.view = view
        named = view.model.named_parameters(remove_duplicate=False)
        self.names = {name: id(parameter) for name, parameter in named}
        self.owner = {value: name for name, value in reversed(self.names.items())}

    def term(self, term: str) -> set[int]:
        """The ids of the parameters that a term selects; never empty."""
        found = self._word(term) or self._match(term)
        if not found and (numbered := _NUMBERED.fullmatch(term)):
            found = self._blocks(self._counted("block", int(numbered[1]), term))
        if not found:
            raise self._unknown(term)
        return found

    def _word(self, term: str) -> set[int]:
        if counted := _COUNTED.fullmatch(term):
            return self._blocks(self._counted(counted[1], int(counted[2]), term))
        modules = self.view.model.named_modules(remove_duplicate=False)
        if term == "norms":
            return {id(p) for _, one in modules if is_norm(one) for p in one.parameters(recurse=False)}
        if term == "biases":
            return {value for name, value in self.names.items() if _is_bias(name)}
        if term == "stem":
            return self._blocks(self.view.stem)
        if term == "head" and self.view.head is not None:
            return self._under([self.view.head])
        if term == "outside":
            return {self.names[self.view.prefix + name] for name in self.view.parts.outside}
        return set(self.names.values()) if term == "all" else set()

    def _counted(self, word: str, n: int, term: str) -> tuple[str, ...]:
        blocks = self.view.blocks
        most = len(blocks) - (word == "block")
        if not (0 if word == "block" else 1) <= n <= most:
            raise BadInput(f"{term} is not there: there are {len(blocks)} blocks, {', '.join(blocks)}.")
        return {"first": blocks[:n], "last": blocks[-n:], "block": blocks[n : n + 1]}[word]

    def _blocks(self, blocks: Iterable[str]) -> set[int]:
        return self._under(self.view.members(blocks))

    def _under(self, modules: Iterable[str]) -> set[int]:
        starts = tuple(name + "." for name in modules)
        return {value for name, value in self.names.items() if name.startswith(starts)}

    def _match(self, glob: str) -> set[int]:
        """Match the parameter's name or that of a containing module, with or without the prefix."""
        prefix = self.view.prefix
        return {
            value
            for name, value in self.names.items()
            if any(_fits(spelled, glob) for spelled in {name, name.removeprefix(prefix)})
        }

    def _unknown(self, term: str) -> BadInput:
        if term == "head":
            return BadInput(
                "There is no head: what the model gives are features. A backbone's head comes with the "
                "method; in a module of your own, name the layer."
            )
        modules = {name for name, _ in self.view.model.named_modules() if name}
        spelled = {name.removeprefix(self.view.prefix) for name in modules | set(self.names)}
        near = difflib.get_close_matches(term, {*spelled, *WORDS}, n=3, cutoff=0.5)
        top = {name for name in spelled if "." not in name}
        return Unknown("parameter, module or word for them", term, near or {*WORDS, *sorted(top)[:12]})


def _fits(name: str, glob: str) -> bool:
    """Whether the glob matches a name or a dotted prefix of it."""
    pieces = name.split(".")
    return any(fnmatchcase(".".join(pieces[: i + 1]), glob) for i in range(len(pieces)))


def _is_bias(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last == "bias" or last.startswith("bias_") or last.endswith("_bias")
