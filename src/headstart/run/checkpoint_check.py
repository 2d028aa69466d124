"""Check that a checkpoint belongs to the same method, parts and optimisers."""

from pathlib import Path
from typing import Any

from headstart.core import Mismatch
from headstart.run.state import Run


def require_same_run(state: Any, run: Run[Any], path: Path) -> None:
    """Raise unless a checkpoint was saved from a run of the same method, parts and optimisers.

    Raises:
        Mismatch: the checkpoint differs; the message names the file, both methods and, if they are
            the same, the first difference.
    """
    if not isinstance(state, dict) or not {"step", "parts", "optimisers", "average"} <= state.keys():
        raise Mismatch(f"{path} is not the checkpoint of a training. {_way_out(run)}")
    name = state.get("name", run.name)
    if name != run.name:
        raise Mismatch(f"{path} was saved from {name}, but what runs now is {run.name}. {_way_out(run)}")
    different = (
        _difference(_shapes(state["parts"]), _shapes(run.parts.state_dict()))
        or _difference(_groups(state["optimisers"]), _groups(run.state_dict()["optimisers"]))
        or _difference({"ema": bool(state["average"])}, {"ema": run.average is not None})
        or _difference({"guides": state.get("guides", "")}, {"guides": run.guides})
    )
    if different:
        raise Mismatch(
            f"{path} was saved from {name} with another backbone, data or settings than what runs now, "
            f"which is {run.name} too: {different}. {_way_out(run)}"
        )


def _way_out(run: Run[Any]) -> str:
    return f"Give {run.name} a checkpoint file of its own, or delete this one to start anew."


def _shapes(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value.shape) for name, value in parts.items()}


def _groups(optimisers: dict[str, Any]) -> dict[str, Any]:
    """The optimiser settings of each parameter group, and the number of its parameters."""
    found = {}
    for name, state in optimisers.items():
        groups = state["param_groups"]
        found[f"optimiser {name}, tensors a group"] = [len(group["params"]) for group in groups]
        found[f"optimiser {name}, its settings"] = sorted({key for group in groups for key in group})
    return found


def _difference(saved: dict[str, Any], now: dict[str, Any]) -> str:
    """Describe the first entry that differs; "" if none does."""
    for name in dict.fromkeys([*now, *saved]):
        if saved.get(name) != now.get(name):
            there, here = (str(values.get(name, "nothing")) for values in (saved, now))
            return f"{name} is {there} in the file and {here} now"
    return ""
