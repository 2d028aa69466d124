"""The pages of pictures with words in a browser: pictures are there, nothing runs over the edge."""

from pathlib import Path
from typing import Any

import pytest
from tests.study.paired import SIDE, pairs

import headstart as hs

from .chromium import LOADED, OVERFLOW, faint_texts, opened

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    how: dict[str, Any] = {"epochs": 4, "batch": 12, "size": SIDE}
    hs.pretrain_pairs(pairs(), "small-convnet", "words", out=folder / "clip", **how)
    hs.retrieve(folder / "clip", "redtop and a " + "very " * 30, pairs(), out=folder / "text", most=6)
    hs.retrieve(folder / "clip", pairs()[0][3], pairs(), out=folder / "picture", most=6)
    names = {"clip": "pretrain-pairs", "text": "retrieve", "picture": "retrieve"}
    return {run: folder / run / f"{name}.html" for run, name in names.items()}


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize(("name", "pictures"), [("clip", 0), ("text", 6), ("picture", 7)])
def test_quiet_and_readable(
    browser: Any, pages: dict[str, Path], name: str, pictures: int, width: int
) -> None:
    with opened(browser, pages[name], width) as shown:
        page = shown.page
        assert page.evaluate(OVERFLOW) <= 0
        assert page.locator("h1").is_visible()
        assert page.evaluate(LOADED) == pictures
        assert faint_texts(page, 20) == []
        assert shown.messages == []
        assert shown.requests == [pages[name].as_uri()]
