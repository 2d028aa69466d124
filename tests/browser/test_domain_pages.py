"""The pages of data that shift as a browser shows them: quiet, readable, on a phone and a desk."""

import base64
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.report import alignments
from tests.report import test_confounding as confounding
from tests.report import test_shift_page as shifting
from tests.report import test_streaming as streaming

from headstart.records.record import Interval
from headstart.studies import build_page
from headstart.studies.shift import ClassShare, LeastSimilarRow
from headstart.studies.shortcuts import Conflict
from headstart.studies.stream import Event, SegmentScore, StreamPoint
from headstart.studies.translate import Guard, Pair, TranslationReport

from .chromium import faint_texts, opened
from .test_experiment_pages import DESK, OVERFLOW, PHONE
from .test_experiment_pages import OVERLAPS as BOXES

pytestmark = pytest.mark.browser
EVIL = "<img src=x onerror=alert(1)>"
LONG = "an attribute with a long name that goes on"
OVERLAPS = BOXES.replace(
    "svg.plot text", "svg.plot text:not([transform])"
)  # boxes of leaning texts are larger
LEANING = """() => [...document.querySelectorAll("svg.slanted")].map((plot) => {
  const starts = [...plot.querySelectorAll("text[transform]")].map((e) => e.getBoundingClientRect())
    .filter((box) => box.width > 0).map((box) => box.right);
  return Math.min(...starts.slice(1).map((at, n) => at - starts[n]));
})"""  # pixels between leaning texts
CUT = """() => [...document.querySelectorAll(".dots-name, .legend li, .card-value, th, td, h1, .say")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
  .map((e) => e.textContent)"""


def picture() -> str:
    """A small picture as records have it."""
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (48, 48), (90, 160, 120)).save(found := BytesIO(), "webp")
    return base64.b64encode(found.getvalue()).decode()


def shift() -> Any:
    """Rows with pictures, many classes, long names."""
    shares = [ClassShare(f"class {n} of many", 0.1, Interval(0.1, 0.04, 0.06 + n / 50)) for n in range(12)]
    unlike = [LeastSimilarRow(f"{n}.png", "", picture(), 0.9, n % 2 == 0) for n in range(5)]
    drift = [shifting.drifted(f"{LONG} {n}") for n in range(6)]
    return shifting.record(
        unlike=unlike, drift=drift, labels=replace(shifting.record().labels, shares=shares), source=EVIL
    )


def stream() -> Any:
    """Five methods with long titles on eight parts, and many events."""
    parts = [f"gaussian noise of severity {n}" for n in range(8)]
    right = Interval(0.7, 0.66, 0.74)
    events = [Event(n, 64 * n, "drift", 0.31, 0.25, "reset") for n in range(1, 60)]
    curve = [StreamPoint(50 * k, 0.7, 0.5 + k % 9 / 20, 0.9) for k in range(1, 9)]
    made = [
        replace(
            streaming.method("tent" if n < 4 else "source"),
            name=f"m{n}" if n < 4 else "source",
            title=f"Test-time entropy minimisation (lr = 0.0{n}, steps = {n})",
            segments=[SegmentScore(part, 50, right, "cat", 0.4) for part in parts],
            curve=[replace(point, recent=point.recent - n / 20) for point in curve],
            events=events if n == 0 else [],
        )
        for n in range(5)
    ]
    return streaming.record(*made, segments=parts, task=EVIL, notes=[f"{EVIL} is a name."])


def shortcuts() -> Any:
    """Many groups with long names, conflicts and changes of each kind."""
    groups = [confounding.group(f"cow {n}, {LONG}", 0.3 + n / 20) for n in range(8)]
    changes = [
        confounding.change("grey", "cue", 0.2),
        confounding.change("red tag", "tag", 0.1),
        confounding.change(EVIL, "word in", 0.01),
        *(confounding.change(f"{LONG} {n}", "column", n / 20) for n in range(12)),
    ]
    texture, colour = (Conflict(cue, 50, 10, 30, confounding.about(0.25)) for cue in ("texture", "colour"))
    return confounding.record(groups=groups, changes=changes, conflicts=[texture, colour], model=EVIL)


