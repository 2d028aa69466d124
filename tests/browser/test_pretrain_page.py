"""The page of a pre-training in a browser: pictures on the map, tables that fit a phone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import headstart as hs

from .chromium import OVERFLOW, SIDEWAYS, faint_texts, opened

pytestmark = pytest.mark.browser
QUICK = {"steps": 4, "batch": 8, "evaluations": 2}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, draw, y = tmp_path_factory.mktemp("pages"), np.random.default_rng(0), np.arange(40) % 2
    pictures = draw.integers(0, 200, (40, 8, 8, 3), dtype=np.uint8)
    pictures[:, :, :, 0] += (50 * y)[:, None, None].astype(np.uint8)
    cells = {f"column {number} of a wide table": draw.normal(size=40) for number in range(12)}
    hs.pretrain((pictures, y), method="simclr", out=folder / "pictures", **QUICK)
    hs.pretrain((pictures, y), method="masked-imputation", out=folder / "filled", **QUICK)
    hs.pretrain((cells, np.where(y, "ill", "well")), backbone="table-mlp", out=folder / "table", **QUICK)
    return {run: folder / run / "pretrain.html" for run in ("pictures", "filled", "table")}


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("name", ["pictures", "filled", "table"])
def test_quiet_and_readable(browser: Any, pages: dict[str, Path], name: str, width: int) -> None:
    with opened(browser, pages[name], width) as shown:
        page = shown.page
        assert page.evaluate(OVERFLOW) <= 0
        assert page.evaluate(SIDEWAYS) == 0
        assert page.locator("#map svg.plot").is_visible()
        assert page.locator("#examples").count() == (name != "pictures")
        assert faint_texts(page, 20) == []
        assert shown.messages == []
        assert shown.requests == [pages[name].as_uri()]


@pytest.mark.parametrize("width", [375, 1280])
def test_a_dot_that_is_pointed_at_shows_its_picture(browser: Any, pages: dict[str, Path], width: int) -> None:
    with opened(browser, pages["pictures"], width) as shown:
        spots, pictures = (shown.page.locator(f"#map {one}") for one in (".spot", ".spot + svg"))
        assert spots.count() == pictures.count() == 8
        assert pictures.evaluate_all("all => all.filter(one => one.getClientRects().length).length") == 0
        spots.nth(3).hover(force=True)
        seen = shown.page.locator("#map .spot:hover + svg")
        assert seen.count() == 1
        box, plot = (
            shown.page.locator(one).bounding_box() for one in ("#map .spot:hover + svg .back", "#map")
        )
        assert plot["x"] <= box["x"]
        assert box["x"] + box["width"] <= plot["x"] + plot["width"]
        assert shown.messages == []


def test_a_table_has_no_pictures(pages: dict[str, Path]) -> None:
    assert not (pages["table"].parent / "pictures").exists()
    assert "#sheet" not in pages["table"].read_text("utf-8")
