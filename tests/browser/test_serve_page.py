"""The page of `headstart serve` in a browser, used as a person would: pictures, texts, rows, a token."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.browser.chromium import CONTRAST, chromium
from tests.serving import served

from headstart.core import BadData
from headstart.runtime.predictions import Decision
from headstart.server.access import Access
from headstart.server.served import Outcome
from headstart.server.serving import Settings, access_to, serving_app

pytestmark = pytest.mark.browser
CLASSES = ("cat", "dog", "hen", "owl", "pig", "yak")


class Engine:
    def answer(self, jobs):
        shares = np.array([0.05, 0.7, 0.1, 0.05, 0.05, 0.05])
        return [Outcome(dict.fromkeys(job.models, shares), dict.fromkeys(job.models, shares)) for job in jobs]


class Fake:
    label_kind, classes, reads = "classes", CLASSES, None
    decision = Decision()

    def __init__(self, name, kind, folder, engine, form=None):
        self.name, self.kind, self.folder, self.engine, self.form = name, kind, folder, engine, form
        self.items = []

    def prepare(self, item):
        self.items.append(item)
        if isinstance(item, bytes) and not item.startswith(b"\x89PNG"):
            raise BadData("The picture can't be read.")
        return 0, ["It is a long text."] if isinstance(item, str) else []

    def predicted(self, outputs):
        return {
            "label": "dog",
            "probability": 0.7,
            "probabilities": dict(zip(CLASSES, outputs.tolist(), strict=True)),
        }


class Near:
    def nearest(self, features, count):
        one = {
            "name": "dog/7.png",
            "label": "dog",
            "similarity": 0.91,
            "text": "",
            "picture": "/examples/pets/7",
        }
        return [one, {**one, "name": "cat/1.png", "label": "cat", "similarity": 0.5, "picture": None}]

    def picture(self, number):
        stream = io.BytesIO()
        Image.new("RGB", (40, 40), "green").save(stream, "JPEG")
        return stream.getvalue()


FORM = {
    "legs": {"type": ["number", "null"], "examples": [4]},
    "colour": {"type": ["string", "number", "boolean", "null"], "examples": ["red", "grey"]},
    "tame": {"type": ["boolean", "number", "string", "null"]},
}


@pytest.fixture(scope="module")
def page_of():
    with chromium() as browser:

        def opened(port, width=1000, scheme="light", fragment=""):
            context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
            page = context.new_page()
            page.said, page.asked = [], []
            page.on("console", lambda message: page.said.append(message.text))
            page.on("pageerror", lambda error: page.said.append(str(error)))
            page.on("request", lambda request: page.asked.append(request.url))
            page.goto(f"http://127.0.0.1:{port}/{fragment}")
            return page

        yield opened


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder, engine = tmp_path_factory.mktemp("run"), Engine()
    bins = [
        {"confidence": 0.68, "accuracy": 0.75, "rows": 12},
        {"confidence": 0.9, "accuracy": 1, "rows": 30},
    ]
    (folder / "result.json").write_text(json.dumps({"bins": bins}))
    cells = Fake("cells", "tables", Path("nowhere"), engine, FORM)
    cells.decision = Decision(positive="cat", threshold=0.04)
    cells.predicted = lambda _outputs: {
        "label": "cat", "probability": 0.05, "probabilities": {"cat": 0.05, "dog": 0.95}
    }  # fmt: skip
    return [
        Fake("pets", "pictures", folder, engine),
        Fake("words", "texts", Path("nowhere"), engine),
        cells,
    ]


@pytest.fixture(scope="module")
def port(models):
    app = serving_app(models, Settings(access=Access.to("127.0.0.1")), {"pets": Near()})
    with served(app) as port:
        yield port


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    file = tmp_path_factory.mktemp("pictures") / "new.png"
    Image.new("RGB", (60, 40), "orange").save(file)
    return file


def width_of_nearest(page):
    """Of the first small picture, once it is there; the page's policy forbids to wait by a script."""
    image = page.locator(".near img[src^='blob:']").first
    image.evaluate("(image) => image.decode()")
    return image.evaluate("(image) => image.naturalWidth")


@pytest.mark.parametrize(("width", "scheme"), [(1000, "light"), (380, "dark")])
def test_a_picture_is_dropped_and_its_answer_read(page_of, port, models, picture, width, scheme):
    page = page_of(port, width, scheme)
    page.wait_for_selector("form.drop")
    page.evaluate(
        """async (bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "new.png", { type: "image/png" }));
          const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
          document.querySelector("form.drop").dispatchEvent(event);
        }""",
        list(picture.read_bytes()),
    )
    card = page.locator(".card")
    card.locator(".near img").wait_for()
    text = card.inner_text()
    assert models[0].items[-1] == picture.read_bytes()
    assert "dog" in text
    assert (
        "The model gives it 70.0 %. Of the 12 held-out rows that got an answer with about 68 %, 9 were right."
        in text
    )
    assert "similarity 0.91" in text
    assert card.locator(".bars").first.locator("li").all_inner_texts()[0].split() == ["dog", "70.0", "%"]
    assert card.locator("details summary").inner_text() == "All 6"
    assert width_of_nearest(page) == 40
    contrasts = page.evaluate(CONTRAST)
    assert len(contrasts) > 15
    assert not [one for one in contrasts if one[0] < 4.5]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.said == []
    own = f"http://127.0.0.1:{port}/"
    assert not [url for url in page.asked if not url.startswith((own, "data:", f"blob:{own}"))]
    page.context.close()


def test_keys_alone_reach_a_text_and_a_row(page_of, port, models):
    page = page_of(port)
    page.wait_for_selector("form.drop")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "group"
    page.select_option("#group", label="a text \u2013 words")
    page.keyboard.press("Tab")
    page.keyboard.type("a <b>good</b> dog")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".card .said").wait_for()
    assert models[1].items == ["a <b>good</b> dog"]
    assert "How often such answers are right was not measured." in page.locator(".card").inner_text()
    assert "It is a long text." in page.locator(".card").inner_text()
    page.select_option("#group", label="a row \u2013 cells")
    assert page.locator(".card").count() == 0
    page.get_by_label("legs").fill("4.5")
    page.get_by_label("tame").select_option("true")
    page.get_by_role("button", name="Ask").click()
    page.locator(".card .said").wait_for()
    assert models[2].items == [{"legs": 4.5, "colour": None, "tame": True}]
    said = "The model gives it 5.0 %. By its threshold it says cat from 4.0 % on, and else the other class."
    assert said in page.locator(".card").inner_text()
    assert page.get_by_label("colour").get_attribute("list")
    page.context.close()


def test_what_can_not_be_read_is_said(page_of, port, picture, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    page = page_of(port)
    page.set_input_files("form.drop input >> nth=0", tmp_path / "bad.png")
    page.locator("[role=alert]").wait_for()
    assert page.locator("[role=alert]").inner_text() == "The picture can't be read."
    page.context.close()


def test_a_token_is_asked_for(page_of, models, picture):
    app = serving_app(
        models[:1], Settings(access=access_to("127.0.0.1", "open sesame".replace(" ", "-"))), {"pets": Near()}
    )
    with served(app) as port:
        page = page_of(port)
        page.get_by_label("Token").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_text("That is not the token.").wait_for()
        page.get_by_label("Token").fill("open-sesame")
        page.keyboard.press("Enter")
        page.set_input_files("form.drop input >> nth=0", picture)
        assert width_of_nearest(page) == 40
        page.context.close()
        page = page_of(port, fragment="#token=open-sesame")
        page.wait_for_selector("form.drop")
        assert "sesame" not in page.url
        page.context.close()
