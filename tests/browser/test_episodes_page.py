"""The page of learners on new tasks in a browser: curves, functions and an example, nothing over the edge."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.study import tiny

import headstart as hs

from .chromium import LOADED, OVERFLOW, faint_texts, opened

pytestmark = pytest.mark.browser
WAYS = 2


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    how: dict[str, Any] = {"steps": 2, "tasks": 2, "test_tasks": 3, "at_steps": (0, 1), "at_shots": (1, 2)}
    draw, names = np.random.default_rng(0), [f"class number {number} of many" for number in range(6)]
    rows = {f"column {number} of a wide table": draw.normal(size=60) for number in range(4)}
    pictures = [tiny.shape(tiny.CLASSES[row % 3], row, 32) for row in range(32)]
    shown = np.stack([np.asarray(picture) for picture in pictures])
    hs.episodes("sinusoids", learners=["maml", "neural-process"], out=folder / "waves", **how)
    hs.episodes(hs.data.load((rows, names * 10)), out=folder / "table", **how)
    hs.episodes((shown, list("abcd") * 8), learners=["protonet"], out=folder / "pictures", ways=WAYS, **how)
    return {run: folder / run / "episodes.html" for run in ("waves", "table", "pictures")}


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    ("name", "there", "pictures"),
    [("waves", "#functions", 0), ("table", "#example", 0), ("pictures", "#predicted", WAYS + 2 * WAYS)],
)
def test_quiet_and_readable(
    browser: Any, pages: dict[str, Path], name: str, there: str, pictures: int, width: int
) -> None:
    with opened(browser, pages[name], width) as shown:
        page = shown.page
        assert page.evaluate(OVERFLOW) <= 0
        assert page.locator(there).is_visible()
        assert page.evaluate(LOADED) == pictures
        assert faint_texts(page, 20) == []
        assert shown.messages == []
        assert shown.requests == [pages[name].as_uri()]
