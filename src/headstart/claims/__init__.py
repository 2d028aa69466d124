"""The claims of the textbook, a file each: what is measured, the rule of the verdict, the figure.

No list is kept: each module here without a leading underscore declares its claim as `CLAIM`.
"""

import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from headstart.claims._claim import Claim as Claim
from headstart.claims._claim import Effect as Effect
from headstart.claims._claim import Numbers as Numbers
from headstart.claims._lab import Lab as Lab
from headstart.claims._notebook import write_notebook as write_notebook
from headstart.core import Unknown


@cache
def walk_claims() -> tuple[Claim, ...]:
    """All claims in the order of the gallery."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    return tuple(sorted(map(_claim, names), key=lambda claim: claim.number))


def find_claim(name: str) -> Claim:
    """The claim of a name, such as "feature-distortion", or of a number, such as "4".

    Raises:
        Unknown: there is none; the message suggests the nearest.
    """
    for claim in walk_claims():
        if name in (claim.name, str(claim.number)):
            return claim
    raise Unknown("claim", name, [claim.name for claim in walk_claims()])


def claims_of(names: Iterator[str] | list[str] | tuple[str, ...]) -> tuple[Claim, ...]:
    """The claims of these names, each once, in the order of the gallery."""
    chosen = {find_claim(name).name for name in names}
    return tuple(claim for claim in walk_claims() if claim.name in chosen)


def _claim(name: str) -> Claim:
    found: Claim = importlib.import_module(f"{__name__}.{name}").CLAIM
    return found
