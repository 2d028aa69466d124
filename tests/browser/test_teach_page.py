"""A person teaches a classifier on the page: add, watch, try, correct, take away."""

import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests import wordy
from tests.serving import served
from tests.study import tiny
from tests.teaching.lessons import base, session

import headstart as hs
from headstart.models.backbone import backbone
from headstart.server.teach import access_to, teaching_app
from headstart.teaching.session import TeachingSession

from .chromium import chromium, faint_texts
from .test_experiment_pages import DESK, OVERFLOW, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SECOND = 1.0  # from a new example to a new answer


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as found:
        yield found


@contextmanager
def opened(browser: Any, lesson: TeachingSession, token: str = "", **options: Any) -> Iterator[Any]:
    """The page of a session; at the end it has said nothing and asked nobody else."""
    with served(teaching_app(lesson, access_to("127.0.0.1", token))) as port:
        context = browser.new_context(viewport={"width": DESK, "height": 800}, **options)
        page, said, asked = context.new_page(), [], []
        page.on("console", lambda one: said.append(one.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda one: asked.append(one.url))
        page.goto(f"http://127.0.0.1:{port}/")
        yield page
        refused = ("status of 422", "status of 401")  # which the browser notes itself
        assert [text for text in said if not any(each in text for each in refused)] == []
        assert all(url.startswith((f"http://127.0.0.1:{port}/", "blob:", "data:")) for url in asked)
        context.close()


def pictures(folder: Path, kind: str, count: int, first: int = 0) -> list[Path]:
    """Files of pictures of a shape."""
    files = [folder / f"{kind}{number}.png" for number in range(first, first + count)]
    for number, file in enumerate(files, first):
        tiny.shape(kind, number).save(file)
    return files


def card(name: str) -> str:
    return f'article[aria-label="Class {name}"]'


def test_two_classes_are_taught_tried_corrected_and_taken_away(browser: Any, tmp_path: Path) -> None:
    lesson = TeachingSession(base(), out=tmp_path / "lesson")
    with opened(browser, lesson) as page:
        page.wait_for_selector("#evidence:has-text('two classes')")
        for name in ("disc", "square"):
            page.fill("#class-name", name)
            page.press("#class-name", "Enter")
            page.set_input_files(f"{card(name)} input[type=file]", pictures(tmp_path, name, 5))
            page.wait_for_selector(f"#status:has-text('5 examples added to {name}')")
        accuracy = lesson.evidence().accuracy
        assert accuracy is not None
        assert page.text_content(".figure") == f"{100 * accuracy.value:.0f}\u00a0%"

        new = pictures(tmp_path, "disc", 1, 90)
        page.set_input_files("#try input[type=file]", new)
        wanted = lesson.predict(new[0].read_bytes())
        assert page.text_content("#answer .best") == next(iter(wanted))
        before = page.text_content("#answer .bar b")
        more = pictures(tmp_path, "disc", 1, 91)
        start = time.perf_counter()
        page.set_input_files(f"{card('square')} input[type=file]", more)
        page.wait_for_selector(f"#answer .bar b:not(:text-is('{before}'))")
        assert time.perf_counter() - start < SECOND

        page.wait_for_selector("#status:has-text('1 example added to square')")
        page.click(f"{card('square')} .thumb >> nth=0")
        page.wait_for_selector("#example[open]")
        page.select_option("#example-class", "disc")
        page.wait_for_selector(f"{card('disc')} .count:has-text('6 examples')")
        page.click("#undo")
        page.wait_for_selector(f"{card('square')} .count:has-text('6 examples')")
        page.click(f"{card('square')} .thumb >> nth=0")
        page.click("#example-delete")
        page.wait_for_selector(f"{card('square')} .count:has-text('5 examples')")

        with page.expect_download() as download:
            page.click("#download")
        download.value.save_as(tmp_path / "lesson.zip")
    zipfile.ZipFile(tmp_path / "lesson.zip").extractall(tmp_path / "out")
    [found] = hs.open(tmp_path / "out" / "lesson").predict(new)
    assert found.label == next(iter(wanted))
    assert found.probability == pytest.approx(wanted[found.label], abs=1e-4)


def test_pictures_are_taken_and_answered_by_the_webcam(browser: Any, tmp_path: Path) -> None:
    lesson = session(tmp_path / "lesson", each=2)
    with opened(browser, lesson, permissions=["camera"]) as page:
        page.click(f"{card('disc')} button:has-text('Webcam')")
        page.click("#camera-take")
        page.wait_for_selector("#camera-said:has-text('5 examples')")
        page.click("#camera-close")
        page.click("#try button:has-text('Webcam')")
        page.wait_for_selector("#camera-answer .bar")
        page.keyboard.press("Escape")
    assert [each.label for each in lesson.state.examples].count("disc") == 3


def test_what_can_not_be_done_is_said(browser: Any, tmp_path: Path) -> None:
    lesson = session(tmp_path / "lesson", each=2)
    (tmp_path / "letter.png").write_bytes(b"Dear all")
    with opened(browser, lesson) as page:
        page.set_input_files(f"{card('disc')} input[type=file]", tmp_path / "letter.png")
        page.wait_for_selector("#errors li:has-text('letter.png can\\'t be read as a picture')")
        page.fill("#class-name", "Disc")
        page.click("#new-class button")
        page.wait_for_selector("#errors li:has-text('already')")
        page.click("#errors li >> nth=0 >> button")
        assert page.locator("#errors li").count() == 1
        assert page.input_value("#class-name") == "Disc"
    assert len(lesson.state.examples) == 4


def test_texts_are_taught_with_a_token(browser: Any, tmp_path: Path) -> None:
    reads_texts = backbone(wordy.Words(), tokenizer=wordy.tokenizer())
    lesson = TeachingSession(reads_texts, out=tmp_path / "lesson")
    with opened(browser, lesson, token="secret") as page:
        page.fill("#token-value", "secret")
        page.press("#token-value", "Enter")
        for name, words in (("good", "superb film"), ("bad", "dull plot")):
            page.fill("#class-name", name)
            page.press("#class-name", "Enter")
            for more in ("music", "again"):
                page.fill(f"{card(name)} textarea", f"{words} {more}")
                page.press(f"{card(name)} textarea", "Control+Enter")
                page.wait_for_selector(f"{card(name)} .words:has-text('{words} {more}')")
        page.fill("#try textarea", "superb music")
        page.wait_for_selector("#answer .best")
        assert page.text_content("#answer .best") == next(iter(lesson.predict("superb music")))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "download"


def test_it_fits_the_screen_and_can_be_read(browser: Any, tmp_path: Path) -> None:
    with opened(browser, session(tmp_path / "lesson", each=4)) as page:
        page.wait_for_selector(".figure")
        assert faint_texts(page, 10) == []
        for width in (PHONE, DESK):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(OVERFLOW) <= 0
        unnamed = page.locator(
            "button:not([aria-label]):empty, input:not([aria-label]):not([id]):not([type=file])"
        )
        assert unnamed.count() == 0


def test_two_pages_of_one_session_and_the_keyboard(browser: Any, tmp_path: Path) -> None:
    lesson = session(tmp_path / "lesson", each=3)
    with opened(browser, lesson) as page:
        other = page.context.new_page()
        other.goto(page.url)
        other.wait_for_selector(".thumb")
        for each in (page, other):  # the second one deletes what is gone already
            each.click(f"{card('disc')} .thumb >> nth=0")
            each.keyboard.press("Tab")
            each.focus("#example-delete")
            each.keyboard.press("Enter")
            each.wait_for_selector("#example:not([open])", state="attached")
            each.wait_for_selector(f"{card('disc')} .count:has-text('2 examples')")
        other.wait_for_selector("#errors li:has-text('it was deleted, or taken back')")
        assert page.evaluate("document.activeElement.className").startswith("thumb")
        page.focus(f"{card('disc')} button >> text=Delete")
        page.keyboard.press("Enter")
        page.wait_for_selector(card("disc"), state="detached")
        page.wait_for_selector("#undo:focus")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"{card('disc')} .count:has-text('2 examples')")
    assert len(lesson.state.examples) == 5
