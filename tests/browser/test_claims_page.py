"""The gallery of claims in a browser: readable in light and dark, on a phone and a screen."""

from pathlib import Path
from typing import Any

import pytest
from tests.docs.pages import ROOT
from tests.report.claims_example import gallery

from headstart.report.drawing import draw_file
from headstart.studies._page import write_page
from headstart.studies.claims import page

from .chromium import LOADED, OVERFLOW, faint_texts, opened

pytestmark = pytest.mark.browser
# texts of drawings that go over the edge of their panel
CUT = """[...document.querySelectorAll("figure.panel")].flatMap((panel) => {
  const edge = panel.getBoundingClientRect();
  return [...panel.querySelectorAll("text")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && (box.left < edge.left - 1 || box.right > edge.right + 1);
  }).map((one) => one.textContent);
})"""


# texts of a picture that touch others, or go over its edge
TOUCHING = """() => {
  const wide = document.documentElement.getBoundingClientRect().width;
  const drawn = [...document.querySelectorAll("text")];
  const texts = drawn.map((one) => [one.textContent, one.getBoundingClientRect()]);
  const found = texts.filter(([, box]) => box.left < 0 || box.right > wide).map(([text]) => [text, "edge"]);
  texts.forEach(([text, a], place) => texts.slice(place + 1).forEach(([other, b]) => {
    const over = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (over > 0.5 && high > 3.5) found.push([text, other]);
  }));
  return found;
}"""


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize(("count", "null"), [(7, False), (1, False), (7, True)])
def test_quiet_and_readable(browser: Any, tmp_path: Path, count: int, null: bool, width: int) -> None:
    record = gallery(count, null)
    path = write_page(record, page.view(record), tmp_path / "claims.html", page.TEMPLATE)
    with opened(browser, path, width) as shown:
        assert shown.page.evaluate(OVERFLOW) <= 0
        assert shown.page.evaluate(CUT) == []
        assert faint_texts(shown.page, 20) == []
        assert shown.messages == []
        assert shown.requests == [path.as_uri()]


def test_pictures_of_their_own_are_shown_by_a_document(browser: Any, tmp_path: Path) -> None:
    pictures = [draw_file(claim.panels) for claim in gallery(7).claims]
    for number, picture in enumerate(pictures):
        (tmp_path / f"{number}.svg").write_text(picture, "utf-8")
    path = tmp_path / "page.html"
    path.write_text("".join(f'<img src="{number}.svg">' for number in range(len(pictures))), "utf-8")
    with opened(browser, path, 800) as shown:
        assert shown.page.evaluate(LOADED) == len(pictures)
        assert shown.messages == []


def test_texts_of_all_pictures_of_the_gallery_are_apart(browser: Any, tmp_path: Path) -> None:
    made = {f"example {number}": draw_file(claim.panels) for number, claim in enumerate(gallery(7).claims)}
    kept = {path.stem: path.read_text("utf-8") for path in (ROOT / "docs/images/claims").glob("*.svg")}
    touching = {}
    with opened(browser, write_blank(tmp_path), 640) as shown:
        for name, picture in (made | kept).items():
            path = tmp_path / "picture.svg"
            path.write_text(picture, "utf-8")
            shown.page.goto(path.as_uri())
            if found := shown.page.evaluate(TOUCHING):
                touching[name] = found
    assert touching == {}


def write_blank(folder: Path) -> Path:
    path = folder / "blank.html"
    path.write_text("<!doctype html><title>blank</title>", "utf-8")
    return path
