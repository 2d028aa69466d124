"""Find the frozen prefix of a run and skip it by replaying its recorded outputs.

The modules that run before the first trainable one, and are not trained themselves, always give
the same output for the same input. `find` names the last of them, the boundary, for any
architecture; `Replay.record` computes its output once; inside `Replay.on` the parts take that
output in place of the input, and the modules before the boundary are skipped.

A replay is returned only if one step with it equals one step without it.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import Batch, Descend, Do, Parts

from .loop import train
from .modes import set_trainable
from .optimisers import build_optimisers
from .state import Run
from .token_records import gives_vectors, output_and_ids, with_mask

TRIES = 12  # boundaries that are tried, the latest first: a residual block has up to ten modules


class _Reached(Exception):
    """Raised when the boundary's output is computed; the rest of the forward is not needed."""


@dataclass(frozen=True)
class Replay:
    """A frozen prefix of one part.

    Attributes:
        part: the name of the part that takes the samples.
        boundary: the module in it whose output is recorded; "" is the whole part.
        prefix: the modules that are skipped, in execution order, the boundary last.
        shapes: the output shapes of each of them for one sample.
        shape: of one sample.
        tokens: whether the recorded output is one for each token; a record says then which are there.
    """

    part: str
    boundary: str
    prefix: tuple[str, ...]
    shapes: dict[str, Any]
    shape: tuple[int, ...]
    tokens: bool = False

    def weights(self, parts: Parts) -> dict[str, Tensor]:
        """All tensors that the recorded output depends on, whether they are saved or not."""
        modules = dict(parts[self.part].named_modules())
        tensors: dict[str, Tensor] = {}
        for name in self.prefix:
            tensors |= _tensors(modules[name], name, recurse=True)
        for name, module in modules.items():
            if any(skipped.startswith(f"{name}." if name else "") for skipped in self.prefix):
                # what an enclosing module uses directly, such as a position embedding
                tensors |= _tensors(module, name, recurse=False)
        return tensors

    def record(self, parts: Parts, x: Tensor) -> Tensor:
        """The boundary's output (n, ...) for x (n, ...), in evaluation mode; of tokens `with_mask`."""
        part = parts[self.part].eval()
        if not self.boundary:
            with torch.no_grad():
                whole: Tensor = part(x)
            return whole
        found: list[Tensor] = []

        def stop(_module: nn.Module, _args: Any, output: Tensor) -> None:
            found.append(output)
            raise _Reached

        handle = part.get_submodule(self.boundary).register_forward_hook(stop)
        try:
            with torch.no_grad(), suppress(_Reached):
                part(x)
        finally:
            handle.remove()
        return with_mask(found[0], x) if self.tokens else found[0]

    @contextmanager
    def on(self, parts: Parts) -> Iterator[None]:
        """Inside, `parts` take recorded outputs (n, ...) where they took samples."""
        part = parts[self.part]
        given: list[Tensor] = []
        stubs: dict[nn.Module, Callable[..., Any]] = {}

        def take(_module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
            given[:] = [args[0]]
            stand_in = args[0].new_zeros(()).expand(len(args[0]), *self.shape)
            if self.tokens:
                given[0], stand_in = output_and_ids(args[0])
            return (stand_in, *args[1:])

        for name in self.prefix:
            module = part.get_submodule(name)
            if name == self.boundary:  # a copy, since the next module may work in place
                stubs[module] = (lambda x, *_a: x) if not name else (lambda *_a, **_k: given[0].clone())
            else:
                stubs[module] = lambda *_a, _shape=self.shapes[name], **_k: self._blank(_shape, given[0])
        handle = part.register_forward_pre_hook(take) if self.boundary else None
        try:
            for module, stub in stubs.items():
                module.forward = stub
            yield
        finally:
            for module in stubs:
                module.__dict__.pop("forward", None)
            if handle:
                handle.remove()

    def _blank(self, tree: Any, like: Tensor) -> Any:
        """Zeros without memory of their own, in the output shapes of a module for the rows of `like`.

        With tokens, what was as long as the sample is as long as those rows.
        """
        if isinstance(tree, list):
            return [self._blank(item, like) for item in tree]
        shape, dtype = tree
        rows = (len(like), *shape[1:]) if shape and shape[0] == 1 else shape
        if self.tokens and shape[1:2] == self.shape:
            rows = (rows[0], like.shape[1], *shape[2:])
        return torch.zeros((), dtype=dtype, device=like.device).expand(rows)


@dataclass(frozen=True)
class Found:
    """The replay, if there is one; a note if an error prevented one."""

    replay: Replay | None
    note: str = ""


def find(run: Run[Any], batch: Batch) -> Found:
    """Find the longest frozen prefix of the run and verify it on a few rows.

    There is none if the part that takes the samples is trained from its first module on, if more than
    one part takes them, or if a step with the replay differs from a step without (a skip connection
    across the boundary, a shape that depends on the value).
    """
    plain, batch = _copy(run), batch.to(run.engine.device, run.layout)  # so that a step needs no copy
    entry = _entry(plain, batch)
    if entry is None:
        return Found(None)
    changing = {name for move in run.moves if isinstance(move, Do) for name in move.changes}
    if entry in changing:
        return Found(None)
    learning = _learning(run)
    ids = {id(parameter) for parameter in learning}
    whole = not any(id(p) in ids for p in run.parts[entry].parameters())
    samples = batch.samples[0]
    prefixes = [("",)] if whole else list(_prefixes(run, entry, learning, samples))
    note = ""
    for prefix in prefixes[:TRIES]:
        replay = Replay(entry, prefix[-1], prefix, {}, tuple(samples.shape[1:]))
        try:
            shapes = _shapes(run.parts[entry], prefix, samples[:1])
            replay = replace(replay, shapes=shapes, tokens=gives_vectors(shapes[prefix[-1]], samples))
            if _proven(run, replay, batch, plain.parts):
                return Found(replay)
        except Exception as error:  # a model that can't be replayed is trained without a replay
            note = (
                f"What the frozen parts give can't be recorded for this model, so it is computed anew each "
                f"time, which is slower ({type(error).__name__}: {error})."
            )
    return Found(None, note)


def _tensors(module: nn.Module, prefix: str, recurse: bool) -> dict[str, Tensor]:
    parameters = module.named_parameters(prefix=prefix, recurse=recurse)
    buffers = module.named_buffers(prefix=prefix, recurse=recurse)
    return {name: value.detach() for named in (parameters, buffers) for name, value in named}


def _learning(run: Run[Any]) -> list[nn.Parameter]:
    return [p for move in run.moves if isinstance(move, Descend) for p in move.parameters(run.parts)]


def _entry(trial: Run[Any], batch: Batch) -> str | None:
    """The one part that is called with the batch's samples, observed in one step of a copy."""
    first = [x[:1] for x in batch.samples]
    callers: list[str] = []
    for name, part in trial.parts.items():

        def see(_module: nn.Module, args: tuple[Any, ...], name: str = name) -> None:
            if args and isinstance(args[0], Tensor) and any(_same(args[0][:1], x) for x in first):
                callers.append(name)

        part.register_forward_pre_hook(see)
    _step(trial, batch)
    return callers[0] if len(set(callers)) == 1 else None


def _same(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one, other)


def _prefixes(
    run: Run[Any], entry: str, learning: list[nn.Parameter], x: Tensor
) -> Iterator[tuple[str, ...]]:
    """Prefixes of the part's calls without trainable parameters, the longest first."""
    part = copy.deepcopy(run.parts[entry])
    twins = dict(zip(run.parts[entry].parameters(), part.parameters(), strict=True))
    ids = {id(twins[parameter]) for parameter in learning if parameter in twins}
    units = set(_units(part, ids, ""))
    order: list[tuple[str, bool]] = []  # name, and whether it has trainable parameters
    for name, module in part.named_modules():
        owns = any(id(p) in ids for p in module.parameters(recurse=False))
        if name in units or owns:

            def note(_m: nn.Module, _a: Any, name: str = name, owns: bool = owns) -> None:
                order.append((name, owns))

            module.register_forward_pre_hook(note)
    with torch.no_grad():
        part.eval()(x[:2])
    calm: list[str] = []
    for name, learns in order:
        if learns or name in calm:
            break
        calm.append(name)
    for end in range(len(calm), 0, -1):
        yield tuple(calm[:end])


def _units(module: nn.Module, learning: set[int], path: str) -> Iterator[str]:
    """The largest modules without trainable parameters."""
    for name, child in module.named_children():
        full = f"{path}.{name}" if path else name
        if any(id(parameter) in learning for parameter in child.parameters()):
            yield from _units(child, learning, full)
        else:
            yield full


def _shapes(part: nn.Module, prefix: tuple[str, ...], x: Tensor) -> dict[str, Any]:
    """The outputs of each module of the prefix for one sample, as (shape, dtype) trees."""
    found: dict[str, Any] = {}
    handles = []
    for name in prefix:

        def note(_m: nn.Module, _a: Any, output: Any, name: str = name) -> None:
            found[name] = _tree(output)

        handles.append(part.get_submodule(name).register_forward_hook(note))
    try:
        with torch.no_grad():
            part.eval()(x)
    finally:
        for handle in handles:
            handle.remove()
    return found


def _tree(value: Any) -> Any:
    if isinstance(value, Tensor):
        return (tuple(value.shape), value.dtype)
    return [_tree(item) for item in value]


def _proven(run: Run[Any], replay: Replay, batch: Batch, plain: Parts) -> bool:
    """Whether a step on recorded outputs changes a copy of the run as the step on samples changed `plain`."""
    replayed = _copy(run)
    set_trainable(replayed.parts, _learning(replayed), ())
    recorded = batch.changed(lambda x: replay.record(replayed.parts, x))
    if [len(x) for x in recorded.samples] != [len(x) for x in batch.samples]:
        return False
    with replay.on(replayed.parts):
        _step(replayed, recorded)
    old, new = plain.state_dict(), replayed.parts.state_dict()
    return all(  # what is equal, as all that is frozen, needs no float64
        torch.equal(old[k], new[k]) or torch.allclose(old[k].double(), new[k].double(), rtol=1e-4, atol=1e-5)
        for k in old
    )


def _copy(run: Run[Any]) -> Run[Any]:
    """A run of the same moves on copied parts, with plain SGD steps that reveal every gradient."""
    parts = copy.deepcopy(run.parts)
    recipe = replace(run.recipe, steps=1, optimiser="sgd", lr=0.1, warmup=0.0, ema=None, clip=None, views=0)
    trial = Run(run.name, parts, run.moves, recipe, run.engine, run.layout)
    trial.optimisers = build_optimisers(
        run.moves,
        parts,
        recipe,
        lambda _on, mine: {"params": mine, "factor": 1.0, "since": 0.0, "weight_decay": 0.0},
    )
    return trial


def _step(run: Run[Any], batch: Batch) -> None:
    for _ in train(run, lambda _step: iter([batch])):
        pass
