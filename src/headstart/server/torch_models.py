"""Models that torch computes: several on one backbone share its weights, and one forward."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from headstart.core import Backbone, LabelKind
from headstart.core.tokens import NOTHING
from headstart.models.fast import Fast, fast
from headstart.models.lengths import by_length
from headstart.nn.adapters.adapter_file import HeadWarning
from headstart.nn.adapters.side_car import Adapters
from headstart.predictor.predictor import Predictor
from headstart.runtime.predictions import to_prediction
from headstart.server.forms import form_of
from headstart.server.items import cautions, checked
from headstart.server.served import Engine, Floats, Job, Outcome
from headstart.session.scoring import as_predictions


class TorchModel:
    """A model that is served; see `Served`."""

    def __init__(self, name: str, predictor: Predictor, folder: Path, most_pixels: int) -> None:
        """Take from a predictor what is not its backbone."""
        self.name, self.folder = name, folder
        self.kind = predictor.modality.kind
        self.label_kind: LabelKind = predictor.label_kind
        self.classes, self.decision = predictor.classes, predictor.decision
        self.reader, self._modality, self._tokens = predictor.reader, predictor.modality, predictor.tokens
        self.reads: object = self.reader
        self.head = predictor.model.head
        self.form = None if predictor.schema is None else form_of(predictor.schema)
        self.engine: Engine
        self.adapters = ""  # name of its set in the engine; "" for none
        self._check = checked(self.kind, most_pixels)

    def prepare(self, item: Any) -> tuple[Tensor, list[str]]:
        """An item as the backbone takes it; see `Served`."""
        self._check(item)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inputs = self._modality.inputs([item], self.reader)
        x = inputs.x[0]
        return x, cautions(inputs.unseen, self._tokens, item, len(x))

    def predicted(self, outputs: Floats) -> dict[str, Any]:
        """The prediction, as JSON values; see `Served`."""
        return vars(to_prediction(outputs, self.label_kind, self.classes, self.decision))


class TorchEngine:
    """A backbone, and the heads and adapters that use it.

    Attributes:
        backbone: without the adapters of any model.
        models: by name.
    """

    def __init__(self, backbone: nn.Module) -> None:
        """No model uses it yet."""
        self.backbone = backbone.eval()
        self.models: dict[str, TorchModel] = {}
        first = next(backbone.parameters(), None)
        self._device = torch.device("cpu") if first is None else first.device
        self._adapters: Adapters | None = None
        self._apart = False  # whether sets of adapters can't share a forward

    def add(self, model: TorchModel, adapters: Path | None = None) -> None:
        """Let a model use the backbone, with the adapters in a file if one is given.

        Raises:
            Mismatch: they are for another backbone.
        """
        if adapters is not None:
            self._adapters = Adapters(self.backbone) if self._adapters is None else self._adapters
            model.adapters = f"set {len(self._adapters.names)}"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", HeadWarning)  # the head is that of the model
                self._adapters.load(model.adapters, adapters)
        self.models[model.name], model.engine = model, self

    def make_fast(self) -> None:
        """Let the forward be that of a fast copy, which takes the place of a backbone without adapters."""
        if self._adapters is None and isinstance(self.backbone, Backbone):
            self.backbone = fast(self.backbone)

    def answer(self, jobs: Sequence[Job]) -> list[Outcome]:
        """One forward of the backbone for all rows of a shape, then each head on its rows; see `Engine`."""
        found: list[tuple[dict[str, Floats], dict[str, Floats]]] = [({}, {}) for _ in jobs]
        for rows in self._alike(jobs):
            self._compute([jobs[row] for row in rows], [found[row] for row in rows])
        return [Outcome(*one) for one in found]

    def _alike(self, jobs: Sequence[Job]) -> list[list[int]]:
        """Numbers of jobs that fit into one batch: of texts all, which are padded."""
        groups: dict[object, list[int]] = {}
        for number, job in enumerate(jobs):
            padded = job.x.ndim == 1 and not job.x.is_floating_point()
            groups.setdefault("texts" if padded else tuple(job.x.shape), []).append(number)
        return list(groups.values())

    @torch.no_grad()
    def _compute(
        self, jobs: Sequence[Job], found: Sequence[tuple[dict[str, Floats], dict[str, Floats]]]
    ) -> None:
        uses = [
            (number, name)
            for number, job in enumerate(jobs)
            for name in dict.fromkeys(self.models[model].adapters for model in job.models)
        ]
        x = _batch([jobs[number].x for number, _ in uses]).to(self._device)
        features = self._features(x, [name for _, name in uses])
        for name, model in self.models.items():
            rows = [
                row
                for row, (number, adapters) in enumerate(uses)
                if adapters == model.adapters and name in jobs[number].models
            ]
            if not rows:
                continue
            outputs = as_predictions(model.head(features[rows]).float().cpu(), model.label_kind)
            for row, output in zip(rows, outputs, strict=True):
                number = uses[row][0]
                found[number][0][name] = output
                if jobs[number].features:
                    found[number][1][name] = features[row].double().cpu().numpy()

    def _features(self, x: Tensor, adapters: Sequence[str]) -> Tensor:
        """Features (n, width), each row with its set of adapters or with none."""
        plain = [row for row, name in enumerate(adapters) if not name]
        others = [row for row, name in enumerate(adapters) if name]
        if not others:
            return self._plain(x)
        found: Mapping[int, Tensor] = dict(
            zip(others, self._adapted(x[others], adapters, others), strict=True)
        )
        if plain:
            found = {**found, **dict(zip(plain, self._plain(x[plain]), strict=True))}
        return torch.stack([found[row] for row in range(len(x))])

    def _plain(self, x: Tensor) -> Tensor:
        backbone: Any = self.backbone
        texts = x.ndim == 2 and not x.is_floating_point() and not isinstance(backbone, Fast)
        found: Tensor = by_length(backbone, x) if texts else backbone(x)
        return found

    def _adapted(self, x: Tensor, adapters: Sequence[str], rows: Sequence[int]) -> Tensor:
        """Mixed rows in one forward, or one set after the other where a model can't keep them apart."""
        assert self._adapters is not None
        names = [adapters[row] for row in rows]
        if not self._apart and len(set(names)) > 1:
            try:
                mixed: Tensor = self._adapters.mixed(x, names)
                return mixed
            except ValueError:
                self._apart = True
        found: dict[int, Tensor] = {}
        for name in dict.fromkeys(names):
            mine = [row for row, other in enumerate(names) if other == name]
            with self._adapters.use(name) as model:
                found |= dict(zip(mine, model(x[mine]), strict=True))
        return torch.stack([found[row] for row in range(len(x))])


def _batch(rows: Sequence[Tensor]) -> Tensor:
    if rows[0].ndim == 1 and not rows[0].is_floating_point():
        return pad_sequence(list(rows), batch_first=True, padding_value=NOTHING)
    return torch.stack(list(rows))
