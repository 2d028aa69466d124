"""The addresses of a teaching session: every change, every refusal, and nothing else of the machine."""

import io
import zipfile

import pytest
from tests import wordy
from tests.serving import ask, served
from tests.teaching.lessons import base, picture, session

import headstart as hs
from headstart.models.backbone import backbone
from headstart.server import teach
from headstart.server.access import Access
from headstart.server.body import Limits
from headstart.server.teach import access_to, teaching_app
from headstart.teaching.session import TeachingSession


@pytest.fixture
def lesson(tmp_path):
    return session(tmp_path / "lesson", each=3)


@pytest.fixture
def port(lesson):
    with served(teaching_app(lesson, access_to("127.0.0.1"), Limits(body_bytes=100_000))) as found:
        yield found


def test_a_session_from_the_first_class_to_the_model(tmp_path):
    lesson = TeachingSession(base(), out=tmp_path / "lesson")
    with served(teaching_app(lesson, access_to("127.0.0.1"))) as port:
        for name in ("square", "disc"):
            assert ask(port, "POST", "/classes", {"name": name})[0] == 200
            for row in range(4):
                status, _, made = ask(
                    port, "POST", f"/examples?class={name}&name={row}.png", picture(name, row)
                )
                assert status == 201
        state = ask(port, "GET", "/state")[2]
        assert [(each["name"], each["examples"]) for each in state["classes"]] == [("square", 4), ("disc", 4)]
        assert state["accuracy"]["low"] <= state["accuracy"]["value"] <= state["accuracy"]["high"]
        assert state["examples"][-1]["number"] == made["number"]
        assert state["examples"][0].keys() == {"number", "class", "name", "copy", "answer", "probability"}
        said = ask(port, "POST", "/predict", picture("disc", 50))[2]["classes"]
        archive = fetch(port, "POST", "/download")
    zipfile.ZipFile(io.BytesIO(archive)).extractall(tmp_path / "out")
    opened = hs.open(tmp_path / "out" / "lesson")
    [found] = opened.predict([io.BytesIO(picture("disc", 50)).getvalue()])
    assert found.label == said[0]["name"]
    assert found.probability == pytest.approx(said[0]["probability"], abs=1e-4)


