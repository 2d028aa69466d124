"""Names of models in addresses."""

from collections.abc import Sequence
from pathlib import Path

from headstart.core.errors import BadInput
from headstart.face import spell


def names_of_runs(runs: Sequence[Path], given: Sequence[str] = ()) -> list[str]:
    """A name for each run: what was given, or that of its folder; equal ones are numbered.

    Raises:
        BadInput: names that were given are not one a run, or are no names for an address.
    """
    if given and len(given) != len(runs):
        raise BadInput(f"There are {len(given)} names for {len(runs)} runs. Repeat {spell('name')} for each.")
    found: list[str] = []
    for number, run in enumerate(runs):
        folder = run.resolve()
        name = (
            given[number] if given else _plain(folder.parent.name if folder.name == "model" else folder.name)
        )
        if name != _plain(name) or (given and name in found):
            raise BadInput(
                f"The name {name!r} is taken, or is not of letters, digits, '-' and '_'. Choose another "
                f"{spell('name')}."
            )
        place = 2
        while name in found:
            name, place = f"{name.removesuffix(f'-{place - 1}')}-{place}", place + 1
        found.append(name)
    return found


def _plain(name: str) -> str:
    """Letters, digits, '-' and '_'; others become '-'."""
    return (
        "".join(one if one.isascii() and (one.isalnum() or one in "-_") else "-" for one in name) or "model"
    )