def translate() -> Any:
    """Translators that were trained, with pictures in the folder and a guard that raised an alarm."""
    pairs = [Pair(f"{n}.png", "seven", f"pairs/{n}.webp") for n in range(4)]
    none = dict.fromkeys(("accuracy_translated", "accuracy_trained", "round_trip_flips", "adversarial_loss"))
    return TranslationReport(
        schema=1,
        headstart="0.1",
        command="headstart translate photos/ scans/",
        source=EVIL,
        target="scans",
        classes=["one", "seven"],
        rows=800,
        target_rows=700,
        method="cyclegan",
        title="Cycle-consistent translation (width = 16, blocks = 2)",
        learned=True,
        tries=2,
        cycle=[1.0 / (n + 1) for n in range(50)],
        cycle_before=0.5,
        cycle_after=0.02,
        diversity_target=0.8,
        diversity_source=0.9,
        flips=0.1,
        accuracy_source=0.97,
        accuracy_target=0.3,
        accuracy_through=0.7,
        model="efficientnet_lite0",
        guards=[Guard("collapse", 0.1, 0.3, False, "All rows become alike: train longer.")],
        to_target=pairs,
        to_source=pairs,
        notes=[],
        settings={"study": "translate", "method": "cyclegan:width=16,blocks=2"},
        seed=0,
        versions={"torch": "2.6"},
        **none,
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    evil = alignments.alignment(source=EVIL, notes=[EVIL], shift=shift())
    made = {
        "align": alignments.alignment(shift=shifting.record(unlike=[])),
        "align crowded": alignments.crowded(),
        "align unjudged": alignments.unjudged(),
        "align escaped": replace(
            evil, table=[replace(one, title=f"{EVIL} {one.title}") for one in evil.table]
        ),
        "shift": shift(),
        "shift texts": shifting.record(
            labels=None, unlike=[LeastSimilarRow("4", "word " * 90, "", 0.9, True)]
        ),
        "stream": stream(),
        "shortcuts": shortcuts(),
        "translate": translate(),
    }
    found = {}
    for name, record in made.items():
        folder = tmp_path_factory.mktemp(name.replace(" ", "-"))
        (folder / "pairs").mkdir()
        for n in range(4):
            (folder / "pairs" / f"{n}.webp").write_bytes(base64.b64decode(picture()))
        (folder / f"{name.split()[0]}.json").write_text(record.to_json(), "utf-8")
        found[name] = build_page(folder)
    return found


FIGURES = {  # drawn by the page: dots of its rows, and plots with axes
    "align": (4 + 1, 2 + 1 + 1),
    "align crowded": (13 + 1, 2),
    "align unjudged": (4 + 1, 0),
    "align escaped": (4 + 1, 2 + 1 + 1),
    "shift": (0, 1 + 1),
    "shift texts": (0, 1),
    "stream": (0, 1),
    "shortcuts": (1 + 8 + 12 + 1, 0),
    "translate": (0, 1),
}


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", list(FIGURES))
def test_quiet_alone_and_readable(browser: Any, pages: dict[str, Path], name: str, width: int) -> None:
    with opened(browser, pages[name], width) as shown:
        page = shown.page
        assert page.evaluate(OVERFLOW) <= 0
        assert page.locator("h1").is_visible()
        assert page.evaluate(OVERLAPS) == 0
        assert page.evaluate(CUT) == []
        assert all(wide >= 12 for wide in page.evaluate(LEANING))
        assert faint_texts(page, 20) == []
        assert shown.messages == []
        assert shown.requests == [pages[name].as_uri()]


@pytest.mark.parametrize("name", list(FIGURES))
def test_figures_are_drawn(browser: Any, pages: dict[str, Path], name: str) -> None:
    rows, plots = FIGURES[name]
    with opened(browser, pages[name], DESK) as shown:
        page = shown.page
        assert page.locator(".dots-row").count() == rows
        assert page.locator("svg.plot").count() == plots
        heights = [one.bounding_box()["height"] for one in page.locator("svg.plot").all()]
        assert all(height > 200 for height in heights)
        for dot in page.locator(".dots-row:not(.dots-axis)").all():
            strip, spot = dot.locator(".strip").bounding_box(), dot.locator("circle").bounding_box()
            assert strip["x"] - 7 <= spot["x"]
            assert spot["x"] + spot["width"] <= strip["x"] + strip["width"] + 7
        assert all(one.evaluate("e => e.naturalWidth") == 48 for one in page.locator("img").all())


@pytest.mark.parametrize("name", ["align escaped", "shift", "stream", "shortcuts", "translate"])
def test_names_are_text_and_nothing_else(browser: Any, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name], DESK) as shown:
        assert EVIL in shown.page.locator("body").text_content()
        assert shown.page.locator("img[onerror], script").count() == 0
