"""The pages of the experiments as a browser shows them: quiet, readable, on a phone and a desk."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.report.experiments import METHODS, alone, size_curve, started_curve, transfer

from headstart.studies import build_page

from .chromium import OVERFLOW, SIDEWAYS, faint_texts, opened

pytestmark = pytest.mark.browser
PHONE, DESK = 375, 1280
OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll("svg.plot text")].map((e) => e.getBoundingClientRect());
  const seen = boxes.filter((b) => b.width > 0);
  let hits = 0;
  for (let i = 0; i < seen.length; i++) for (let j = i + 1; j < seen.length; j++) {
    const [a, b] = [seen[i], seen[j]];
    if (a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom) hits++;
  }
  return hits;
}"""


def long_curve() -> Any:
    """Six methods with long names and many sizes."""
    record, sizes = size_curve(), [1, 2, 5, 10, 20, 50, 100, 1000]
    points = [
        replace(
            point,
            method=f"m{n}",
            title=f"A method with a rather long name (settings = {n})",
            labels_per_class=k,
        )
        for n in range(8)
        for k, point in zip(sizes, record.of(list(METHODS)[n % 3]) * 3, strict=False)
    ]
    return replace(
        record, task="x" * 120, labels_per_class=sizes, methods=[f"m{n}" for n in range(8)], points=points
    )


def deep() -> Any:
    """Sixteen blocks with long names."""
    record = transfer()
    cuts = [replace(cut, cut=n) for cut in record.cuts[::3] for n in range(1, 17)]
    return replace(record, blocks=[f"encoder.layers.block_{n}" for n in range(16)], cuts=cuts)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {"curve": size_curve(), "yosinski": transfer(), "long": long_curve(), "deep": deep()}
    made |= {"alone": alone(transfer()), "starts": started_curve()}
    found = {}
    for name, record in made.items():
        folder = tmp_path_factory.mktemp(name)
        kind = "curve" if name in ("curve", "long", "starts") else "yosinski"
        (folder / f"{kind}.json").write_text(record.to_json(), "utf-8")
        found[name] = build_page(folder)
    return found


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", ["curve", "yosinski", "long", "deep", "alone", "starts"])
def test_quiet_alone_and_readable(browser: Any, pages: dict[str, Path], name: str, width: int) -> None:
    with opened(browser, pages[name], width) as shown:
        page = shown.page
        assert page.evaluate(OVERFLOW) <= 0
        assert width != PHONE or page.evaluate(SIDEWAYS) == 0
        assert page.locator("h1").is_visible()
        assert page.locator("svg.plot").bounding_box()["height"] > 300
        assert page.evaluate(OVERLAPS) == 0
        assert faint_texts(page, 20) == []
        assert shown.messages == []
        assert shown.requests == [pages[name].as_uri()]
