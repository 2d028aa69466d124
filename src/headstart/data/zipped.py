"""Archives (.zip) of a folder of files, or of a table, unpacked for as long as the process lives."""

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from headstart.core import BadData, CannotWrite

from .folder_files import files_below, files_in, folders_in, is_sample
from .npz import SUFFIXES as ARRAYS
from .table_files import SUFFIXES as TABLES

SUFFIX = ".zip"
LARGEST = 16 * 2**30  # bytes of all files
MOST = 1_000_000  # files
SWOLLEN, ROOM = 200, 2**30  # times the size of the archive that files may have, beyond so many bytes
DAMAGED = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError)
_NOISE = {"__MACOSX", "Thumbs.db", "desktop.ini"}

_unpacked: dict[tuple[str, int, int], TemporaryDirectory[str]] = {}  # by file, its size and its time


def is_zip(path: Path) -> bool:
    """Whether a path is an archive that is there."""
    return path.suffix.lower() == SUFFIX and path.is_file()


def unzipped(path: Path) -> Path:
    """The folder of files in an archive, or the only table in it, in a temporary place.

    A folder that holds all others is passed over, as are hidden files and those that systems add.

    Raises:
        BadData: it is damaged, has a password, is too large, leads out of its folder, or holds several
            tables.
        CannotWrite: there is no room to unpack it.
    """
    about = path.stat()
    key = (str(path.resolve()), about.st_size, about.st_mtime_ns)
    if key not in _unpacked:
        _unpacked[key] = _unpack(path)
    root = _unwrapped(Path(_unpacked[key].name))
    if any(map(is_sample, files_below(root))):
        return root
    tables = [file for file in files_below(root) if file.suffix.lower() in (*TABLES, *ARRAYS, ".h5ad")]
    if len(tables) > 1:
        names = ", ".join(repr(file.relative_to(root).as_posix()) for file in tables[:5])
        raise BadData(f"{path} holds several tables: {names}. Unpack it, and give one of them.")
    return tables[0] if tables else root


def lasting_path(path: Path) -> Path:
    """Where a file is when this process is over: of one that was unpacked, such as `pets.zip/cat/1.png`."""
    for (archive, *_), place in _unpacked.items():
        if path.is_relative_to(place.name):
            return Path(archive, path.relative_to(place.name))
    return path.absolute()


def read_lasting(path: Path) -> bytes:
    """The bytes of a file that `lasting_path` named.

    Raises:
        BadData: it is no longer there or can't be read.
    """
    try:
        archive = next(filter(is_zip, path.parents), None)
        if archive is None:
            return path.read_bytes()
        with zipfile.ZipFile(archive) as opened:
            return opened.read(path.relative_to(archive).as_posix())
    except (*DAMAGED, OSError, KeyError) as error:
        raise BadData(f"{path} can't be read: {error}.") from error


def _unpack(path: Path) -> TemporaryDirectory[str]:
    place = TemporaryDirectory(prefix="headstart-")
    try:
        _extract(path, place.name)
    except BaseException:  # Ctrl-C, too
        place.cleanup()
        raise
    return place


def _extract(path: Path, place: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if not one.is_dir() and not _is_noise(one.filename)]
            for one in members:
                _refuse_unsafe(path, one)
            _refuse_large(path, members)
            for one in members:
                archive.extract(one, place)
    except DAMAGED as error:
        raise BadData(f"{path} can't be unpacked: {error}. Pack it again, or give the folder.") from error
    except OSError as error:
        raise CannotWrite(
            f"{path} can't be unpacked into the temporary folder: {error.strerror or error}. Unpack it "
            "yourself, and give the folder."
        ) from error


def _is_noise(name: str) -> bool:
    parts = _inside(name).parts
    return not parts or any(one in _NOISE or (one.startswith(".") and one != "..") for one in parts)


def _inside(name: str) -> PurePosixPath:
    return PurePosixPath(name.replace("\\", "/"))


def _refuse_unsafe(path: Path, one: zipfile.ZipInfo) -> None:
    parts = _inside(one.filename)
    if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
        raise BadData(f"{path}: {one.filename!r} leads out of its folder. Pack it again, without such paths.")
    if stat.S_ISLNK(one.external_attr >> 16):
        raise BadData(f"{path}: {one.filename!r} is a link. Pack it again, with the files themselves.")
    if one.flag_bits & 1:
        raise BadData(f"{path} has a password. Unpack it, and give the folder.")


def _refuse_large(path: Path, members: list[zipfile.ZipInfo]) -> None:
    total, packed = sum(one.file_size for one in members), path.stat().st_size
    if total > LARGEST or len(members) > MOST or (total > ROOM and total > SWOLLEN * packed):
        raise BadData(
            f"{path} would unpack to {len(members):,} files of {total / 1e9:,.1f} GB ({packed / 1e6:,.1f} MB "
            "packed), which is more than is unpacked unasked. Unpack it yourself, and give the folder."
        )
    with TemporaryDirectory() as place:
        free = shutil.disk_usage(place).free
    if total > free:
        raise CannotWrite(
            f"{path} needs {total / 1e9:,.1f} GB to be unpacked, and {free / 1e9:,.1f} GB are free in the "
            "temporary folder. Set TMPDIR to one with more room, or give the unpacked folder."
        )


def _unwrapped(folder: Path) -> Path:
    """The folder, or the one in it that holds all others."""
    inside = folders_in(folder)
    while len(inside) == 1 and not files_in(folder) and (folders_in(inside[0]) or _has_table(inside[0])):
        folder, inside = inside[0], folders_in(inside[0])
    return folder


def _has_table(folder: Path) -> bool:
    return any(file.suffix.lower() in (*TABLES, *ARRAYS, ".h5ad") for file in files_in(folder))