def fetch(port, method, path):
    """The bytes of an answer."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    connection.close()
    return content


def test_examples_are_moved_deleted_and_brought_back(port, lesson):
    number = lesson.state.examples[0].number
    ask(port, "POST", f"/examples/{number}/class", {"class": "disc"})
    assert lesson.state.example(number).label == "disc"
    state = ask(port, "DELETE", f"/examples/{number}")[2]
    assert len(state["examples"]) == 5
    ask(port, "POST", "/classes/rename", {"name": "square", "to": "box"})
    ask(port, "POST", "/classes/delete", {"name": "disc"})
    assert lesson.state.classes == ("box",)
    for _ in range(4):
        status, _, state = ask(port, "POST", "/undo")
        assert status == 200
    assert [each["class"] for each in state["examples"]] == ["square"] * 3 + ["disc"] * 3


def test_a_picture_is_small(port, lesson):
    number = lesson.state.examples[0].number
    content = fetch(port, "GET", f"/examples/{number}/picture")
    assert content[:4] == b"RIFF"
    assert len(content) < 3000


REFUSED = {
    "a class twice": ("POST", "/classes", {"name": "disc"}, 422, "already"),
    "a class that is a path": (
        "POST",
        "/classes",
        {"name": "../../etc"},
        422,
        "can't be the name of a folder",
    ),
    "no JSON": ("POST", "/classes", b"{", 422, "no JSON"),
    "deep JSON": ("POST", "/classes", b"[" * 50_000, 422, "no JSON"),
    "a list": ("POST", "/classes", ["disc"], 422, "JSON object"),
    "a number for a name": ("POST", "/classes", {"name": 3}, 422, "JSON object"),
    "an unknown class": ("POST", "/examples?class=cat", b"x", 422, "No class is called 'cat'"),
    "no picture": ("POST", "/examples?class=disc&name=a.png", b"x", 422, "a.png can't be read"),
    "no class": ("POST", "/examples", b"x", 422, "No class"),
    "an unknown example": ("DELETE", "/examples/99", None, 422, "No example"),
    "an example that is no number": ("DELETE", "/examples/..%2f", None, 404, "nothing here"),
    "an unknown picture": ("GET", "/examples/99/picture", None, 422, "No example"),
    "a file of the machine": ("GET", "/../../../../etc/passwd", None, 404, "nothing here"),
    "a file of the session": ("GET", "/teaching.json", None, 404, "nothing here"),
    "another method": ("GET", "/undo", None, 405, "other methods"),
    "a body of many megabytes": (
        "POST",
        "/examples?class=disc",
        b"x" * 200_000,
        413,
        "larger than the limit",
    ),
    "nothing to undo": ("POST", "/undo", None, 422, "nothing to undo"),
}


def test_what_is_refused_changes_nothing(tmp_path):
    session(tmp_path / "lesson", each=2)
    lesson = TeachingSession(base(), out=tmp_path / "lesson")
    before = lesson.state
    with served(teaching_app(lesson, access_to("127.0.0.1"), Limits(body_bytes=100_000))) as port:
        for name, (method, path, body, status, why) in REFUSED.items():
            found, headers, said = ask(port, method, path, body)
            assert (found, why in said["error"]) == (status, True), (name, found, said)
            assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert lesson.state == before


def test_the_page_is_open_and_the_session_is_not(lesson):
    with served(teaching_app(lesson, access_to("127.0.0.1", "secret"))) as port:
        assert ask(port, "GET", "/")[0] == 200
        assert ask(port, "GET", "/teach.js")[0] == 200
        for path in ("/state", f"/examples/{lesson.state.examples[0].number}/picture"):
            assert ask(port, "GET", path)[0] == 401
        assert ask(port, "GET", "/state", headers={"Authorization": "Bearer secret"})[0] == 200


def test_too_many_at_once_are_told_to_wait(lesson, monkeypatch):
    monkeypatch.setattr(teach, "WAITING", 0)
    with served(teaching_app(lesson, Access.to("127.0.0.1"))) as port:
        status, headers, _ = ask(port, "GET", "/state")
    assert (status, headers["Retry-After"]) == (503, "1")


def test_texts_are_taught(tmp_path):
    module = wordy.Words()
    reads_texts = backbone(module, tokenizer=wordy.tokenizer())
    lesson = TeachingSession(reads_texts, out=tmp_path / "lesson")
    assert lesson.kind == "texts"
    with served(teaching_app(lesson, access_to("127.0.0.1"))) as port:
        for name, words in (("good", "superb film"), ("bad", "dull plot")):
            ask(port, "POST", "/classes", {"name": name})
            for more in ("", " music", " again"):
                text = f"  {words}{more}\n".encode()
                assert ask(port, "POST", f"/examples?class={name}", text)[0] == 201
        state = ask(port, "GET", "/state")[2]
        assert state["examples"][1]["text"] == "superb film music"
        assert ask(port, "POST", "/examples?class=bad", b"\xff\xfe")[0] == 422
        assert ask(port, "POST", "/examples?class=bad", b"  ")[0] == 422
        assert ask(port, "GET", "/examples/1/picture")[0] == 404
        said = ask(port, "POST", "/predict", b"superb music")[2]["classes"]
        fetch(port, "POST", "/download")
    opened = hs.open(lesson.folder, backbone=module)
    assert opened.predict(["superb music"])[0].label == said[0]["name"]
    assert sorted(path.name for path in lesson.folder.glob("examples/good/*.txt")) == [
        "00001.txt",
        "00002.txt",
        "00003.txt",
    ]
