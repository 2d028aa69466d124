"""Batches across requests, the bound of the queue, time-outs and errors of single items, on a toy."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.serving import ask, served

from headstart.core import BadData
from headstart.runtime.predictions import Decision
from headstart.server.access import Access
from headstart.server.body import Limits
from headstart.server.predicting import Queueing
from headstart.server.served import Outcome
from headstart.server.serving import Settings, serving_app


class Doubling:
    """An engine whose answer is twice the number; it keeps the sizes of its batches."""

    def __init__(self):
        self.sizes, self.hold = [], threading.Event()
        self.hold.set()

    def answer(self, jobs):
        self.sizes.append(len(jobs))
        assert self.hold.wait(20)
        if any(job.x == 666 for job in jobs):
            raise RuntimeError("a row that breaks the forward")
        return [Outcome({name: np.array([2.0 * job.x]) for name in job.models}) for job in jobs]


class Toy:
    kind, label_kind, classes, form, reads = "numbers", "numbers", ("y",), None, "numbers"
    decision = Decision()
    folder = Path("nowhere")

    def __init__(self, name, engine):
        self.name, self.engine, self.prepared = name, engine, 0

    def prepare(self, item):
        self.prepared += 1
        if item == "bad":
            raise BadData("It is bad.")
        return float(item[0]), []

    def predicted(self, outputs):
        return {"values": {"y": float(outputs[0])}}


@pytest.fixture
def engine():
    return Doubling()


def app_of(engine, names=("toy",), seconds=20.0, **queueing):
    limits = Limits(body_seconds=seconds, answer_seconds=seconds)
    settings = Settings(access=Access.to("127.0.0.1"), limits=limits, items=50, queueing=Queueing(**queueing))
    return serving_app([Toy(name, engine) for name in names], settings)


def post(port, *numbers, path="/predict"):
    return ask(port, "POST", path, {"rows": [[number] for number in numbers]})


def test_requests_that_come_while_one_is_computed_share_a_batch(engine):
    engine.hold.clear()
    with served(app_of(engine, wait=0)) as port, ThreadPoolExecutor(9) as pool:
        first = pool.submit(post, port, 1)
        while not engine.sizes:
            time.sleep(0.01)
        others = [pool.submit(post, port, number) for number in range(2, 10)]
        while ask(port, "GET", "/health")[2]["waiting"] < 9:
            time.sleep(0.01)
        time.sleep(0.1)
        engine.hold.set()
        values = [one.result()[2]["predictions"][0]["values"]["y"] for one in (first, *others)]
    assert values == [2.0 * number for number in range(1, 10)]  # each request has its own answer
    assert engine.sizes[:2] == [1, 8]


def test_a_batch_has_a_largest_size(engine):
    with served(app_of(engine, batch=4)) as port:
        status, _, value = post(port, *range(10))
    assert status == 200
    assert [one["values"]["y"] for one in value["predictions"]] == [2.0 * number for number in range(10)]
    assert (max(engine.sizes), sum(engine.sizes)) == (4, 10)


def test_a_full_queue_is_told_at_once(engine):
    engine.hold.clear()
    with served(app_of(engine, queue=3)) as port, ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, port, 1, 2)
        while not engine.sizes:
            time.sleep(0.01)
        status, headers, value = post(port, 3, 4)
        assert (status, headers["Retry-After"], "limit of 3" in value["error"]) == (503, "1", True)
        engine.hold.set()
        assert first.result()[0] == 200
        assert post(port, 3, 4)[0] == 200
        assert "headstart_waiting_items 0" in ask(port, "GET", "/metrics")[2]


def test_an_answer_that_takes_too_long(engine):
    engine.hold.clear()
    with served(app_of(engine, seconds=0.2)) as port:
        assert post(port, 1)[0] == 504
        assert ask(port, "GET", "/health")[2]["waiting"] == 0
        engine.hold.set()
        assert post(port, 2)[2]["predictions"][0]["values"]["y"] == 4.0


def test_what_was_begun_is_finished_when_the_server_stops(engine):
    engine.hold.clear()
    with ThreadPoolExecutor(1) as pool:
        with served(app_of(engine)) as port:
            begun = pool.submit(post, port, 1)
            while not engine.sizes:
                time.sleep(0.01)
            threading.Timer(0.3, engine.hold.set).start()
        assert begun.result()[0] == 200
        with pytest.raises(ConnectionRefusedError):
            post(port, 1)


def test_items_that_can_not_be_read_do_not_lose_the_others(engine):
    with served(app_of(engine)) as port:
        status, _, value = ask(port, "POST", "/predict", {"rows": [[1], "bad", [3]]})
        assert status == 200
        assert value["predictions"][0] == {"item": "1", "values": {"y": 2.0}}
        assert value["predictions"][1] == {"item": "2", "error": "It is bad."}
        assert value["predictions"][2]["values"]["y"] == 6.0
        status, _, value = ask(port, "POST", "/predict", {"rows": ["bad"]})
        assert (status, value["error"]) == (422, "It is bad.")


def test_a_row_that_breaks_the_forward_breaks_its_own_request_alone(engine, capfd):
    engine.hold.clear()
    with served(app_of(engine)) as port, ThreadPoolExecutor(3) as pool:
        pool.submit(post, port, 0)
        while not engine.sizes:
            time.sleep(0.01)
        bad, good = pool.submit(post, port, 666), pool.submit(post, port, 3)
        time.sleep(0.2)
        engine.hold.set()
        assert (bad.result()[0], good.result()[0]) == (500, 200)
    assert "breaks the forward" in capfd.readouterr().err


def test_models_that_read_alike_prepare_and_compute_an_item_once(engine):
    app = app_of(engine, ("one", "two"))
    with served(app) as port:
        status, _, value = post(port, 4)
        assert status == 200
        assert [one["model"] for one in value["answers"]] == ["one", "two"]
        assert [one["predictions"][0]["values"]["y"] for one in value["answers"]] == [8.0, 8.0]
        assert engine.sizes == [1]
        assert post(port, 4, path="/predict/two")[2]["model"] == "two"
        assert post(port, 4, path="/predict/three")[0] == 404


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"rows": [[NaN]]}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"rows": []}', "application/json", 422),
        (b'{"rows": [[1]], "file": "/etc/passwd"}', "application/json", 422),
        (b'{"texts": ["/etc/passwd"]}', "application/json", 422),
        (b"/etc/passwd", "text/plain", 415),
        (b"a,b", "", 415),
        (b'{"rows": [' + b"[1]," * 50 + b"[1]]}", "application/json", 413),
    ],
    ids=["cut", "nan", "deep", "none", "path", "texts", "text", "untyped", "many"],
)
def test_bodies_that_are_refused(engine, body, kind, status, port_of_toy):
    code, _, value = ask(port_of_toy, "POST", "/predict", body, {"Content-Type": kind})
    assert code == status, value
    assert "error" in value


@pytest.fixture(scope="module")
def port_of_toy():
    with served(app_of(Doubling())) as port:
        yield port


def test_counts_are_in_the_format_of_prometheus(engine):
    with served(app_of(engine)) as port:
        post(port, 1, 2)
        ask(port, "GET", "/secret/" + "a" * 50)
        _, headers, text = ask(port, "GET", "/metrics")
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = text.splitlines()
    assert 'headstart_requests_total{route="/predict",status="200"} 1' in lines
    assert 'headstart_requests_total{route="other",status="404"} 1' in lines
    assert 'headstart_items_total{model="toy",answered="true"} 2' in lines
    assert 'headstart_batch_items_bucket{le="+Inf"} 1' in lines
    assert 'headstart_batch_items_bucket{le="1"} 0' in lines
    assert "headstart_batch_items_sum 2.000000" in lines
    assert 'headstart_request_seconds_count{route="/predict"} 1' in lines
