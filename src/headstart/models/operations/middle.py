"""Keep only the middle of f = f1 o f2 o f3: as weights in place, or as a separate module."""

import torch
from torch import Tensor, nn

from headstart.core import BadInput
from headstart.models.operations.editor import M, ModelEditor
from headstart.models.selecting import select
from headstart.models.surgery import duplicate, run
from headstart.models.tracing import first_tensor, quiet
from headstart.models.untrained import reset
from headstart.models.view import inspect_model
from headstart.models.wrapped import AnyBackbone

from .report import Report, compare, state


def keep_only(model: M, pattern: str, *, seed: int = 0, example: Tensor | None = None) -> tuple[M, Report]:
    """Copy a model and keep only what `pattern` selects; all else gets random weights of `seed`.

    The statistics of a normalisation are kept with its parameters; where it has none, with those of the
    module it is in.

    Args:
        model: a backbone, a model with a head, or any module.
        pattern: what is kept, as for `select`, such as "block(2), block(3)".
        seed: of the random weights.
        example: inputs (n, ...) for the one forward that finds blocks and head of a plain module.

    Raises:
        Unknown: a term of the pattern matches nothing.
        BadInput: nothing is selected.
    """
    kept = set(select(model, pattern, example=example))
    editor = ModelEditor(model, example)
    if isinstance(model, AnyBackbone):
        editor.model = model.untrained(seed)  # as initialised by its authors
    else:
        reset(editor.model, seed)
    named = dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in editor.model.named_parameters():
            if name in kept:
                parameter.copy_(named[name])
        ours = dict(editor.model.named_buffers())
        for name, value in model.named_buffers():
            if _rests_on(model, name, {id(named[one]) for one in kept}):
                ours[name].copy_(value)
    how = dict.fromkeys(state(model), f"random, seed {seed}")
    return editor.model, compare(state(model), state(editor.model), f"only {pattern} is kept", how)


def _rests_on(model: nn.Module, buffer: str, kept: set[int]) -> bool:
    """Whether all parameters that belong to a buffer are kept."""
    path = buffer
    while path:
        path = path.rpartition(".")[0]
        found = {id(p) for p in model.get_submodule(path).parameters()}
        if found:
            return found <= kept
    return False


def middle(
    model: nn.Module, start: int, stop: int, *, example: Tensor | None = None
) -> tuple[nn.Sequential, Report]:
    """Copy the blocks from `start` to before `stop` as a separate module: f2 of f1 o f2 o f3.

    What lies between two blocks in the same `nn.Sequential`, such as an activation, comes along. The
    result is run on the input of the first of these blocks in the model, and must reproduce the output of
    the last, so that nothing between them is lost unnoticed.

    Args:
        model: a backbone, a model with a head, or any module; see `describe` for its blocks.
        start: number of the first block, >= 0.
        stop: number after the last, <= the number of blocks.
        example: inputs (n, ...) for the forward of a plain module.

    Returns:
        The middle, to be put between a new first and a new last part, as in
        `nn.Sequential(f3, f2, f1)`, and the report.

    Raises:
        BadInput: there are no such blocks, or they are not a chain.
    """
    view = inspect_model(model, example)
    if not 0 <= start < stop <= len(view.blocks):
        raise BadInput(
            f"Blocks {start} to {stop} are not there: there are {len(view.blocks)}; stop is exclusive."
        )
    names = _between(model, tuple(view.members(view.blocks[start:stop])))
    given, wanted = _passed(model, names, view.example)
    made = nn.Sequential(*(duplicate(model.get_submodule(name)) for name in names))
    made.training = model.training
    try:
        with quiet(made):
            got = first_tensor(made(given))
    except Exception as reason:
        raise BadInput(f"{_chain(names)}: {reason}.") from reason
    if got.shape != wanted.shape or not torch.allclose(got, wanted, rtol=1e-4, atol=1e-5, equal_nan=True):
        raise BadInput(
            f"{_chain(names)}: run one after the other they give something else than in the model."
        )
    before = {
        f"{i}.{key}": v for i, n in enumerate(names) for key, v in state(model.get_submodule(n)).items()
    }
    rest = len(state(model)) - len(before)
    return made, compare(
        before, state(made), f"{', '.join(names)} alone", {}, (f"{rest} other tensors left out",)
    )


def _chain(names: list[str]) -> str:
    return f"{', '.join(names)} are no chain"


def _between(model: nn.Module, blocks: tuple[str, ...]) -> list[str]:
    """The blocks and the modules between them in the same sequence."""
    parent, _, last = blocks[-1].rpartition(".")
    whole = model.get_submodule(parent)
    if not isinstance(whole, nn.Sequential) or any(b.rpartition(".")[0] != parent for b in blocks):
        return list(blocks)
    children = [name for name, _ in whole.named_children()]
    first = blocks[0].rpartition(".")[2]
    found = children[children.index(first) : children.index(last) + 1]
    return [f"{parent}.{child}" if parent else child for child in found]


def _passed(model: nn.Module, names: list[str], example: Tensor) -> tuple[Tensor, Tensor]:
    """Input of the first of the modules in the model, and output of the last."""
    given: list[Tensor] = []
    wanted: list[Tensor] = []
    first, last = model.get_submodule(names[0]), model.get_submodule(names[-1])
    handles = [
        first.register_forward_pre_hook(lambda _m, args: given.append(args[0].clone())),
        last.register_forward_hook(lambda _m, _a, output: wanted.append(first_tensor(output).clone())),
    ]
    try:
        with quiet(model):
            run(model, example)
    finally:
        for handle in handles:
            handle.remove()
    if len(given) != 1 or len(wanted) != 1:
        raise BadInput(f"{_chain(names)}: they are called {len(given)} and {len(wanted)} times in a forward.")
    return given[0], wanted[0]
