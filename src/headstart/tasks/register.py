"""The register of families of tasks: found by walking the package, made from a spec."""

from collections.abc import Iterator
from dataclasses import MISSING, fields, replace
from typing import Any

from headstart.core import Unknown
from headstart.core.specs import build
from headstart.core.walking import final_classes
from headstart.tasks.family import TaskFamily

PACKAGE = "headstart.tasks"


def walk_families() -> Iterator[type[TaskFamily]]:
    """Every final class of families; there is no list to maintain."""
    return final_classes(PACKAGE, TaskFamily)


def family_names() -> dict[str, type[TaskFamily]]:
    """The families that are made of settings alone, without data, by name."""
    return {
        kind.name: kind
        for kind in walk_families()
        if all(each.default is not MISSING or each.default_factory is not MISSING for each in fields(kind))
    }


def make_family(spec: str, **settings: Any) -> TaskFamily:
    """The family of a spec, as in "sinusoids" or "sinusoids:noise=0.1,amplitude=1/2".

    Args:
        spec: a name, with settings after a colon; the ends of a range have a slash between them.
        **settings: others, such as `shots`; those that the spec gives come before them.

    Raises:
        Unknown: no family, or no setting of it, has that name.
        BadInput: a setting has no value, or an invalid one.
    """
    name, known = spec.partition(":")[0], family_names()
    if name not in known:
        raise Unknown("family of tasks", name, known)
    said = {pair.partition("=")[0] for pair in spec.partition(":")[2].split(",")}
    return replace(build(known[name], spec), **{k: v for k, v in settings.items() if k not in said})
