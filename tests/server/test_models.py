"""Runs that are served: their answers are those of the predictor, and equal backbones are kept once."""

import io
import zlib

import numpy as np
import pytest
import torch
from PIL import Image
from tests.serving import ask, served

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.server.access import Access
from headstart.server.loading import load_models
from headstart.server.names import names_of_runs
from headstart.server.predicting import Queueing
from headstart.server.served import Job
from headstart.server.serving import Settings, serving_app

SIDE = 32
FORM = "multipart/form-data; boundary=b"
FIELD = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n/etc/passwd\r\n--b--\r\n'
NAMES = ["shade", "tint", "cells"]


def picture(seed, size=(40, 30), kind="PNG"):
    pixels = np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two probes on one backbone of pictures, and a model of a table."""
    folder = tmp_path_factory.mktemp("runs")
    preprocess = hs.models.backbone("efficientnet_lite0", weights="random").preprocess
    base = hs.models.backbone("efficientnet_lite0", weights="random", preprocess=resized(preprocess))
    x = np.random.default_rng(0).integers(0, 255, (12, SIDE, SIDE, 3), np.uint8)
    for name, names in (("shade", ["dark", "light"]), ("tint", ["blue", "green", "red"])):
        labels = [names[row % len(names)] for row in range(12)]
        hs.fit(hs.methods.RidgeProbe(), base, (x, labels)).save(folder / name)
    lengths, colours = [1.0, 2.0, 8.0, 9.0] * 4, ["red", "blue"] * 8
    table = {"length": lengths, "colour": colours, "label": ["no", "no", "yes", "yes"] * 4}
    hs.fit(hs.methods.RidgeProbe(), "table", hs.data.load(table)).save(folder / "cells")
    return [folder / name for name in NAMES]


def resized(preprocess):
    from dataclasses import replace

    return replace(preprocess, size=(SIDE, SIDE))


@pytest.fixture(scope="module")
def models(runs):
    return load_models(runs, NAMES, 1_000_000)


@pytest.fixture(scope="module")
def port(models):
    settings = Settings(access=Access.to("127.0.0.1"), items=8, queueing=Queueing(wait=0.05))
    with served(serving_app(models, settings)) as port:
        yield port


def multipart(*files):
    head = '--b\r\nContent-Disposition: form-data; name="file"; filename="{}"\r\n\r\n'
    parts = [head.format(name).encode() + content + b"\r\n" for name, content in files]
    return b"".join(parts) + b"--b--\r\n", {"Content-Type": FORM}


def test_answers_are_those_of_the_predictor(port, runs):
    contents = [picture(seed) for seed in range(3)]
    for name, run in zip(NAMES[:2], runs[:2], strict=True):
        wanted = hs.open(run).predict([Image.open(io.BytesIO(content)) for content in contents])
        body = multipart(*((f"{seed}.png", content) for seed, content in enumerate(contents)))
        status, _, value = ask(port, "POST", f"/predict/{name}", *body)
        assert status == 200
        assert [one["item"] for one in value["predictions"]] == ["0.png", "1.png", "2.png"]
        for given, expected in zip(value["predictions"], wanted, strict=True):
            assert given["label"] == expected.label
            assert given["probabilities"] == pytest.approx(expected.probabilities, abs=1e-5)
    one = ask(port, "POST", "/predict/tint", contents[1], {"Content-Type": "image/png"})[2]
    assert one["predictions"][0]["probabilities"] == pytest.approx(
        hs.open(runs[1]).predict([Image.open(io.BytesIO(contents[1]))])[0].probabilities, abs=1e-5
    )


def test_rows_of_a_table(port, runs):
    unread = [{"length": "long", "colour": "red"}, {"colour": "blue"}, ["x"], 3]
    rows = [{"length": 8.5, "colour": "red"}, *unread, {"length": 1.5, "colour": "violet"}]
    status, _, value = ask(port, "POST", "/predict/cells", {"rows": rows})
    found = value["predictions"]
    assert status == 200
    wanted = hs.open(runs[2]).predict([rows[0]])[0]
    assert found[0]["probabilities"] == pytest.approx(wanted.probabilities, abs=1e-5)
    assert ["error" in one for one in found] == [False, True, True, True, True, False]
    assert "violet" in found[5]["notes"][0]


def test_equal_backbones_are_kept_once_and_computed_once(models):
    shade, tint, cells = models
    assert shade.engine is tint.engine
    assert cells.engine is not shade.engine
    calls = []
    handle = shade.engine.backbone.register_forward_hook(lambda _module, x, _y: calls.append(len(x[0])))
    try:
        x = [shade.prepare(picture(seed))[0] for seed in range(3)]
        jobs = [Job(x[0], ("shade",)), Job(x[1], ("tint",)), Job(x[2], ("shade", "tint"), features=True)]
        found = shade.engine.answer(jobs)
    finally:
        handle.remove()
    assert calls == [3]
    assert [sorted(one.outputs) for one in found] == [["shade"], ["tint"], ["shade", "tint"]]
    assert [len(one.features) for one in found] == [0, 0, 2]
    assert [len(found[2].outputs[name]) for name in ("shade", "tint")] == [2, 3]


def test_another_weight_is_another_backbone(runs, tmp_path):
    changed = hs.open(runs[0])
    with torch.no_grad():
        next(changed.model.backbone.parameters()).view(-1)[-1] += 1e-3
    changed.save(tmp_path / "changed")
    first, second = load_models([runs[1], tmp_path / "changed"], ["a", "b"], 10**6)
    assert first.engine is not second.engine


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "nothing to predict"),
        (b"no picture", "no known picture format"),
        (picture(0)[:600], "can't be read"),
        (picture(0, (2000, 600)), "more than the limit of 1 million"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no known picture format"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'}", "Arrays"),
        (b"\x1f\x8b" + b"0" * 100, "Arrays"),
    ],
    ids=["empty", "words", "half", "large", "eps", "numpy", "gzip"],
)
def test_pictures_that_are_refused(port, content, words):
    status, _, value = ask(port, "POST", "/predict/shade", content, {"Content-Type": "image/png"})
    assert (status, words in value["error"]) == (422, True), value


def test_a_picture_whose_header_claims_too_much_is_not_decoded(models, monkeypatch):
    bomb = bytearray(picture(0, (30, 20)))
    bomb[16:24] = (50_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    monkeypatch.setattr("headstart.data.decode.flat", lambda _picture: pytest.fail("it was decoded"))
    with pytest.raises(BadData, match="pixels are more than the limit"):
        models[0].prepare(bytes(bomb))


def test_a_half_picture_does_not_lose_the_others(port):
    half, jpeg = picture(1)[:700], picture(2, kind="JPEG")
    body = multipart(("a.png", picture(0)), ("C:\\secret\\b.png", half), ("/etc/c.jpg", jpeg))
    status, _, value = ask(port, "POST", "/predict/shade", *body)
    assert status == 200
    assert [one["item"] for one in value["predictions"]] == ["a.png", "b.png", "c.jpg"]
    assert ["error" in one for one in value["predictions"]] == [False, True, False]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"texts": ["/etc/passwd"]}', "application/json", 415),
        (
            FIELD,
            FORM,
            422,
        ),
        (b"--b\r\nContent", FORM, 400),
        (multipart(("a.png", b"a"), ("b.png", b"b"))[0][:-12], FORM, 400),
        (b"garbage", FORM, 400),
        (b"--b\r\n\r\n\r\n", FORM, 400),
        (b"--b", "multipart/form-data", 400),
        (multipart(*[("a.png", b"a")] * 9)[0], FORM, 413),
    ],
    ids=["json", "field", "cut", "cut in the second", "garbage", "nameless", "no boundary", "many"],
)
def test_bodies_that_are_refused(port, body, kind, status, capfd):
    code, _, value = ask(port, "POST", "/predict/shade", body, {"Content-Type": kind})
    assert code == status, value
    assert capfd.readouterr().err == ""


def test_models_of_different_things_are_asked_by_name(port):
    status, _, value = ask(port, "POST", "/predict", picture(0), {"Content-Type": "image/png"})
    assert (status, "/predict/shade" in value["error"]) == (400, True)


def test_a_folder_that_is_changed_is_told_and_the_answers_stay(port, runs):
    def answer():
        return ask(port, "POST", "/predict/cells", {"rows": [{"length": 8.5, "colour": "red"}]})[2]

    before, file = answer(), runs[2] / "config.json"
    assert not ask(port, "GET", "/health")[2]["models"]["cells"]["changed"]
    file.write_text(file.read_text().replace('"yes"', '"maybe"'))
    told = ask(port, "GET", "/health")[2]["models"]
    assert (told["cells"]["changed"], told["shade"]["changed"]) == (True, False)
    assert answer() == before


def test_names_of_models(tmp_path):
    folder = tmp_path / "a run" / "model"
    folder.mkdir(parents=True)
    assert names_of_runs([folder, folder.parent, tmp_path / "b"]) == ["a-run", "a-run-2", "b"]
    assert names_of_runs([folder], ["cats"]) == ["cats"]
    with pytest.raises(BadInput, match="2 names for 1 runs"):
        names_of_runs([folder], ["a", "b"])
    with pytest.raises(BadInput, match="'a/b' is taken, or"):
        names_of_runs([folder], ["a/b"])
