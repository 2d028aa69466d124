"""Activations of frozen layers on disk: computed once, memory-mapped, checked on use.

A cache is two files. `<key>.bin` holds fixed-size chunks of rows; `<key>.json` describes them and
holds a checksum of every finished chunk. A chunk counts when it is listed, and it is listed after
it was flushed: wherever writing is interrupted, the next run resumes from there.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from headstart.core import CacheRefused, CannotWrite, SampleLoader
from headstart.core.atomic_file import write_atomically

CHUNK = 64  # rows that are computed together; fixed, so that the bytes do not depend on interruptions
TOLERANCE = {"float32": 1e-3, "bf16": 3e-2}  # of a recomputed batch, relative to its largest value

Dtype = Literal["float32", "bf16"]
_TORCH = {"float32": torch.float32, "bf16": torch.bfloat16}


def key_of(weights: Mapping[str, Tensor], *words: str) -> str:
    """Cache key: a digest of every byte of the weights and of all the words."""
    digest = hashlib.blake2b(repr(words).encode(), digest_size=16)
    for name in sorted(weights):
        value = weights[name].detach().to("cpu").contiguous()
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


@dataclass
class Cache:
    """Recorded outputs of a frozen prefix for rows 0..rows-1 in `views` views each.

    It is itself a sample loader: `fetch` takes the same rows and views as the loader of the samples.

    Attributes:
        folder: where the two files are.
        source: of the samples.
        compute: of samples (n, ...): the recorded outputs (n, ...), always the same.
        key: of all that the outputs depend on; see `key_of`.
        rows: in the data.
        views: of each row; 0 records the plain ones only.
        dtype: "float32", or "bf16" at half the size and a relative error of up to 2**-8.
    """

    folder: Path
    source: SampleLoader
    compute: Callable[[Tensor], Tensor]
    key: str
    rows: int
    views: int = 0
    dtype: Dtype = "float32"

    def __post_init__(self) -> None:
        name = f"{self.key}-{self.dtype}-{self.views}"
        self._data, self._index = self.folder / f"{name}.bin", self.folder / f"{name}.json"
        self._map: Tensor | None = None

    @property
    def content(self) -> str:
        """Identifies everything that the recorded outputs depend on."""
        return f"{self.key} {self.dtype} {self.views}"

    def fill(self) -> Iterator[int]:
        """Record missing rows, yielding the number done so far; then check and open the cache.

        Raises:
            CacheRefused: recorded outputs differ from recomputed ones.
            CannotWrite: no space left or no permission; what was recorded stays.
        """
        total = self.rows * max(self.views, 1)
        index = self._read_index(total)
        digests: list[str] = index.get("chunks", [])
        for start in range(len(digests) * CHUNK, total, CHUNK):
            chunk = self._compute(np.arange(start, min(start + CHUNK, total)))
            index = {"row": list(chunk.shape[1:]), "dtype": self.dtype, "total": total}
            data = _bytes(chunk)
            self._write(start * _row_bytes(index), data)
            digests.append(_digest(data))
            write_atomically(self._index, json.dumps(index | {"chunks": digests}).encode())
            yield min(start + CHUNK, total)
        self._open(index, total)
        self._check(total)

    def fetch(self, rows: np.ndarray, views: np.ndarray) -> Tensor:
        """Recorded outputs (n, ...) in float32; view -1 is the plain one."""
        if self._map is None:
            for _ in self.fill():
                pass
        assert self._map is not None
        if self.views and (views < 0).any():
            raise ValueError("this cache holds augmented views only; ask one with views=0 for plain ones")
        slots = torch.from_numpy(np.maximum(views, 0) * self.rows + rows)
        found = self._map[slots].float()
        return found.permute(0, 3, 1, 2) if found.ndim == 4 else found

    def _compute(self, slots: np.ndarray) -> Tensor:
        views = slots // self.rows if self.views else np.full(len(slots), -1)
        output = self.compute(self.source.fetch(slots % self.rows, views))
        # pictures are laid out channels last, which convolutions read fastest
        output = output.permute(0, 2, 3, 1) if output.ndim == 4 else output
        return output.detach().to("cpu", _TORCH[self.dtype]).contiguous()

    def _read_index(self, total: int) -> dict[str, Any]:
        """The index, truncated to the chunks whose checksums agree."""
        try:
            index: dict[str, Any] = json.loads(self._index.read_text("utf-8"))
            if index["total"] != total:  # of other data: its last chunk has another length
                return {}
            size = _row_bytes(index) * CHUNK
            sound = []
            with self._data.open("rb") as file:
                for digest in index["chunks"]:
                    if _digest(file.read(size)) != digest:
                        break
                    sound.append(digest)
            return index | {"chunks": sound}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _write(self, at: int, data: bytes) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # closed within the `try`, for closing flushes, which fails where writing has failed
            with self._data.open("r+b" if self._data.exists() else "w+b") as file:
                file.seek(at)
                file.write(data)
                file.truncate()
        except OSError as error:
            raise CannotWrite(
                f"Can't write the cache {self._data}: {error.strerror}. Free some space, choose another "
                f"folder for it, or turn it off; what was recorded is kept."
            ) from error

    def _open(self, index: dict[str, Any], total: int) -> None:
        kind = torch.int16 if self.dtype == "bf16" else torch.float32
        numbers = total * int(np.prod(index["row"], dtype=np.int64))
        mapped = torch.from_file(str(self._data), shared=False, size=numbers, dtype=kind)
        self._map = mapped.view(_TORCH[self.dtype]).reshape(total, *index["row"])

    def _check(self, total: int) -> None:
        """Recompute one batch of rows spread over the data, and compare."""
        assert self._map is not None
        slots = np.unique(np.linspace(0, total - 1, 8).astype(np.int64))
        now, then = self._compute(slots).float(), self._map[torch.from_numpy(slots)].float()
        # a NaN difference makes the comparison false, and the cache is refused
        if not bool((now - then).abs().max() <= TOLERANCE[self.dtype] * then.abs().max() + 1e-6):
            self._map = None
            raise CacheRefused(
                f"The cache {self._data} does not fit: outputs computed now differ from the recorded ones "
                f"by up to {(now - then).abs().max().item():.3g}. Something outside the weights and the data "
                f"changes them; the run goes on without the cache. Delete the file to record it anew."
            )


def _bytes(chunk: Tensor) -> bytes:
    return chunk.reshape(-1).view(torch.uint8).numpy().tobytes()


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _row_bytes(index: dict[str, Any]) -> int:
    size = {"float32": 4, "bf16": 2}[index["dtype"]]
    return int(np.prod(index["row"], dtype=np.int64)) * size
