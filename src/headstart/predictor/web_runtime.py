"""The files of onnxruntime-web, of which headstart brings none: given, kept from before, or packed by npm."""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from headstart.core import BadInput, HeadstartError
from headstart.face import spell

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
INTEGRITY = (
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="  # SHA-512
)
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
ARCHIVE = f"{PACKAGE}-{VERSION}.tgz"
SECONDS = 300  # that npm may take


def runtime_files(given: Path | None = None) -> dict[str, bytes]:
    """The files that a page needs, by name.

    Args:
        given: the package as `npm pack` writes it, .tgz, or its folder, as in node_modules; None: that of a
            former call in the cache of the user, else npm packs it, and its SHA-512 is checked.

    Raises:
        BadInput: what is given is no such package.
        HeadstartError: it is not there, and npm is missing or can't fetch it.
    """
    if given is not None:
        return _in_folder(given) if given.is_dir() else _in_archive(_read(given), str(given))
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "headstart" / ARCHIVE
    if kept.is_file() and _is_whole(content := kept.read_bytes()):
        return _in_archive(content, str(kept))
    content = _packed()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
    except OSError:  # it is fetched again the next time
        pass
    return _in_archive(content, ARCHIVE)


def _packed() -> bytes:
    """What npm packs; its digest is the one that is known."""
    npm = shutil.which("npm")
    if npm is None:
        raise HeadstartError(
            f"The page needs {PACKAGE}, and npm, which fetches it, is not installed. {_by_hand()}"
        )
    with tempfile.TemporaryDirectory() as place:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent"]
        try:
            subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=SECONDS)
            content = (Path(place) / ARCHIVE).read_bytes()
        except (subprocess.SubprocessError, OSError) as error:
            raise HeadstartError(
                f"{PACKAGE} {VERSION} can't be fetched by npm: the network is out of reach. {_by_hand()}"
            ) from error
    if not _is_whole(content):
        raise HeadstartError(f"{ARCHIVE} is not the file that was published. {_by_hand()}")
    return content


def _by_hand() -> str:
    return (
        f"Where there is a network: npm pack {PACKAGE}@{VERSION}. Then give the file: "
        f"{spell('runtime', ARCHIVE)}"
    )


def _is_whole(content: bytes) -> bool:
    return base64.b64encode(hashlib.sha512(content).digest()).decode() == INTEGRITY


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(
            f"{spell('runtime', str(file))} can't be read: {error.strerror or error}. {_by_hand()}"
        ) from error


def _in_archive(content: bytes, name: str) -> dict[str, bytes]:
    found = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            for file in FILES:
                member = archive.extractfile(f"package/dist/{file}")
                assert member is not None
                found[file] = member.read()
    except (tarfile.TarError, OSError, KeyError, AssertionError) as error:
        raise BadInput(f"{name} is no package {PACKAGE} as npm packs it. {_by_hand()}") from error
    return found


def _in_folder(folder: Path) -> dict[str, bytes]:
    try:
        return {file: (folder / "dist" / file).read_bytes() for file in FILES}
    except OSError as error:
        raise BadInput(f"{folder} is no folder of the package {PACKAGE}. {_by_hand()}") from error
