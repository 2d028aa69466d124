"""One published data set: its name, where on the disk it is looked for, its files, and how they are read."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from headstart.core import BadInput
from headstart.data.columns import Columns
from headstart.data.dataset import Dataset
from headstart.data.image_text_pairs import ImageTextPairs

ROOT = "HEADSTART_DATA"  # variable of the environment: the folder of all published data
DEFAULT = "data"  # folder, if there is no such variable

Read = Callable[[Path, str, Columns], Dataset]
ReadPairs = Callable[[Path, str], ImageTextPairs]


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published data set.

    Attributes:
        name: as `hs.data.load` takes it.
        content: one sentence: what a row is, and the classes.
        folders: where it is looked for below the root; the first is that of `download`.
        files: patterns, relative to the folder, of the files that must be there.
        read: of the folder, a name for the data and the roles of columns.
        read_unlabelled: the same for rows without labels, where these are more; None takes those of `read`.
        read_pairs: of the folder and a name for the data; None: there are no captions.
        options: of `hs.data.load`, on columns, that it takes.
        urls: archives or files that are the data set; none if they can't be fetched without an account.
        hint: a sentence for who looks for it in vain.
        by_files: whether a folder of any name is recognised by its files.
    """

    name: str
    content: str
    folders: tuple[str, ...]
    files: tuple[str, ...]
    read: Read
    read_unlabelled: Read | None = None
    read_pairs: ReadPairs | None = None
    options: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    hint: str = ""
    by_files: bool = False

    def is_in(self, folder: Path) -> bool:
        """Whether all its files are in a folder."""
        return folder.is_dir() and all(any(folder.glob(pattern)) for pattern in self.files)

    def below(self, root: Path) -> Path | None:
        """Its folder below the folder of all published data; None if it is in none of the places."""
        places = (root / folder for folder in self.folders)
        return next((place for place in places if self.is_in(place)), None)

    def find(self, where: str = "") -> Path | None:
        """Its folder: `where`, a path to it, to its folder or to one of its files; "" is below the root."""
        if not where:
            return self.below(data_root())
        start = Path(where).expanduser()
        start = start.parent if start.is_file() else start
        return start if self.is_in(start) else self.below(start)

    def load(
        self, where: str = "", columns: Columns | None = None, name: str | None = None, labelled: bool = True
    ) -> Dataset:
        """Read it from the disk.

        Args:
            where: a folder with its files or with their folder, or one of its files; "" is the root.
            columns: roles of columns.
            name: of the data; None takes that of the entry.
            labelled: whether rows without labels are left out.

        Raises:
            BadInput: it isn't there, or an option can't be used.
            BadData: its files have another layout.
        """
        roles = columns or Columns()
        given = roles.options() | (
            {"label_column": roles.label} if "label_column" not in self.options else {}
        )
        if refused := [option for option in given if option not in self.options]:
            roles.refuse(f"{self.name!r} says what its files are", *refused, way="leave it out")
        read = self.read if labelled else self.read_unlabelled or self.read
        return read(self._there(where), name or self.name, roles)

    def load_pairs(self, where: str = "", name: str | None = None) -> ImageTextPairs:
        """Read pictures with captions from the disk; see `load`.

        Raises:
            BadInput: it isn't there, or has no captions.
        """
        if self.read_pairs is None:
            raise BadInput(f"{self.name!r} has no captions. Give pictures with captions.")
        return self.read_pairs(self._there(where), name or self.name)

    def _there(self, where: str) -> Path:
        folder = self.find(where)
        if folder is None:
            raise BadInput(self._absent(where))
        return folder

    def _absent(self, where: str) -> str:
        place = where or data_root() / self.folders[0]
        way = f"set {ROOT} to the folder of {self.folders[0]}/"
        way = f", {way}, or fetch it: headstart download {self.name}" if self.urls else f", or {way}"
        return (
            f"{self.name!r} is not in {place}, where {' and '.join(self.files)} should be. Give its folder "
            f"as '{self.name}:FOLDER'{way}.{self.hint}"
        )


def data_root() -> Path:
    """The folder of all published data: `HEADSTART_DATA`, or "data" in the working folder."""
    return Path(os.environ.get(ROOT) or DEFAULT).expanduser()
