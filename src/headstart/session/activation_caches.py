"""What frozen parts of runs give, recorded once and replayed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import Backbone, Batch, Descend, SampleLoader
from headstart.data.stream import Sentences
from headstart.models.backbone import AnyBackbone
from headstart.models.fast import fast
from headstart.run.cache import Cache, Dtype, key_of
from headstart.run.engine_choices import EngineChoices
from headstart.run.frozen import Found, Replay, find
from headstart.run.state import Run
from headstart.run.step_cache import release_memory
from headstart.run.token_records import of_length

LARGEST = 2**30  # bytes of a record of tokens within a backbone
ROWS = 16  # that go through a frozen prefix at a time: more take more memory and are no faster


@dataclass
class ActivationCaches:
    """Replays and caches of the runs on one backbone and one data set."""

    folder: Path | None  # for the records; None: nothing is recorded
    dtype: Dtype  # of the records
    rows: int  # of the data
    size: Callable[[], int] = lambda: 0  # bytes of a record within the backbone, if the rows differ in length
    show: Callable[[float], None] = lambda _share: None  # is told which share of a record is done
    _found: dict[str, Found] = field(default_factory=dict)
    _caches: dict[str, Cache] = field(default_factory=dict)

    @property
    def partly(self) -> bool:
        """Whether what lies within a backbone is recorded: of texts too, unless it is too much."""
        return self.size() <= LARGEST

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
        part = run.parts[replay.part]
        readout = part.readout if isinstance(part, AnyBackbone) else None
        boundary = f"{replay.boundary} {readout}" if readout else replay.boundary
        key = key_of(replay.weights(run.parts), boundary, source.content, self.dtype)
        slot = f"{key} {views}"
        if slot not in self._caches:
            self.show(0.0)
            compute = _compute(run, replay, self.dtype == "bf16", self.rows * max(views, 1), self.folder)
            if replay.tokens and isinstance(source, Sentences):
                compute = _as_long_as(longest(source, self.rows), compute)
            cache = Cache(self.folder, source, compute, key, self.rows, views, self.dtype)
            recorded = self._fill(cache)
            cache.compute = _all_is_there  # lets go of the run, its gradients and the optimiser's state
            self._caches[slot] = cache
            if recorded:  # or else what recording took lies there while training takes its own
                release_memory()
        return self._caches[slot]

    def _fill(self, cache: Cache) -> bool:
        """Record what is missing; whether anything was."""
        done = 0
        for done in cache.fill():
            self.show(done / (self.rows * max(cache.views, 1)))
        return done > 0


def _frozen(run: Run[Any]) -> bool:
    """Whether no backbone learns."""
    descents = [move for move in run.moves if isinstance(move, Descend)]
    learning = {id(p) for move in descents for p in move.parameters(run.parts)}
    parts = [part for part in run.parts.values() if isinstance(part, Backbone)]
    return not any(id(p) in learning for part in parts for p in part.parameters())


def _compute(
    run: Run[Any], replay: Replay, bf16: bool, rows: int, folder: Path
) -> Callable[[Tensor], Tensor]:
    """What records the prefix's output for so many rows; a whole backbone is made fast first."""
    part = run.parts[replay.part]
    if not replay.boundary and isinstance(part, AnyBackbone) and run.engine.device.type == "cpu":
        encoder = fast(part, bf16=bf16, rows=rows, choices=EngineChoices(folder))

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


def _as_long_as(length: int, compute: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """`compute`, with records of that many tokens."""
    return lambda x: of_length(compute(x), length)


def longest(source: Sentences, rows: int) -> int:
    """Tokens of the longest of so many rows."""
    return int(source.lengths(np.arange(rows)).max(initial=1))


def _all_is_there(_x: Tensor) -> Tensor:
    raise AssertionError("a cache that is full computes nothing")
