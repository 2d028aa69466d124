"""What every server refuses, and how it says so."""

import asyncio
import http.client
import socket
import time
from contextlib import suppress

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.serving import ask, send_raw, served

from headstart.core import BadData, CannotWrite
from headstart.server import protocol
from headstart.server.access import Access
from headstart.server.app import make_app
from headstart.server.body import Body, Limits
from headstart.server.refusal import Refused

LIMIT = 100_000


async def echo(request):
    return PlainTextResponse(str(len(await request.body())))


async def bad(_request):
    raise BadData("There is nothing in it.")


async def full(_request):
    raise CannotWrite("Can't write /home/ann/lesson: no space left on device.")


async def broken(_request):
    return 1 / 0


async def slow(_request):
    await asyncio.sleep(5)


ROUTES = [
    Route("/echo", echo, methods=["POST"]),
    Route("/bad", bad),
    Route("/broken", broken),
    Route("/full", full),
    Route("/slow", slow),
    Route("/open", bad),
]


@pytest.fixture(scope="module")
def port():
    limits = Limits(body_bytes=LIMIT, body_seconds=0.4, answer_seconds=0.4)
    access = Access.to("127.0.0.1", "secret", ["/open"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "HEADER_SECONDS", 0.3)
        with served(make_app(ROUTES, access, limits)) as port:
            yield port


TOKEN = {"Authorization": "Bearer secret"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "words"),
    [
        ("GET", "/nothing", {}, 404, "nothing here"),
        ("GET", "/echo", {}, 405, "other methods"),
        ("GET", "/bad", {}, 422, "nothing in it"),
        ("GET", "/slow", {}, 504, "too long"),
        ("GET", "/bad", {"Authorization": ""}, 401, "token"),
        ("GET", "/bad", {"Authorization": "Bearer secre"}, 401, "token"),
        ("GET", "/bad", {"Authorization": "Basic secret"}, 401, "token"),
        ("GET", "/open", {"Authorization": ""}, 422, "nothing in it"),
        ("GET", "/open/", {"Authorization": ""}, 401, "token"),
        ("GET", "/bad", {"Host": "evil.example"}, 403, "own machine"),
        ("GET", "/bad", {"Host": "localhost:1"}, 422, "nothing in it"),
        ("GET", "/bad", {"Host": "[::1"}, 403, "own machine"),
        ("POST", "/echo", {"Origin": "https://evil.example"}, 403, "other sites"),
        ("POST", "/echo", {"Origin": "null"}, 403, "other sites"),
        ("POST", "/echo", {"Origin": "http://["}, 403, "other sites"),
        ("POST", "/echo", {"Sec-Fetch-Site": "cross-site"}, 403, "other sites"),
    ],
)
def test_refusals_are_json_with_a_status(port, method, path, headers, status, words):
    code, answered, value = ask(port, method, path, headers=TOKEN | headers)
    assert (code, words in value["error"]) == (status, True), value
    assert answered["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answered["Content-Security-Policy"]


def test_a_mistake_of_the_server_is_told_without_its_details(port, capfd):
    code, _, value = ask(port, "GET", "/broken", headers=TOKEN)
    assert code == 500
    assert "zero" not in value["error"]
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_where_files_are_is_told_on_the_terminal_alone(port, capfd):
    code, _, value = ask(port, "GET", "/full", headers=TOKEN)
    assert (code, "ann" in value["error"]) == (500, False)
    assert "/home/ann/lesson" in capfd.readouterr().err


def test_a_body_up_to_the_limit_is_read(port):
    assert ask(port, "POST", "/echo", b"a" * LIMIT, TOKEN)[2] == str(LIMIT)
    own = TOKEN | {"Origin": f"http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}
    assert ask(port, "POST", "/echo", b"a", own)[2] == "1"


def test_a_body_over_the_limit_is_refused_before_it_is_read(port):
    start = time.monotonic()
    head = (
        f"POST /echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\nContent-Length: {10**9}"
    )
    found = send_raw(port, f"{head}\r\n\r\n".encode())
    assert found.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in found.lower()
    assert time.monotonic() - start < 2


def test_a_chunked_body_over_the_limit_is_cut_off(port):
    head = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n"
    chunk = b"%x\r\n%b\r\n" % (LIMIT // 4, b"a" * (LIMIT // 4))
    found = send_raw(port, head + b"Transfer-Encoding: chunked\r\n\r\n" + 5 * chunk)
    assert found.startswith(b"HTTP/1.1 413")


def test_chunks_are_counted_together():
    async def receive():
        return {"type": "http.request", "body": b"a" * 40, "more_body": True}

    async def read():
        headers = [(b"transfer-encoding", b"chunked")]
        body = Body({"type": "http", "headers": headers}, receive, Limits(body_bytes=100))
        await body.receive()
        await body.receive()
        with pytest.raises(Refused, match="larger than the limit"):
            await body.receive()

    asyncio.run(read())


def test_a_client_that_sends_without_end_is_cut_off(port):
    sent = 0

    def chunks():
        nonlocal sent
        for _ in range(10_000):
            sent += 100_000
            yield b"a" * 100_000

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with suppress(ConnectionError):
        connection.request("POST", "/echo", chunks(), TOKEN, encode_chunked=True)
    connection.close()
    assert sent < 10**8


def test_a_body_that_does_not_end(port):
    head = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n"
    start = time.monotonic()
    found = send_raw(port, head + b"Content-Length: 9\r\n\r\nabc")
    assert found.startswith(b"HTTP/1.1 408")
    assert b"did not end within 0.4 seconds" in found
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("begun", [b"", b"GET /open HT"])
def test_headers_that_do_not_end(port, begun):
    found = send_raw(port, begun)
    assert found.startswith(b"HTTP/1.1 408")
    assert b"headers did not end" in found


def test_headers_that_do_not_end_after_an_answer(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, b"nothing" in answer.read()) == (422, True)
        connection.sendall(b"GET /op")
        assert connection.recv(65536).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("content", [b"\x00\x01\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\na\r\n\r\n"])
def test_what_is_no_request(port, content):
    found = send_raw(port, content)
    assert found.startswith(b"HTTP/1.1 400")
    assert b'{"error":' in found


def test_elsewhere_than_on_this_machine_any_host_may_be_named():
    access = Access.to("0.0.0.0")
    access.check("POST", "/", {"host": "example.org:8000", "origin": "http://example.org:8000"})
    assert Access.to("127.0.0.2").hosts == {"localhost", "127.0.0.1", "::1", "127.0.0.2"}
    Access.to("::1").check("GET", "/", {"host": "[::1]:80"})
