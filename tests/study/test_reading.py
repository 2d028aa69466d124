"""How samples are read is chosen by a probe on the training part, and only what is left open is."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.study.tiny import folders
from torch import nn

import headstart as hs
from headstart.core import Preprocess, find
from headstart.models.readout import FeatureSource, Readout
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.session.session import Session
from headstart.studies import build_page
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt import reading as reading_module
from headstart.studies.adapt.reading import choose_reading

RNG = np.random.default_rng(0)
SIDE = 64


class Statistics(nn.Module):
    """Averages of the pictures and of their finest details; then a layer that forgets both."""

    def __init__(self, kept: float = 1.0):
        super().__init__()
        self.details = nn.Conv2d(3, 6, 2, 2, bias=False)
        self.last = nn.Conv2d(6, 4, 1, bias=False)
        with torch.no_grad():
            self.details.weight.zero_()
            for channel in range(3):
                self.details.weight[channel, channel] = 0.25
                self.details.weight[3 + channel, channel] = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]) / 4
            self.last.weight.copy_(kept * torch.randn(4, 6, 1, 1, generator=torch.Generator().manual_seed(0)))

    def forward(self, x):
        return self.last(self.details(x).relu()).mean((2, 3))


def mapping(kept=1.0):
    reads = Preprocess((SIDE, SIDE), fit="squash", keep=1.0, filter="bilinear")
    return hs.models.backbone(
        Statistics(kept), example=torch.rand(2, 3, SIDE, SIDE), preprocess=reads, head=None
    )


def fine():
    """Checkered or plain grey: the classes differ in single pixels alone."""
    board = np.indices((SIDE, SIDE)).sum(0) % 2
    noise = RNG.integers(0, 40, (60, 1, 1, 3))
    some = [(255 * board if k % 2 else np.full((SIDE, SIDE), 127))[..., None] * 0.8 for k in range(60)]
    return (np.stack(some) + noise).astype(np.uint8), ["fine" if k % 2 else "plain" for k in range(60)]


def coarse():
    """Dark or light, with some noise in each picture: seen at any size."""
    base = np.array([100 + 40 * (k % 2) for k in range(60)])[:, None, None, None]
    return (base + RNG.normal(0, 25, (60, 1, 1, 3)) + np.zeros((60, SIDE, SIDE, 3))).clip(0, 255).astype(
        np.uint8
    ), ["light" if k % 2 else "dark" for k in range(60)]


def choose(base, data, tmp_path, left=None, **settings):
    data = hs.data.load(data)
    store = StudyFolder(tmp_path, "", StepCache(tmp_path / "steps"), Progress())
    made = AdaptSettings(**{"epochs": 1} | settings)
    job = type("Job", (), {"settings": made, "folder": store})()
    session = Session(hs.session.inputs.fit_to_data(base, data, made.size, made.fit), data)
    return choose_reading(job, session, left or made.limit or math.inf)


def test_the_cheapest_of_sizes_that_serve_as_well_is_taken(tmp_path):
    reading = choose(mapping(), coarse(), tmp_path)
    assert reading.backbone.preprocess.size == (32, 32)
    assert [each.name for each in reading.compared if each.what == "size"] == [
        "64 x 64 pixels",
        "32 x 32 pixels",
    ]


def test_the_own_size_is_taken_where_details_matter(tmp_path):
    assert choose(mapping(), fine(), tmp_path).backbone.preprocess.size == (SIDE, SIDE)


def test_probes_read_the_block_that_knows(tmp_path):
    reading = choose(mapping(kept=0.0), fine(), tmp_path)
    assert "details" in {source.block for source in reading.probed.readout.sources}
    assert reading.backbone.readout is None
    assert [each.name for each in reading.compared if each.chosen and each.what == "features"] != ["output"]


def test_what_is_said_is_not_chosen(tmp_path):
    reading = choose(mapping(), coarse(), tmp_path / "a", size=SIDE, fit="pad")
    assert reading.backbone.preprocess.size == (SIDE, SIDE)
    assert {each.what for each in reading.compared} == {"features"}
    own = choose(mapping(), coarse(), tmp_path / "b", reading="own")
    assert own.compared == own.notes == ()
    assert own.probed is own.backbone


def test_fits_are_compared_where_shapes_differ(tmp_path):
    pictures, labels = coarse()
    wide = (pictures[:, :32], labels)
    reading = choose(mapping(), wide, tmp_path)
    assert [each.name for each in reading.compared if each.what == "fit"] == ["squash", "pad", "crop"]
    assert reading.backbone.preprocess.fit in ("squash", "pad", "crop")


def test_when_its_time_is_over_nothing_more_is_read(tmp_path, monkeypatch):
    """The cheapest size is read first; the clock then says that a tenth of an hour is over."""
    clock, real = SimpleNamespace(now=0.0), reading_module.held_out_losses

    def slow(*given):
        clock.now += 360
        return real(*given)

    monkeypatch.setattr(reading_module, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    monkeypatch.setattr(reading_module, "held_out_losses", slow)
    pictures, labels = fine()
    reading = choose(mapping(), (pictures[:, :32], labels), tmp_path, epochs=None)
    assert reading.backbone.preprocess.size == (32, 32)
    assert {each.what for each in reading.compared} == {"features"}


def timed(monkeypatch, a_row):
    """Reading a row takes so many seconds at the own size, a quarter at half; says at which sizes it read."""
    clock, seen, real = SimpleNamespace(now=0.0), [], reading_module.outputs_of

    def slow(encoder, loader, rows, device, done):
        side = loader.fetch(rows[:1], np.full(1, -1)).shape[-1]
        seen.append((side, len(rows)))
        clock.now += a_row * len(rows) * (side / SIDE) ** 2
        return real(encoder, loader, rows, device, done=done)

    monkeypatch.setattr(reading_module, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    monkeypatch.setattr(reading_module, "outputs_of", slow)
    return seen


def test_a_size_that_takes_too_long_is_not_read(tmp_path, monkeypatch):
    """60 rows may take 90 s: at 4 s a row the own size would take 240, half of it 60."""
    seen = timed(monkeypatch, 4.0)
    reading = choose(mapping(), fine(), tmp_path, epochs=None)
    assert reading.backbone.preprocess.size == (32, 32)
    assert reading.seconds == 60
    assert reading.compared == ()  # comparing would take 3 x 60, and there are 45
    assert seen == [(32, 2), (32, 16), (64, 2), (64, 16)]
    (said,) = reading.notes
    assert said == (
        "Pictures are read at 32 x 32 pixels instead of 64 x 64 pixels: the budget has no room for more; "
        "size=... sets it."
    )


def test_what_is_left_of_the_budget_counts(tmp_path, monkeypatch):
    """With 10 of 300 seconds left, 5 may go to reading 60 rows: not even a quarter of a second each fits."""
    seen = timed(monkeypatch, 1.0)
    reading = choose(mapping(), fine(), tmp_path, epochs=None, left=10.0)
    assert (reading.backbone.preprocess.size, reading.seconds) == ((32, 32), 15)
    assert seen == [(32, 2), (32, 16)]


def test_too_few_rows_choose_nothing(tmp_path):
    pictures, labels = coarse()
    assert choose(mapping(), (pictures[:8], labels[:8]), tmp_path).compared == ()


def test_a_choice_is_kept(tmp_path):
    first = choose(mapping(), fine(), tmp_path)
    again = choose(mapping(), fine(), tmp_path)
    assert again.compared == first.compared
    assert again.probed.readout == first.probed.readout


def test_a_cache_knows_the_readout(tmp_path):
    data = hs.data.load(coarse())
    base = hs.session.inputs.fit_to_data(mapping(), data)
    deep = hs.models.backbone(base)
    deep.readout = Readout((FeatureSource("details"),))
    rows = np.arange(len(data))
    for each, width in ((base, 4), (deep, 6), (base, 4)):
        fitted = Session(each, data, cache=tmp_path).fit(find("ridge-probe")(), rows, hs.Recipe())
        assert fitted.model.head.weight.shape == (2, width)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("reading")
    pictures = folders(out / "pictures", each=14, classes=("disc", "square"))
    settings = {"methods": ("ridge-probe", "fine-tune"), "epochs": 1, "folds": 2, "curve": False}
    done = hs.adapt(
        hs.models.backbone("timm:test_resnet", weights="random"), pictures, out=out / "run", **settings
    )
    return done, pictures


def test_the_record_and_the_page_say_what_was_compared(run):
    done, _ = run
    chosen = {each.what: each.name for each in done.result.readings if each.chosen}
    assert set(chosen) == {"size", "features"}
    page = build_page(done.folder).read_text("utf-8")
    assert "How samples are read" in page
    for name in chosen.values():
        assert f'<span class="name">{name}</span> <span class="tag chosen">chosen</span>' in page
    size = int(chosen["size"].split()[0])
    assert tuple(done.result.preprocess["size"]) == (size, size)


def test_the_saved_model_reads_as_it_was_tested(run):
    done, pictures = run
    opened = hs.open(done.folder)
    assert opened.model.backbone.preprocess.size == tuple(done.result.preprocess["size"])
    assert len(opened.predict([pictures / "disc" / "0.png"])) == 1
