"""The optimisers of a run: one for each name that its moves give, so that a parameter has one state."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer

from headstart.core import BadInput, Descend, Move, On, Parts

from .recipe import Recipe

Group = dict[str, Any]


def optimiser_name(move: Descend[Any], recipe: Recipe) -> str:
    """Name of the optimiser that carries out a move.

    L-BFGS remembers the curvature of one loss, so there each move has its own.
    """
    return move.name if recipe.optimiser == "lbfgs" else move.optimiser or move.name


def build_optimisers(
    moves: Sequence[Move[Any]],
    parts: Parts,
    recipe: Recipe,
    group: Callable[[On, list[nn.Parameter]], Group],
) -> dict[str, Optimizer]:
    """One optimiser for each name, over all parameters of the moves that give that name.

    Args:
        moves: of which those that descend have optimisers.
        parts: of the run.
        recipe: that builds optimisers.
        group: parameters of one `On` as a group of an optimiser, with their settings.

    Raises:
        BadInput: moves that share a name or an optimiser give a parameter different settings.
    """
    groups: dict[str, list[Group]] = {}
    settings: dict[tuple[str, int], Group] = {}
    first: dict[str, Descend[Any]] = {}
    for move in (move for move in moves if isinstance(move, Descend)):
        if move.on != first.setdefault(move.name, move).on:
            raise BadInput(f"Two moves called {move.name!r} learn on other parameters; rename one.")
        name = optimiser_name(move, recipe)
        for on, parameters in move.groups(parts):
            made = group(on, parameters)
            plain = {key: value for key, value in made.items() if key != "params"}
            for parameter in parameters:
                if settings.get((name, id(parameter)), plain) != plain:
                    raise BadInput(
                        f"Moves that share the optimiser {name!r} give parameters of {on.part!r} different "
                        "rates, decays or starts; give them the same, or optimisers of their own."
                    )
            made["params"] = [p for p in parameters if (name, id(p)) not in settings]
            settings |= {(name, id(p)): plain for p in parameters}
            if made["params"]:
                groups.setdefault(name, []).append(made)
    return {name: recipe.build(each) for name, each in groups.items()}
