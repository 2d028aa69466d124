"""Outputs of frozen parts, computed once and kept: replays that were proven, and their caches."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from headstart.core import Backbone, Batch, Descend, SampleLoader
from headstart.models.backbone import AnyBackbone
from headstart.models.fast import fast
from headstart.run.cache import Cache, Dtype, key_of
from headstart.run.frozen import Found, Replay, find
from headstart.run.state import Run
from headstart.run.step_cache import release_memory

ROWS = 16  # that go through a frozen prefix at a time: more take more memory and are no faster


@dataclass
class ActivationCaches:
    """Replays and caches of the runs on one backbone and one data set.

    Attributes:
        folder: for the records; None: nothing is recorded.
        dtype: of the records.
        rows: of the data.
        partly: whether what lies within a backbone can be recorded; of texts it can't, as their
            lengths differ.
    """

    folder: Path | None
    dtype: Dtype
    rows: int
    partly: bool
    _found: dict[str, Found] = field(default_factory=dict)
    _caches: dict[str, Cache] = field(default_factory=dict)

    def replay(self, key: str, run: Run[Any], batch: Callable[[], Batch]) -> Found:
        """What of a run can be replayed, looked for once for each `key`; a batch shows it."""
        if key not in self._found:
            wanted = self.folder is not None and (self.partly or _frozen(run))
            self._found[key] = find(run, batch()) if wanted else Found(None)
        return self._found[key]

    def loader(self, run: Run[Any], replay: Replay, source: SampleLoader, views: int) -> SampleLoader:
        """What the frozen prefix of a run gives for the samples of a source.

        Raises:
            CacheRefused: the record on the disk can't be trusted.
        """
        assert self.folder is not None
        key = key_of(replay.weights(run.parts), replay.boundary, source.content, self.dtype)
        slot = f"{key} {views}"
        if slot not in self._caches:
            compute = _compute(run, replay, self.dtype == "bf16")
            cache = Cache(self.folder, source, compute, key, self.rows, views, self.dtype)
            made = list(cache.fill())
            cache.compute = _all_is_there  # lets go of the run, its gradients and the optimiser's state
            self._caches[slot] = cache
            if made:  # or else what recording took lies there while training takes its own
                release_memory()
        return self._caches[slot]


def _frozen(run: Run[Any]) -> bool:
    """Whether no backbone learns."""
    descents = [move for move in run.moves if isinstance(move, Descend)]
    learning = {id(p) for move in descents for p in move.parameters(run.parts)}
    parts = [part for part in run.parts.values() if isinstance(part, Backbone)]
    return not any(id(p) in learning for part in parts for p in part.parameters())


def _compute(run: Run[Any], replay: Replay, bf16: bool) -> Callable[[Tensor], Tensor]:
    """What records the prefix's output; a whole backbone is made fast first."""
    part = run.parts[replay.part]
    if not replay.boundary and isinstance(part, AnyBackbone) and run.engine.device.type == "cpu":
        encoder = fast(part, bf16=bf16)

        def encode(x: Tensor) -> Tensor:
            with torch.inference_mode():
                features: Tensor = encoder(x)
            return features

        return encode

    def record(x: Tensor) -> Tensor:
        with run.engine.autocast(bf16):
            given = [replay.record(run.parts, rows.to(run.engine.device)) for rows in torch.split(x, ROWS)]
        return torch.cat(given)

    return record


def _all_is_there(_x: Tensor) -> Tensor:
    raise AssertionError("a cache that is full computes nothing")
