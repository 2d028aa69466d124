"""Sounds as log-mel spectrograms, for any image backbone.

The magnitudes of a short-time Fourier transform (windows of 25 ms every 10 ms) are summed in bands that are
evenly spaced on the mel scale (Stevens, Volkmann and Newman 1937, doi:10.1121/1.1915893), in decibels below
the loudest band. Time runs to the right, frequency upwards.
"""

import io
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from headstart.core import BadData, MissingPackage, Preprocess, Reader, SampleLoader, derive_seed
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.decode import prepare
from headstart.data.finding import Finding, finding
from headstart.data.modality import Inputs, Modality, pictured, smaller_sizes
from headstart.data.naming import numbered
from headstart.data.near_duplicates import THUMBNAIL, Pair, near_pairs
from headstart.data.samples import InMemory, Raw
from headstart.data.sources import Pictures

Wave = NDArray[np.float32]  # (samples,), in [-1, 1]
BANDS = 128  # of the mel scale, the height of a picture
HIGHEST = 8000.0  # Hz; of lower sampling rates, half the rate
WINDOW, HOP = 0.025, 0.010  # seconds
QUIETEST = -80.0  # dB below the loudest band: black
SILENT = 1e-4  # largest amplitude that counts as silent
SHORT = 0.1  # seconds
RATE = 8000  # samples a second of the built-in sounds
PER_CLASS = 40  # of them

Source = str | Path | bytes | tuple[NDArray[Any], int]


class Glance(NamedTuple):
    """Summary of a sound, for the data check."""

    seconds: float
    peak: float  # the largest amplitude, in [0, 1]
    thumbnail: NDArray[np.uint8]  # (32, 32, 3) of its picture


def read_wave(source: Source, name: str = "") -> tuple[Wave, int]:
    """Read a sound as mono, the mean of its channels, with its sampling rate.

    Args:
        source: a path, the bytes of a file, or samples (n,) or (n, channels) with their rate.
        name: what error messages call it; a path is its own name.

    Raises:
        BadData: it can't be read, or is empty.
        MissingPackage: it is no PCM .wav file, and soundfile is not installed.
    """
    if isinstance(source, tuple):
        samples, rate = np.asarray(source[0], np.float32), int(source[1])
    else:
        name = name or (str(source) if not isinstance(source, bytes) else "The sound")
        try:
            content = source if isinstance(source, bytes) else Path(source).read_bytes()
            samples, rate = _decoded(content)
        except MissingPackage:
            raise
        except Exception as error:  # a broken file can break its reader in any way
            why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
            raise BadData(
                f"{name} can't be read as a sound: {why}. Give a whole WAV or FLAC file."
            ) from error
    if not len(samples) or rate < 1 or not np.isfinite(samples).all():
        raise BadData(f"{name or 'The sound'} holds no sound: no samples, or NaN. Leave it out.")
    return samples.reshape(len(samples), -1).mean(1), rate


