"""How much of a model was learned in a run."""

from typing import Any

from headstart.core import Descend, Model
from headstart.run.state import Run


def trained(run: Run[Any], model: Model) -> int:
    """Numbers that were learned: what the descents moved, or what was solved for."""
    descents = [move for move in run.moves if isinstance(move, Descend)]
    moved = {id(p): p.numel() for move in descents for p in move.parameters(run.parts)}
    return sum(moved.values()) if moved else sum(p.numel() for p in model.head.parameters())
