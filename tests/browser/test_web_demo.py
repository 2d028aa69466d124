"""A model in the browser: the page sees the pixels, ids and codes of training, and asks nobody else."""

import functools
import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.predictor import exported
from tests.study import tiny

from headstart.core import HeadstartError, MissingPackage, Preprocess
from headstart.data.decode import prepare
from headstart.models import minilm
from headstart.predictor.web_demo import write_web_demo
from headstart.predictor.web_runtime import runtime_files
from headstart.runtime.predictions import Decision

from .chromium import missing
from .test_experiment_pages import DESK, OVERFLOW, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ATOL = 1e-4  # of probabilities: float32, another library
LEVEL = 1  # that pixels of a PNG file may differ by: the browser puts transparent ones on white
TEXTS = ["A superb film!", "the plot was very dull, and the music was poor " * 3, "unseen words here"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server as `python -m http.server` starts it, without a log."""

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(folder))
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A page for each kind of data, by its name, in one folder, and the models."""
    folder = tmp_path_factory.mktemp("demos")
    try:
        runtime_files()
    except HeadstartError as reason:
        missing(str(reason))
    makers = {"pictures": exported.of_pictures, "texts": exported.of_texts, "tables": exported.of_tables}
    models = {}
    for kind, make in makers.items():
        (place := tmp_path_factory.mktemp(kind)).mkdir(exist_ok=True)
        models[kind] = make(place)
        write_web_demo(models[kind], folder / kind)
    return {"folder": folder, **models}


@pytest.fixture(scope="module")
def address(demos: dict[str, Any]) -> Iterator[str]:
    with served(demos["folder"]) as found:
        yield found


@contextmanager
def opened(browser: Any, url: str, width: int = DESK) -> Iterator[Any]:
    """The page when its model is ready; at the end it has said nothing and asked nobody else."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda one: said.append(one.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: asked.append(one.url))
    page.goto(url)
    page.wait_for_function("document.getElementById('state').textContent === 'Ready.'", timeout=60000)
    yield page
    assert not said
    assert all(one.startswith((url.rsplit("/", 2)[0], "data:", "blob:")) for one in asked)
    context.close()


@pytest.mark.parametrize("fit", ["squash", "pad", "crop"])
def test_the_page_sees_the_pixels_of_training(browser: Any, address: str, tmp_path: Path, fit: str) -> None:
    picture = tiny.shape("disc", 1, 700).crop((0, 100, 700, 360))
    picture.putalpha(230)
    picture.save(tmp_path / "wide.png")
    with opened(browser, f"{address}pictures/") as page:
        page.set_input_files("input[type=file]", tmp_path / "wide.png")
        for kernel in ("bilinear", "bicubic", "lanczos"):
            for size in ((24, 32), (90, 50), (280, 20)):
                rule = Preprocess(size=size, fit=fit, filter=kernel)
                found = page.evaluate(SEEN, {**rule.settings(), "reducing_gap": 2.0})
                wanted = prepare(tmp_path / "wide.png", rule).numpy().astype(int).ravel()
                difference = np.abs(np.array(found) - wanted)
                assert difference.max() <= LEVEL, (kernel, size, difference.max())


SEEN = """async (rule) => {
  const { prepare } = await import("./resize.js"), { pixels } = await import("./app.js");
  return Array.from(prepare(await pixels(document.querySelector("input[type=file]").files[0]), rule));
}"""


def test_a_picture_gets_the_predictors_probabilities(
    browser: Any, address: str, demos: Any, tmp_path: Path
) -> None:
    tiny.shape("stripe", 77, 300).save(tmp_path / "new.png")
    wanted = demos["pictures"].probabilities([tmp_path / "new.png"])[0]
    with opened(browser, f"{address}pictures/") as page:
        page.set_input_files("input[type=file]", tmp_path / "new.png")
        page.wait_for_selector("#answer h2")
        best = int(np.argmax(wanted))
        assert page.text_content("#answer h2") == demos["pictures"].classes[best]
        assert page.text_content(".bar b") == f"{100 * wanted[best]:.1f} %"


def test_texts_get_the_predictors_probabilities(browser: Any, address: str, demos: Any) -> None:
    wanted = demos["texts"].probabilities(TEXTS)
    with opened(browser, f"{address}texts/") as page:
        found = [page.evaluate("(text) => window.predict(text)", text) for text in TEXTS]
        np.testing.assert_allclose(found, wanted, atol=ATOL)
        page.fill("textarea", TEXTS[0])
        page.click("button")
        page.wait_for_selector("#answer h2")
        assert page.text_content("#answer h2") == demos["texts"].classes[int(np.argmax(wanted[0]))]


def test_the_class_follows_the_threshold(browser: Any, address: str) -> None:
    said = {"labels": ["no", "yes"], "positive": "yes", "threshold": 0.2, "abstain_below": 0.7}
    rows = [[0.75, 0.25], [0.85, 0.15], [0.6, 0.4], [0.1, 0.9]]
    decision = Decision(abstain=0.7, positive="yes", threshold=0.2)
    wanted = [decision.label(np.array(row), said["labels"])[0] for row in rows]
    assert wanted == ["yes", "no", "unsure", "yes"]
    with opened(browser, f"{address}tables/") as page:
        assert page.evaluate(LABELS, [rows, said]) == wanted


LABELS = """async ([rows, said]) => {
  const { label } = await import("./app.js");
  return rows.map((row) => label(row, said));
}"""


def test_ids_of_wordpiece_are_those_of_the_tokenizer(browser: Any, address: str) -> None:
    try:
        tokens = minilm.tokens()
    except MissingPackage as reason:
        missing(str(reason))
        raise
    wanted = [row.tolist() for row in replace(tokens, limit=20).ids(HARD)[0]]
    rule = {"max_tokens": 20, "empty": tokens.pad}
    with opened(browser, f"{address}texts/") as page:
        assert page.evaluate(IDS, [HARD, json.loads(tokens.tokenizer), rule]) == wanted


HARD = [
    "Caf\u00e9 na\u00efve \u00c9COLE \u2014 \u201cquoted\u201d \u2026",
    "mixed \u4e2d\u6587 and \u0939\u093f\u0928\u094d\u0926\u0940",
    "a\tb\nc\u00a0d\u200be word\ufffd \x07bell",
    "x" * 150 + " unaffordability antidisestablishmentarianism",
    "don't $5.00 (e-mail@x.org) 3\u00bd \U0001f642 ok\U0001f642 a_b ^`~",
    "\u0130stanbul e\u0301 combined " + "very " * 30,
]
IDS = """async ([texts, spec, rule]) => {
  const { ids } = await import("./tokenize.js");
  return texts.map((text) => ids(text, spec, rule));
}"""


def test_rows_get_the_predictors_probabilities(browser: Any, address: str, demos: Any) -> None:
    rows = [
        {"size": "0.5", "colour": "red", "when": "2026-03-31 13:30", "new": "yes"},
        {"size": "", "colour": "blue", "when": "2025-12-07", "new": "no"},
    ]
    wanted = demos["tables"].probabilities(rows)
    with opened(browser, f"{address}tables/") as page:
        found = [page.evaluate("(cells) => window.predict(cells)", row) for row in rows]
        np.testing.assert_allclose(found, wanted, atol=ATOL)
        page.fill("input[name=size]", "0.5")
        page.select_option("select[name=colour]", "red")
        page.fill("input[name=when]", "2026-03-31 13:30")
        page.select_option("select[name=new]", "True")
        page.click("button")
        page.wait_for_selector("#answer .bar")
        assert page.text_content(".bar b") == f"{100 * wanted[0].max():.1f} %"


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("kind", ["pictures", "texts", "tables"])
def test_it_fits_the_screen(browser: Any, address: str, kind: str, width: int) -> None:
    with opened(browser, f"{address}{kind}/", width) as page:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(OVERFLOW) <= 0
