"""A server in a thread, and requests to it."""

import http.client
import json
import socket
import threading
from contextlib import contextmanager

from headstart.server.running import bind, make_server


@contextmanager
def served(app):
    """The port at which an application is served, by uvicorn in a thread."""
    started = threading.Event()
    server = make_server(app, started.set)
    with bind("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            assert started.wait(20)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


def ask(port, method, path, body=None, headers=None):
    """Status, headers and JSON (or text) of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        if isinstance(body, dict | list):
            body, headers = json.dumps(body), {"Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    is_json = answer.headers.get("Content-Type") == "application/json"
    return answer.status, answer.headers, json.loads(content) if is_json and content else content.decode()


def send_raw(port, content, wait=5.0):
    """The bytes that come back for bytes that need be no request, until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        connection.sendall(content)
        found = b""
        try:
            while part := connection.recv(65536):
                found += part
        except (TimeoutError, ConnectionResetError):
            pass
        return found
