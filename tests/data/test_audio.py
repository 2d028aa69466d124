"""Sounds: read from files, made pictures of, checked, fed to a backbone for pictures and predicted."""

import io
import sys
import wave
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import headstart as hs
from headstart.core import BadData, MissingPackage, Preprocess, find
from headstart.data.check import check
from headstart.data.load import load
from headstart.data.modalities.audio import BANDS, log_mel, read_wave
from headstart.data.unlabelled import load_unlabelled
from headstart.predictor.save import save_model
from headstart.runtime.predictions import Decision
from headstart.session.inputs import fit_to_data, loader_of

RATE = 8000
TIME = np.arange(RATE) / RATE


def tone(hertz, loudness=0.5):
    return (loudness * np.sin(2 * np.pi * hertz * TIME)).astype(np.float32)


def wav(samples, width=2, channels=1, rate=RATE):
    """The bytes of a PCM file of whole numbers of `width` bytes."""
    whole = np.rint(np.asarray(samples, np.float64) * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    whole = whole + 128 if width == 1 else whole
    octets = whole.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width]
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((channels, width, rate, len(whole) // channels, "NONE", "not compressed"))
        file.writeframes(octets.tobytes())
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Six low and six high tones in class folders."""
    for name, low in (("high", 2000), ("low", 200)):
        (tmp_path / "sounds" / name).mkdir(parents=True)
        for place in range(6):
            (tmp_path / "sounds" / name / f"{place}.wav").write_bytes(wav(tone(low * (1 + place / 10))))
    return tmp_path / "sounds"


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_whole_numbers_of_any_width_are_read(width):
    samples, rate = read_wave(wav(tone(440), width))
    assert rate == RATE
    assert np.abs(samples - tone(440)).max() <= 2 / 2 ** (8 * width - 1) + 1e-6


def test_channels_are_averaged():
    both = np.stack([np.full(100, 0.5), np.full(100, -0.25)], axis=1)
    samples, _ = read_wave(wav(both.ravel(), channels=2))
    assert samples == pytest.approx(np.full(100, 0.125), abs=1e-4)


@pytest.mark.parametrize("hertz", [300, 1000, 3000])
def test_the_loudest_band_is_that_of_the_tone(hertz):
    """Band b of 128 up to 4000 Hz, 2146.1 mel, is centred at (b + 1) / 129 of them: 1000 Hz is in band 59."""
    mel = 2595 * np.log10(1 + hertz / 700)
    band = round(129 * mel / 2146.06) - 1
    picture = log_mel(tone(hertz), RATE)
    assert picture.shape == (BANDS, 98)  # 1 + (8000 - 200) / 80 windows
    assert abs((BANDS - 1 - int(picture[:, 50].argmax())) - band) <= 1
    assert hertz != 1000 or band == 59


def test_levels_are_decibels_below_the_loudest():
    """A second tone of a tenth of the amplitude is 20 dB down: a quarter of the 80 dB that are shown."""
    picture = log_mel(tone(500) + tone(2500, 0.05), RATE)[:, 50].astype(float)
    low, high = picture[BANDS // 2 :].max(), picture[: BANDS // 2].max()
    assert low == 255
    assert high == pytest.approx(255 * 0.75, abs=8)


def test_a_sound_is_the_same_picture_however_loud_it_is():
    assert np.abs(log_mel(tone(700, 0.8), RATE).astype(int) - log_mel(tone(700, 0.1), RATE)).max() <= 1


def test_a_folder_and_a_manifest_of_sounds(folder, tmp_path):
    Image.new("RGB", (8, 8)).save(folder / "low" / "cover.png")  # of fewer files than there are sounds
    data = load(folder)
    assert (data.kind, len(data), data.classes) == ("sounds", 12, ("high", "low"))
    assert data.items[0] == "high/0.wav"
    assert data.picture(0).size == (98, BANDS)
    (tmp_path / "list.csv").write_text("path,label\nsounds/high/0.wav,h\nsounds/low/0.wav,l\n")
    assert load(tmp_path / "list.csv").kind == "sounds"
    assert load_unlabelled(folder, data).kind == "sounds"
    with pytest.raises(BadData, match="domains of one kind"):
        load_unlabelled(load("digits"), data)


def test_broken_and_compressed_files_are_named(folder, monkeypatch):
    (folder / "low" / "0.wav").write_bytes(b"RIFF and nothing else")
    found = {one.kind: one for one in check(load(folder), near=False).findings}
    assert found["unreadable"].text.startswith("1 of 12 sounds can't be read")
    assert found["unreadable"].items == ["low/0.wav"]
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingPackage, match=r"pip install .*soundfile"):
        read_wave(b"fLaC and so on")
    with pytest.raises(BadData, match="holds no sound"):
        read_wave((np.zeros(0), RATE), "empty.wav")


def test_what_the_check_says_of_sounds(folder):
    (folder / "low" / "0.wav").write_bytes(wav(np.zeros(RATE)))
    (folder / "low" / "1.wav").write_bytes(wav(tone(440)[: RATE // 20]))
    chirp = np.sin(2 * np.pi * (300 * TIME + 400 * TIME**2))
    (folder / "high" / "1.wav").write_bytes(wav(0.9 * chirp))
    (folder / "high" / "2.wav").write_bytes(wav(0.3 * chirp))
    checked = check(load(folder))
    found = {one.kind: one.items for one in checked.findings}
    assert found["silent"] == ["low/0.wav"]
    assert found["short"] == ["low/1.wav"]
    assert checked.groups[1] == checked.groups[2]  # the same chirp, once louder
    assert "high/1.wav = high/2.wav" in found["near-duplicates"]


def test_the_built_in_sounds_are_the_same_on_every_machine():
    one, other = load("tones"), load("tones")
    assert (one.kind, len(one), one.content) == ("sounds", 200, other.content)
    assert np.bincount(one.labels).tolist() == [40] * 5


@pytest.fixture(scope="module")
def fitted():
    data = load("tones").subset(np.arange(0, 200, 4))
    return data, hs.fit(find("nearest-centroid")(), "efficientnet_lite0", data)


def test_a_backbone_for_pictures_takes_whole_spectrograms(fitted):
    data, predictor = fitted
    reader = predictor.model.backbone.reader
    assert isinstance(reader, Preprocess)
    assert reader.fit == "squash"
    assert reader.size == tuple(predictor.model.backbone.example.shape[-2:])
    samples = loader_of(data, predictor.model.backbone, None).fetch(np.array([3]), np.array([-1]))
    assert torch.equal(samples, predictor.samples([data.raw(3)]))  # training and prediction see the same


def test_a_saved_model_knows_that_it_takes_sounds(fitted, tmp_path):
    data, predictor = fitted
    save_model(predictor.model, tmp_path / "model", data.classes, Decision(), "card")
    opened = hs.open(tmp_path / "model")
    assert opened.modality.kind == "sounds"
    (tmp_path / "new.wav").write_bytes(data.raw(7))
    (answer,) = opened.predict([tmp_path / "new.wav"])
    (before,) = predictor.predict([data.raw(7)])
    assert answer.label == before.label
    assert answer.probability == pytest.approx(before.probability, abs=1e-5)
    picture = fit_to_data(opened.model.backbone, load("clipart").subset([0, 500]))
    assert picture.kind == "pictures"


def test_other_data_keep_their_own_backbones(fitted):
    _, predictor = fitted
    with pytest.raises(BadData, match="takes pictures, but texts holds texts"):
        fit_to_data(predictor.model.backbone, load((["a", "b"], ["x", "y"])))
    text = replace(load("tones").subset([0, 50]))
    assert text.modality.text(text, 0) == ""


@pytest.mark.slow
def test_two_sets_of_sounds_are_compared(tmp_path):
    tones = load("tones")
    halves = tones.subset(np.arange(0, 60, 2)), tones.subset(np.arange(120, 180, 2))
    found = hs.shift(*halves, size=32, folds=2)
    assert (found.source_taken, found.target_taken) == (30, 30)
    assert any(one.drifted for one in found.drift)  # tones and chirps against noise and clicks
