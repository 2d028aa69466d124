"""The API fuzzed by its own description, and by a thousand requests that are none."""

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.serving import ask, send_raw, served

import headstart as hs
from headstart.server.access import Access
from headstart.server.loading import load_models
from headstart.server.serving import Settings, serving_app

STATUSES = {200, 422}
PIECES = (b"GET ", b"POST ", b"/predict ", b"HTTP/1.1\r\n", b"Host: localhost\r\n", b"Content-Length: 5\r\n")
PIECES += (b"Transfer-Encoding: chunked\r\n", b"Content-Type: application/json\r\n", b"\r\n", b"\r\n\r\n")
PIECES += (
    b'{"rows": [',
    b"{",
    b"]}",
    b"ffffffffffffff\r\n",
    b"-1\r\n",
    b"\x00\xff",
    b"Expect: 100-continue\r\n",
)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "cells"
    table = {
        "length": [1.0, 2.0, 8.0, 9.0] * 5,
        "colour": ["red", "blue"] * 10,
        "old": [True, False, False, True] * 5,
        "day": [f"2024-01-{day:02}" for day in range(1, 21)],
        "label": ["no", "no", "yes", "yes"] * 5,
    }
    hs.fit(hs.methods.RidgeProbe(), "table", hs.data.load(table)).save(folder)
    app = serving_app(
        load_models([folder], ["cells"], 10**6), Settings(access=Access.to("127.0.0.1"), items=4)
    )
    with served(app) as port:
        yield port


@pytest.fixture(scope="module")
def described(port):
    return ask(port, "GET", "/openapi.json")[2]


def values_of(schema):
    """Values that a JSON schema of a column allows."""
    numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
    kinds = {"number": numbers, "boolean": st.booleans(), "null": st.none(), "string": st.text(max_size=20)}
    found = [kinds[kind] for kind in schema["type"]]
    return st.one_of(*found, *([st.sampled_from(schema["examples"])] if "examples" in schema else []))


def test_the_description_names_every_column_and_address(described):
    row = described["components"]["schemas"]["Row_of_cells"]
    assert {name: schema["type"][0] for name, schema in row["properties"].items()} == {
        "length": "number",
        "colour": "string",
        "old": "boolean",
        "day": "string",
    }
    assert row["properties"]["colour"]["examples"] == ["blue", "red"]
    assert {"/predict", "/predict/cells", "/health", "/metrics", "/models"} <= set(described["paths"])
    body = described["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["rows"]["maxItems"] == 4
    assert list(body["properties"]) == body["required"] == ["rows"]


def test_rows_that_the_description_allows_are_answered_as_it_says(port, described):
    jsonschema = pytest.importorskip("jsonschema")
    row = described["components"]["schemas"]["Row_of_cells"]
    answers = jsonschema.Draft202012Validator(
        {"$ref": "#/components/schemas/Answer_of_cells", "components": described["components"]}
    )
    rows = st.lists(
        st.fixed_dictionaries({name: values_of(schema) for name, schema in row["properties"].items()}),
        min_size=1,
        max_size=4,
    )

    @settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(rows)
    def check(rows):
        status, _, value = ask(port, "POST", "/predict/cells", {"rows": rows})
        assert status in STATUSES
        assert len(value["predictions"]) == len(rows)
        answers.validate({name: part for name, part in value.items() if name != "error"})
        assert (status == 422) == all("error" in one for one in value["predictions"])

    check()


def test_any_json_is_refused_or_answered(port):
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9))
    names = st.sampled_from(["rows", "texts", "length", "colour", ""])
    anything = st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=8
    )

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(anything, st.fixed_dictionaries({"rows": st.lists(anything, max_size=5)})))
    def check(value):
        status, _, found = ask(
            port, "POST", "/predict", json.dumps(value), {"Content-Type": "application/json"}
        )
        assert status in STATUSES | {400, 413}
        assert status == 200 or "error" in found

    check()


def test_a_thousand_requests_that_are_none(port, capfd):
    generator = random.Random(0)
    for _ in range(1000):
        content = b"".join(generator.choices(PIECES, k=generator.randint(1, 8)))
        found = send_raw(port, content + b"\r\n\r\n", wait=0.005)
        assert not found or found[:12] in {
            b"HTTP/1.1 " + str(code).encode() for code in (100, 200, *range(400, 423))
        }
    assert ask(port, "GET", "/health")[0] == 200
    row = {"length": 8.5, "colour": "red", "old": True, "day": "2024-01-02"}
    assert ask(port, "POST", "/predict", {"rows": [row]})[0] == 200
    assert "Traceback" not in capfd.readouterr().err
