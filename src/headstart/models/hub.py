"""The packages of hubs, and a quick check whether a hub is reachable: their own clients retry for long."""

import importlib
import os
import socket
import urllib.parse
import urllib.request
import warnings
from pathlib import Path
from typing import Any

from headstart.core import BrokenPackage, MissingPackage

HUB = "https://huggingface.co"


def imported(package: str) -> Any:
    """Import a package of models without the warning of tqdm that a notebook lacks ipywidgets.

    Raises:
        ImportError: it is not installed.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "IProgress not found")
        return importlib.import_module(package)


def needed(package: str, wanted_for: str, extra: str) -> Any:
    """Import a package of models that is needed.

    Raises:
        MissingPackage: it is not installed.
        BrokenPackage: it is, but its import fails: torchvision's, say, beside a torch of another release.
    """
    try:
        return imported(package)
    except Exception as error:
        root = package.partition(".")[0]
        if isinstance(error, ModuleNotFoundError) and error.name == root:
            raise MissingPackage(root, wanted_for, extra) from error
        raise BrokenPackage(root, wanted_for, error, extra) from error


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
