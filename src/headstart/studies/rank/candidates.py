"""Backbones that are compared: their names, how they are made, and the predictions of their own heads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from headstart.core import BadInput, Model, Unknown
from headstart.data.dataset import Dataset
from headstart.face import at_command_line, spell
from headstart.models import lite0, small_convnet, sources
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.encoders import is_encoder
from headstart.models.sources import Unreachable
from headstart.models.weights import read
from headstart.session.inputs import build_backbone
from headstart.session.table_backbone import TABLE

Given = str | nn.Module | tuple[str, str | Path]
RANDOM = "random"


@dataclass(frozen=True)
class Candidate:
    """A backbone to be made.

    Attributes:
        name: in the ranking.
        base: a name of an architecture, or a module of the caller's, such as a fitted `Model`.
        weights: a file or "random"; None: those that belong to the name.
    """

    name: str
    base: str | nn.Module
    weights: str | Path | None = None

    @property
    def origin(self) -> str:
        """Where its weights come from: "pretrained", "random", "columns", the name of a file, or "own"."""
        if not isinstance(self.base, str) or is_encoder(self.base):
            return "own"
        if self.base == TABLE and self.weights is None:
            return "columns"
        if self.base in small_convnet.NAMES and self.weights is None:
            return RANDOM
        return "pretrained" if self.weights is None else Path(self.weights).name

    def make(self, data: Dataset) -> AnyBackbone:
        """A backbone for the data; nothing of the caller's is changed."""
        if isinstance(self.base, str):
            if data.table is not None and self.weights == RANDOM:
                return build_backbone(data, self.base).untrained(0)
            try:
                return build_backbone(data, self.base, None if self.weights is None else str(self.weights))
            except Unreachable as error:
                ways = self._with(error.file), self._with(RANDOM)
                raise Unreachable(error.why, error.file, ways) from error
        return build_backbone(data, self.base.backbone if isinstance(self.base, Model) else self.base)

    def _with(self, weights: str) -> str:
        """This backbone with other weights, as a user would write it."""
        if at_command_line():
            return spell("weights", f"{self.base}={weights}")
        return f"({self.base!r}, {weights!r}) among the backbones"

    def probabilities(
        self, backbone: AnyBackbone, features: NDArray[np.float32]
    ) -> NDArray[np.float64] | None:
        """Predictions (n, z), of features (n, width), of the head that the backbone was trained with.

        None if that head is not known: of random weights, or not in the file.
        """
        z = torch.from_numpy(features)
        if isinstance(self.base, Model):
            with torch.inference_mode():
                return _softmax(self.base.head(z.to(backbone.mean.device)))
        head = self._head(backbone)
        return None if head is None else _softmax(z @ head[0].T + head[1])

    @property
    def headless(self) -> str:
        """Why there may be no head."""
        if self.weights == RANDOM:
            return "its head was never trained"
        if self.base == TABLE:
            return "the columns of a table come without a head"
        if isinstance(self.base, AnyBackbone) or is_encoder(self.base):
            return "a backbone comes without its head"
        return "the head that it was trained with is not known"

    def _head(self, backbone: AnyBackbone) -> tuple[Tensor, Tensor] | None:
        """Weight (z, width) and bias (z,)."""
        path, base = backbone.anatomy.head, self.base
        if path is None or self.weights == RANDOM or isinstance(base, AnyBackbone) or is_encoder(base):
            return None
        if isinstance(base, str):
            kind, name = sources.resolve(base)
            if self.weights is not None:
                state = read(self.weights)
                state = lite0.renamed(state) if kind == "builtin" else state
                return _flat(state.get(f"{path}.weight"), state.get(f"{path}.bias"), backbone.width)
            base = sources.build(kind, name, True)
        state = dict(base.get_submodule(path).named_parameters())
        return _flat(state.get("weight"), state.get("bias"), backbone.width)


def candidates(given: Sequence[Given] | Mapping[str, Given], data: Dataset | None = None) -> list[Candidate]:
    """The candidates of names, modules and pairs; named by themselves if no mapping names them.

    For texts, names that headstart does not know are those of transformers; for tables, "table" is one.

    Raises:
        BadInput: there is none, two have the same name, or a file of weights is missing.
        Unknown: no architecture has that name.
    """
    if isinstance(given, str | nn.Module):
        raise BadInput("rank takes a list of backbones, or a mapping that names them.")
    pairs = given.items() if isinstance(given, Mapping) else [(_name(base), base) for base in given]
    result = [Candidate(str(name), *(base if isinstance(base, tuple) else (base,))) for name, base in pairs]
    if not result:
        raise BadInput("There is no backbone to rank. Name one or more.")
    names = [candidate.name for candidate in result]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(
                f"Two backbones are called {name!r}. Give a mapping that names each: {{name: backbone}}."
            )
    for candidate in result:
        _check(candidate, data)
    return result


def _softmax(logits: Tensor) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = logits.cpu().double().softmax(1).numpy()
    return shares


def _name(base: Given) -> str:
    if isinstance(base, tuple):
        return f"{base[0]} ({Path(base[1]).stem})"
    if isinstance(base, str):
        return base
    base = base.backbone if isinstance(base, Model) else base
    return base.name if isinstance(base, AnyBackbone) else type(base).__name__


def _check(candidate: Candidate, data: Dataset | None) -> None:
    """Refuse what can't be loaded before anything is computed."""
    name, base, weights = candidate.name, candidate.base, candidate.weights
    if is_encoder(base):
        backbone(str(base))
    elif isinstance(base, str):
        _check_name(base, data)
    elif not isinstance(base, nn.Module):
        raise BadInput(f"The backbone {name} is a {type(base).__name__}; give a name or an nn.Module.")
    elif weights is not None:
        raise BadInput(f"The backbone {name} is a module of yours; load its weights yourself.")
    if weights not in (None, RANDOM) and not Path(str(weights)).is_file():
        raise BadInput(f"There is no weights file {str(weights)!r} for {name}.")


def _check_name(name: str, data: Dataset | None) -> None:
    """Refuse the name of no architecture, as far as that is known without the network."""
    if name == TABLE and (data is None or data.table is not None):
        return
    try:
        sources.resolve(name)
    except Unknown:
        if data is None or not data.is_texts:
            raise


def _flat(weight: Tensor | None, bias: Tensor | None, width: int) -> tuple[Tensor, Tensor] | None:
    """A linear layer or a convolution over single pixels as a matrix; None if it is neither."""
    if weight is None or len(weight) < 2 or weight[0].numel() != width:
        return None
    flat = weight.detach().float().flatten(1).cpu()
    return flat, torch.zeros(len(flat)) if bias is None else bias.detach().float().cpu()


def pairs_of(names: Sequence[str], weights: Sequence[str]) -> Iterator[tuple[str, Given]]:
    """The backbones of a command line: each name with every NAME=FILE of its own among `weights`.

    Raises:
        BadInput: one of `weights` has no =, or names a backbone that is not among `names`.
    """
    files: dict[str, list[str]] = {name: [] for name in names}
    for pair in weights:
        name, equals, file = pair.partition("=")
        if not equals or not file or name not in files:
            raise BadInput(
                f"{spell('weights', pair)}: write NAME=FILE, where NAME is a backbone: {', '.join(files)}."
            )
        files[name].append(file)
    for name, own in files.items():
        for file in own or ["pretrained"]:
            label = name if len(own) < 2 else f"{name} ({Path(file).stem})"
            yield label, name if file == "pretrained" else (name, file)
