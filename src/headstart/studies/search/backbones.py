"""The backbones of a search: one, as of other studies, or several by name."""

from collections.abc import Mapping
from typing import Any

from headstart.core import BadInput
from headstart.face import spell
from headstart.models.backbone import AnyBackbone
from headstart.studies._runner import load_backbone, load_inputs, load_labelled
from headstart.studies._spec import Study
from headstart.studies.rank.candidates import Candidate, candidates, pairs_of
from headstart.studies.search import SearchSettings

OPTIONS = "_options"  # among the inputs: the words that name each backbone on a command line


def load_searched(
    spec: Study, given: Mapping[str, Any], settings: SearchSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The inputs of a search. Of several backbones, `backbone` is the first, `backbones` are all by name.

    Raises:
        BadInput: two have the same name, or weights belong to none of them.
        Unknown: no architecture has that name.
    """
    value, weights = given.get("backbone"), list(given.get("weights") or ())
    bases = list(value.values()) if isinstance(value, Mapping) else value
    bases = list(bases) if isinstance(bases, list | tuple) else [bases]
    if len(bases) < 2:
        alone = {"backbone": bases[0] if bases else None, "weights": _only(weights)}
        return load_inputs(spec, {**given, **alone}, settings, columns)
    data = load_labelled(given["data"], columns, given.get("label_fixes"))
    named = value if isinstance(value, Mapping) else bases
    found = candidates(dict(pairs_of(bases, weights)) if weights else named, data)
    made = {
        one.name: load_backbone(one.base, data, settings, None if one.weights is None else str(one.weights))
        for one in found
    }
    options = {one.name: _options(one) for one in found}
    return {"data": data, "backbone": made[found[0].name], "backbones": made, OPTIONS: options}


def searched(inputs: Mapping[str, Any]) -> dict[str, AnyBackbone]:
    """All backbones of a search by name; one alone is called ""."""
    found: dict[str, AnyBackbone] = inputs.get("backbones") or {"": inputs["backbone"]}
    return found


def _only(weights: list[str]) -> str | None:
    """The weights of the only backbone."""
    if len(weights) > 1:
        raise BadInput(
            f"There are {len(weights)} {spell('weights')}, and one backbone. Give one, or several backbones, "
            f"and {spell('weights', 'NAME=FILE')} for each that has its own."
        )
    return weights[0] if weights else None


def _options(one: Candidate) -> list[str]:
    """Options that name a backbone; [] of a module."""
    if not isinstance(one.base, str):
        return []
    return ["--backbone", one.base, *([] if one.weights is None else ["--weights", str(one.weights)])]
