"""The report as a browser shows it: quiet, alone, readable, on a phone and a desk, light and dark."""

import base64
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.report.example import example, timings, write

from headstart.studies import build_page
from headstart.studies.adapt import Result
from headstart.studies.adapt.page import SECTIONS

from .chromium import OVERFLOW, faint_texts, opened

pytestmark = pytest.mark.browser
PHONE, DESK = 375, 1280


def hard() -> Result:
    """Forty classes with long names, warnings, and a model that helps nowhere."""
    result = example()
    names = [f"{'a_rather_long_class_name_' * (1 + i % 2)}{i}" for i in range(40)]
    counts = [[9 if i == j else (i * j) % 7 == 3 for j in range(40)] for i in range(40)]
    found = [
        replace(t, gain=t.gain and replace(t.gain, value=-0.1, low=-0.2, high=-0.05)) for t in result.tested
    ]
    return replace(
        result,
        task="x" * 120,
        headline="Transfer hurts here: " + "w" * 90,
        warnings=["Training from scratch is better by 10 points.", "y" * 200],
        classes=names,
        confusion=[[int(count) for count in row] for row in counts],
        tested=found,
        command="headstart adapt " + "z" * 200,
        check=replace(result.check, classes=dict.fromkeys(names, 12)),
        layers=[replace(result.layers[i % 14], block=f"encoder.layers.block_{i}.output") for i in range(40)],
        mistakes=[replace(m, item="p" * 90 + ".png") for m in result.mistakes],
    )


def bare() -> Result:
    """Every optional part empty."""
    empty: dict[str, Any] = {name: [] for name in ("layers", "size_curve", "curves", "mistakes", "bins")}
    return replace(example(), classes=["a", "b"], confusion=[[5, 1], [0, 6]], **empty)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {"full": example(), "hard": hard(), "bare": bare()}
    run = tmp_path_factory.mktemp("runs")
    return {name: build_page(write(run / name, result, timings())) for name, result in made.items()}


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", ["full", "hard", "bare"])
def test_quiet_alone_and_readable(browser: Any, pages: dict[str, Path], name: str, width: int) -> None:
    with opened(browser, pages[name], width) as shown:
        page = shown.page
        assert page.evaluate(OVERFLOW) <= 0
        shown_parts = page.evaluate("[...document.querySelectorAll('main section')].map((part) => part.id)")
        assert set(shown_parts) <= {part.id for part in SECTIONS}
        assert len(shown_parts) >= (9 if name == "bare" else 13)
        for section in shown_parts:
            assert page.locator(f"#{section} :is(h1, h2)").is_visible()
            assert page.locator(f"#{section}").bounding_box()["height"] > 60
        assert page.evaluate("[...document.images].every((i) => i.alt && i.complete && i.naturalWidth > 0)")
        assert faint_texts(page, 100) == []
        assert shown.messages == []
        assert shown.requests == [pages[name].as_uri()]


def test_colours_follow_the_scheme(browser: Any, pages: dict[str, Path]) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        with opened(browser, pages["full"], DESK, scheme) as shown:
            grounds.append(shown.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(246, 247, 248)", "rgb(15, 19, 24)"]


def test_figures_keep_their_text_size_on_a_phone(browser: Any, pages: dict[str, Path]) -> None:
    measure = """[...document.querySelectorAll("svg text")].filter((t) => t.getBoundingClientRect().width)
        .map((t) => t.getScreenCTM().a ** 2 + t.getScreenCTM().b ** 2)"""
    with opened(browser, pages["full"], PHONE) as shown:
        scales = shown.page.evaluate(measure)
        assert len(scales) > 50
        assert min(scales) == pytest.approx(1, abs=1e-3)


def test_code_can_be_copied(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["full"], DESK, permissions=["clipboard-read", "clipboard-write"]) as shown:
        button = shown.page.locator("button.copy").nth(1)
        button.click()
        shown.page.wait_for_function("document.querySelectorAll('button.copy')[1].textContent == 'Copied'")
        copied = shown.page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("headstart predict full/model full/pictures/")


def test_without_scripts_nothing_is_lost(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["full"], PHONE, java_script_enabled=False) as shown:
        assert shown.page.locator("button.copy").count() == 4
        assert not any(b.is_visible() for b in shown.page.locator("button.copy").all())
        assert shown.page.locator("#use pre").first.is_visible()


def test_contents_stay_in_view_on_a_desk(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["full"], DESK) as shown:
        shown.page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
        shown.page.locator(".contents a[href='#confusion']").click()
        shown.page.wait_for_selector(".contents a[href='#confusion'][aria-current]")
        assert 0 <= shown.page.locator(".contents").bounding_box()["y"] < 100


def test_foreign_scripts_are_refused(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    text = pages["full"].read_text("utf-8")
    spoiled = tmp_path / "spoiled.html"
    spoiled.write_text(text.replace("</main>", "<script>document.title = 'taken'</script></main>"), "utf-8")
    with opened(browser, spoiled, DESK) as shown:
        assert shown.page.title() == "clipart \u00b7 headstart report"
        assert any("Content Security Policy" in message for message in shown.messages)
    own = text.split("<script>")[1].split("</script>")[0]
    assert base64.b64encode(hashlib.sha256(own.encode()).digest()).decode() in text
