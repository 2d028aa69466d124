"""Floor 2: one file per method; by folder of what is adapted.

Every method is found by looking, so `headstart.methods.RidgeProbe` needs no list.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    from headstart.core import walk

    found = {method.__name__: method for method in walk()}
    if name not in found:
        raise AttributeError(f"headstart.methods has no {name!r}; it has {', '.join(sorted(found))}")
    return found[name]


def __dir__() -> list[str]:
    from headstart.core import walk

    return sorted({method.__name__ for method in walk()})
