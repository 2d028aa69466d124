"""Faults of the servers: what is let in, limits that do not hold, answers of other requests."""

from tests.faults import Fault

SHIELD = (
    Fault(
        "server/access.py",
        "return same and scheme.lower()",
        "return bool(same or given) and scheme.lower()",
        "any token is accepted",
        "server/test_shield.py refusals_are_json",
    ),
    Fault(
        "server/access.py",
        "names = LOCAL | {host} if is_loopback(host) else None",
        "names = None",
        "a page may ask by a name that it lets point to this machine",
        "server/test_shield.py refusals_are_json",
    ),
    Fault(
        "server/access.py",
        "if origin is not None and urlsplit(origin).netloc != host:",
        "if origin is None and host == origin:",
        "a page of another site may ask",
        "server/test_shield.py refusals_are_json",
    ),
    Fault(
        "server/body.py",
        '        self._count += len(message.get("body", b""))\n',
        '        self._count = len(message.get("body", b""))\n',
        "a chunked body may be as long as it likes",
        "server/test_shield.py chunked_body_over_the_limit",
    ),
    Fault(
        "server/protocol.py",
        "self._headers_due = self.loop.call_later(HEADER_SECONDS, self._give_up)\n\n",
        "\n\n",
        "a client that never sends headers holds its connection for ever",
        "server/test_shield.py headers_that_do_not_end",
    ),
)
