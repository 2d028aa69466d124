"""Who may ask: the names of the host, other sites' pages, and a token."""

import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from headstart.server.refusal import Refused

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})  # names by which this machine calls itself
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})  # methods that a page of another site may not use


def is_loopback(host: str) -> bool:
    """Whether a host to bind to can be reached from this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class Access:
    """The rules for who is answered.

    Attributes:
        hosts: names that the header Host may have; None for any. A server that is bound to this machine alone
            accepts its own names only, so that no page can reach it by a name that it lets point here (DNS
            rebinding).
        token: that the header Authorization must bear; "" for none.
        open_paths: that need no token.
    """

    hosts: frozenset[str] | None = LOCAL
    token: str = ""
    open_paths: frozenset[str] = frozenset()

    @classmethod
    def to(cls, host: str, token: str = "", open_paths: Iterable[str] = ()) -> "Access":
        """The rules of a server that is bound to `host`."""
        names = LOCAL | {host} if is_loopback(host) else None
        return cls(hosts=names, token=token, open_paths=frozenset(open_paths))

    def check(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        """Refuse a request that breaks a rule.

        Args:
            method: of HTTP.
            path: decoded.
            headers: by name in small letters.

        Raises:
            Refused: 403 for another host or site, 401 without the token.
        """
        host = headers.get("host", "")
        if self.hosts is not None and _name(host) not in self.hosts:
            raise Refused(403, "This server answers to the names of its own machine alone, as in localhost.")
        if method in UNSAFE and _is_cross_site(host, headers):
            raise Refused(403, "Requests from the pages of other sites are refused.")
        if self.token and path not in self.open_paths and not self._has_token(headers):
            raise Refused(
                401,
                "Send the token: the header is 'Authorization: Bearer TOKEN'.",
                {"WWW-Authenticate": "Bearer"},
            )

    def _has_token(self, headers: Mapping[str, str]) -> bool:
        """Compared in constant time."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), self.token.encode())
        return same and scheme.lower() == "bearer"


def _name(host: str) -> str:
    """The name in a header Host, without the port; "" if it can't be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _place(origin: str) -> str:
    """The host and port in a header Origin; "" if it can't be read."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _is_cross_site(host: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser says that the page that asks is not of this server."""
    origin = headers.get("origin")
    if origin is not None and _place(origin) != host:
        return True
    return headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
