"""Members of tar files as samples, read where they lie: nothing is unpacked."""

import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.core import BadData

from .samples import Kind, Rows

SUFFIX = ".tar"
MARKS = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd")  # gzip, bzip2, xz and Zstandard begin so
COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")


def is_archive(path: Path) -> bool:
    """Whether a file is a tar file by its name, compressed or not."""
    return path.name.lower().endswith((SUFFIX, *COMPRESSED))


@dataclass(frozen=True)
class Member:
    """A file in a tar file: where its bytes begin, and how many there are."""

    archive: Path
    name: str  # as it is written there
    start: int
    size: int

    @property
    def key(self) -> str:
        """What files of one sample share: the name up to the first dot after the last slash."""
        folder, slash, last = self.name.rpartition("/")
        return f"{folder}{slash}{last.partition('.')[0]}"

    @property
    def ending(self) -> str:
        """What comes after that, in small letters, with its dot."""
        last = self.name.rpartition("/")[2]
        return "." + last.partition(".")[2].lower()

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            BadData: the tar file is gone, or ends before it does.
        """
        try:
            with self.archive.open("rb") as file:
                file.seek(self.start)
                content = file.read(self.size)
        except OSError as error:
            raise BadData(f"{self.archive} can't be read: {error.strerror or error}. Put it back.") from error
        if len(content) < self.size:
            raise BadData(f"{self.name} in {self.archive} is cut off. Copy the tar file again.")
        return content


def members_of(archive: Path) -> Iterator[Member]:
    """The files in a tar file, hidden ones left out, in their order.

    Raises:
        BadData: it is compressed, so that nothing in it can be read by its place; it is no tar file; or it is
            damaged in a way that hides what comes after.
    """
    if archive.name.lower().endswith(COMPRESSED) or _begins_compressed(archive):
        raise BadData(
            f"{archive} is compressed, so its pictures can't be read without unpacking it. Unpack it to "
            ".tar first: pictures are compressed by themselves."
        )
    seen = 0
    try:
        with tarfile.open(archive, "r:") as opened:
            for one in opened:
                seen += 1
                if one.isreg() and not any(part.startswith(".") for part in one.name.split("/")):
                    yield Member(archive, one.name, one.offset_data, one.size)
            _require_end(archive, opened.offset)
    except (tarfile.TarError, EOFError) as error:
        what = f"can't be read after {seen} files" if seen else "is no tar file"
        raise BadData(f"{archive} {what}: {error}. Copy it again.") from error
    except OSError as error:
        raise BadData(f"{archive} can't be read: {error.strerror or error}.") from error


def _begins_compressed(archive: Path) -> bool:
    try:
        with archive.open("rb") as file:
            return file.read(6).startswith(MARKS)
    except OSError:  # which is said where it is read
        return False


def _require_end(archive: Path, end: int) -> None:
    """Raise unless nothing comes after the last file: `tarfile` stops at a damaged header without a word."""
    with archive.open("rb") as file:
        file.seek(end)
        if file.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise tarfile.ReadError("what comes then is no file")


@dataclass(frozen=True, eq=False)
class TarMembers:
    """One sample a member."""

    members: Sequence[Member]
    kind: Kind = "pictures"

    def __len__(self) -> int:
        return len(self.members)

    def raw(self, row: int) -> bytes:
        """The bytes of the member."""
        return self.members[row].read()

    def take(self, rows: Rows) -> "TarMembers":
        return TarMembers([self.members[row] for row in rows], self.kind)
