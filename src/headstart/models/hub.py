"""Quick check whether a hub is reachable, as the hubs' own clients retry for half a minute."""

import os
import socket
import urllib.parse
import urllib.request
from pathlib import Path

HUB = "https://huggingface.co"


def endpoint() -> str:
    """The address of the Hugging Face hub or of its configured mirror."""
    return os.environ.get("HF_ENDPOINT", HUB)


def check_host(address: str) -> None:
    """Resolve the host of an address.

    Raises:
        OSError: it can't be resolved, so that nothing can be fetched from there.
    """
    host = urllib.parse.urlparse(address).hostname
    if host and not urllib.request.getproxies():
        socket.getaddrinfo(host, 443)


def cached(repository: str, *files: str) -> str | None:
    """The first of the files of a hub repository that is in the local cache."""
    from huggingface_hub import try_to_load_from_cache

    for file in files:
        found = try_to_load_from_cache(repository, file)
        if isinstance(found, str):
            return found
    return None


def must_stay_local(name: str) -> bool:
    """Whether a model, a folder or a name on the hub, must be read without contacting the hub.

    Raises:
        OSError: it is neither here nor can it be fetched.
    """
    if Path(name).expanduser().is_dir():
        return True
    try:
        check_host(endpoint())
    except OSError:
        if cached(name, "config.json") is None:
            raise
        return True
    return False
