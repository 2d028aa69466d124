"""The weights of `tablenet`, which come with headstart."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from .encoder import Sizes
from .network import InContextNetwork

NAME = "tablenet"
WEIGHTS = Path(__file__).with_name(f"{NAME}.safetensors")
CARD = Path(__file__).with_name(f"{NAME}.json")


def card() -> dict[str, Any]:
    """What the weights are: how they were made, of which digest, and the sizes of their network."""
    found: dict[str, Any] = json.loads(CARD.read_text(encoding="utf-8"))
    return found


def digest(path: Path = WEIGHTS) -> str:
    """SHA-256 of the file of weights."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _tensors() -> dict[str, Tensor]:
    return {name: value.float() for name, value in load_file(WEIGHTS).items()}


def sizes() -> Sizes:
    """Of the network."""
    return Sizes(**card()["sizes"])


def load_pretrained(network: InContextNetwork) -> None:
    """Give a network of these sizes the weights."""
    network.load_state_dict(_tensors())


def pretrained_encoder() -> dict[str, Tensor]:
    """The tensors of the encoder of rows alone, by their names in it."""
    prefix = "encoder."
    return {name.removeprefix(prefix): one for name, one in _tensors().items() if name.startswith(prefix)}


def pretrained_network() -> InContextNetwork:
    """A network with the weights, in evaluation mode; each call makes one."""
    network = InContextNetwork(sizes())
    load_pretrained(network)
    return network.eval()