def log_mel(samples: Wave, rate: int) -> NDArray[np.uint8]:
    """Log-mel spectrogram, uint8 (128, frames); 255 is the loudest band, 0 is 80 dB below or less.

    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    >>> log_mel(tone.astype(np.float32), 8000).shape
    (128, 98)
    """
    size, step = max(2, round(WINDOW * rate)), max(1, round(HOP * rate))
    padded = np.pad(samples, (0, max(0, size - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::step]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    bands = power @ _filters(rate, size).T
    loudest = max(float(bands.max()), np.finfo(np.float64).tiny)
    levels = 10 * np.log10(np.maximum(bands / loudest, 10 ** (QUIETEST / 10)))
    return np.rint(255 * (1 - levels / QUIETEST)).astype(np.uint8).T[::-1]


def _filters(rate: int, size: int) -> NDArray[np.float64]:
    """Triangles (128, size // 2 + 1) over the frequencies of a transform, each at least one of these wide."""
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    edges = _hertz(np.linspace(0, _mel(min(HIGHEST, rate / 2)), BANDS + 2))
    width = np.maximum(np.diff(edges), frequencies[1])
    rising = 1 - (edges[1:-1, None] - frequencies) / width[:-1, None]
    falling = 1 - (frequencies - edges[1:-1, None]) / width[1:, None]
    triangles: NDArray[np.float64] = np.clip(np.minimum(rising, falling), 0, None)
    return triangles


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


def _decoded(content: bytes) -> tuple[NDArray[np.float32], int]:
    try:
        import soundfile
    except ImportError as error:
        if not content.startswith(b"RIFF"):
            raise MissingPackage("soundfile", "Reading sounds other than .wav", "audio") from error
        return _pcm(content)
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    return samples, int(rate)


def _pcm(content: bytes) -> tuple[NDArray[np.float32], int]:
    """Read a PCM .wav file of 1 to 4 bytes a sample by the standard library."""
    with wave.open(io.BytesIO(content)) as file:
        width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
        octets = np.frombuffer(file.readframes(file.getnframes()), np.uint8).reshape(-1, width)
    if width == 1:
        whole = (octets[:, 0].astype(np.int64) - 128) << 24
    else:
        whole = np.zeros((len(octets), 4), np.uint8)
        whole[:, 4 - width :] = octets
        whole = whole.view("<i4")[:, 0].astype(np.int64)
    return (whole / 2**31).astype(np.float32).reshape(-1, channels), rate


def tones(name: str = "tones") -> Dataset:
    """200 synthetic sounds of 1 s in five classes: tones, rising and falling chirps, noise and clicks."""
    made = [(kind, _written(samples)) for kind, samples in _synthesised()]
    classes, labels = numbered([kind for kind, _ in made], name)
    items = tuple(f"{kind}/{place % PER_CLASS}.wav" for place, (kind, _) in enumerate(made))
    return Dataset(name, classes, labels, items, InMemory([content for _, content in made], "sounds"))


def _synthesised() -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Synthesise the sounds, each with its own pitch, loudness and background noise."""
    time = np.arange(RATE) / RATE
    makers: dict[str, Callable[[float, np.random.Generator], NDArray[np.float64]]] = {
        "tone": lambda pitch, _: np.sin(2 * np.pi * pitch * time),
        "rising": lambda pitch, _: np.sin(2 * np.pi * pitch * (time + time**2)),
        "falling": lambda pitch, _: np.sin(2 * np.pi * pitch * (3 * time - time**2)),
        "noise": lambda _, draw: draw.normal(size=RATE) / 3,
        "clicks": lambda pitch, _: (np.sin(2 * np.pi * (pitch / 60) * time) > 0.95).astype(np.float64),
    }
    for kind, make in makers.items():
        for place in range(PER_CLASS):
            draw = np.random.Generator(np.random.PCG64(derive_seed(0, "tones", kind, place)))
            pitch, loudness, hiss = draw.uniform(200, 900), draw.uniform(0.2, 0.8), draw.uniform(0.001, 0.05)
            yield kind, loudness * make(pitch, draw) + hiss * draw.normal(size=RATE)


def _written(samples: NDArray[np.float64]) -> bytes:
    """Write a 16-bit .wav file."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((1, 2, RATE, len(samples), "NONE", "not compressed"))
        file.writeframes(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return stream.getvalue()


@final
class SoundModality(Modality[Dataset]):
    """Sounds of any length and sampling rate, a file each."""

    kind = "sounds"
    rows = "sounds"
    description = "sounds"
    suffixes = frozenset({".wav", ".flac"})
    formats = "WAV or FLAC"
    example = ".wav"
    readers = (Preprocess, NoneType)
    backbone = "efficientnet_lite0"
    advice = "For sounds, give 'efficientnet_lite0' or another backbone of pictures."
    near = "have nearly the same spectrogram as another one"
    built_in: ClassVar[Mapping[str, Callable[[str], Dataset]]] = {"tones": tones}

    def picture(self, raw: Raw, name: str) -> Image.Image:
        return Image.fromarray(log_mel(*read_wave(_content(raw), name))).convert("RGB")

    def glance(self, raw: Raw, name: str) -> Glance:
        samples, rate = read_wave(_content(raw), name)
        thumbnail = prepare(log_mel(samples, rate), THUMBNAIL, name=name).permute(1, 2, 0).numpy()
        return Glance(len(samples) / rate, float(np.abs(samples).max()), thumbnail)

    def near_duplicates(self, glances: Sequence[Glance]) -> list[Pair]:
        return near_pairs(np.stack([one.thumbnail for one in glances]))

    def findings(self, data: Dataset, glances: Sequence[Glance], reader: Reader | None) -> list[Finding]:
        """Findings on silent or very short sounds."""
        checks = (
            ("silent", "warning", "silent", [one.peak < SILENT for one in glances]),
            ("short", "note", f"shorter than {SHORT} s", [one.seconds < SHORT for one in glances]),
        )
        found = []
        for kind, severity, what, hits in checks:
            items = [data.items[row] for row in np.flatnonzero(hits)]
            if items:
                text = f"{len(items)} of {len(data)} sounds {'is' if len(items) == 1 else 'are'} {what}."
                found.append(finding(kind, severity, text, items))
        return found

    def suited(self, data: Dataset, reader: Reader | None, size: int | None, fit: str | None) -> Preprocess:
        """Squash the whole spectrogram: cropping would lose the beginning, the end or frequencies."""
        old = pictured(reader)
        return replace(old, size=old.size if size is None else (size, size), fit="squash")

    def sizes(self, data: Dataset, reader: Reader | None) -> tuple[int | None, ...]:
        """Its own, and about half and a quarter as many pixels of the spectrogram."""
        return smaller_sizes(pictured(reader))

    def size_of(self, reader: Reader | None) -> str:
        return "{} x {} pixels".format(*pictured(reader).size)

    def loader(self, data: Dataset, reader: Reader | None, augment: Augment | None) -> SampleLoader:
        return Pictures(data, pictured(reader), augment, opened=self.picture)

    def inputs(self, items: Any, reader: Reader | None) -> Inputs:
        """Accept paths, bytes of files, or pairs of samples (n,) or (n, channels) and their rate."""
        pictures = (log_mel(*read_wave(item)) for item in items)
        return Inputs(torch.stack([prepare(picture, pictured(reader)) for picture in pictures]))


def _content(raw: Raw) -> bytes:
    assert isinstance(raw, bytes)
    return raw
