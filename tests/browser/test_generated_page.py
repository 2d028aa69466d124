"""The page of generated data in a browser: samples are there, nothing runs over the edge."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.study import tiny

import headstart as hs

from .chromium import LOADED, OVERFLOW, faint_texts, opened

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    how: dict[str, Any] = {"steps": 4, "check_steps": 2, "seeds": 2, "rows": 6}
    how["generator"] = "flow:width=8,steps=2"
    draw, y = np.random.default_rng(0), np.arange(40) % 2
    cells = {f"column {number} of a wide table": draw.normal(size=40) for number in range(12)}
    hs.generate(tiny.folders(folder / "data"), out=folder / "pictures", size=16, **how)
    hs.generate((cells, np.where(y, "ill", "well")), out=folder / "table", **how)
    return {run: folder / run / "generate.html" for run in ("pictures", "table")}


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize(("name", "pictures"), [("pictures", len(tiny.CLASSES)), ("table", 0)])
def test_quiet_and_readable(
    browser: Any, pages: dict[str, Path], name: str, pictures: int, width: int
) -> None:
    with opened(browser, pages[name], width) as shown:
        page = shown.page
        assert page.evaluate(OVERFLOW) <= 0
        assert page.locator("#samples").is_visible()
        assert page.evaluate(LOADED) == pictures
        assert faint_texts(page, 20) == []
        assert shown.messages == []
        assert shown.requests == [pages[name].as_uri()]
