"""A headless Chromium that opens a page of the disk and tells what went on in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# tables that are stacked on a phone and run over the edge of their region all the same
SIDEWAYS = """[...document.querySelectorAll(".scroll:has(.stacked)")].filter(
  (one) => one.scrollWidth > one.clientWidth + 1).length"""
LOADED = "[...document.images].filter((one) => one.complete && one.naturalWidth > 0).length"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")


@dataclass
class Opened:
    """A page, and what it said and asked for since it was opened."""

    page: Any
    messages: list[str] = field(default_factory=list)  # console messages of any kind, and errors
    requests: list[str] = field(default_factory=list)  # addresses other than data: ones


def missing(reason: str) -> None:
    """Skip the test, but fail where a browser was promised."""
    if os.environ.get("BROWSER_PROMISED"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def chromium(*more: str) -> Iterator[Any]:
    """A browser with `more` arguments, closed at the end."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        missing(f"no browser: none of {', '.join(NAMES)} is on the path")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("the package playwright is not installed")
        raise
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=[*ARGUMENTS, *more])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, path: Path, width: int, scheme: str = "light", **options: Any) -> Iterator[Opened]:
    """The page at `path` in a window `width` pixels wide, in "light" or "dark"."""
    size = {"width": width, "height": 800}
    context = browser.new_context(viewport=size, color_scheme=scheme, **options)
    try:
        found = Opened(context.new_page())
        found.page.on("console", lambda said: found.messages.append(f"{said.type}: {said.text}"))
        found.page.on("pageerror", lambda error: found.messages.append(str(error)))
        found.page.on("request", lambda asked: found.requests.append(asked.url))
        found.page.goto(path.as_uri())
        found.requests[:] = [url for url in found.requests if not url.startswith("data:")]
        yield found
    finally:
        context.close()


def faint_texts(page: Any, least: int) -> list[Any]:
    """Texts with a contrast below 4.5, in light and in dark colours, of more than `least` texts."""
    faint = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        texts = page.evaluate(CONTRAST)
        assert len(texts) > least
        faint += [(scheme, text) for text in texts if text[0] < 4.5]
    return faint
