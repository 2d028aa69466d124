"""The folder of a teaching session: a file for each example in the folder of its class, and `teaching.json`.

The folder `examples` is a data set as `headstart adapt` takes it, at any moment. What lies there counts: a
file that was put or moved there by hand is an example of that class when the session is opened again.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from headstart.core import BadData, CannotWrite
from headstart.core.atomic_file import write_atomically
from headstart.data.folder_files import files_in, folders_in
from headstart.data.modality import modalities
from headstart.data.naming import natural
from headstart.data.suffixes import suffix_of
from headstart.data.text_files import SUFFIXES as TEXT_SUFFIXES
from headstart.teaching.state import Example, State

EXAMPLES, FILE, REMOVED = "examples", "teaching.json", ".removed"
SCHEMA = 1


class Store:
    """Keeps the state of a session on the disk, after each change.

    Args:
        folder: new or empty, or that of a session.
        kind: "pictures" or "texts".
        backbone: its name, for the record.

    Raises:
        CannotWrite: the folder holds something else, or can't be written.
        BadData: it is of a session on other samples, or its state can't be read.
    """

    def __init__(self, folder: Path, kind: str, backbone: str) -> None:
        self.folder, self.kind, self.backbone = folder, kind, backbone
        known = self._read()
        if known is None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CannotWrite(f"{folder} is there and holds no teaching session. Name a new folder.")
        self.state = self._found(known or {})
        shutil.rmtree(folder / EXAMPLES / REMOVED, ignore_errors=True)
        self._write(self.state)

    @property
    def free(self) -> int:
        """The first number that no example has, nor a file in a class folder."""
        numbers = (each.number for each in self.state.examples)
        return 1 + max((*numbers, *_numbers(self.folder / EXAMPLES)), default=0)

    def path(self, example: Example) -> Path:
        """The file of an example."""
        return self.folder / EXAMPLES / example.label / example.file

    def put(self, state: State, example: Example, content: bytes) -> None:
        """Keep a new example, and the state with it.

        Raises:
            CannotWrite: no space or no right; nothing is kept.
        """
        write_atomically(self.path(example), content)
        self._write(state)
        self.state = state

    def keep(self, state: State) -> None:
        """Keep another state of the same examples: files are moved, put aside or brought back.

        Raises:
            CannotWrite: no space or no right.
        """
        new = {each.number: each for each in state.examples}
        old = {each.number: each for each in self.state.examples}
        try:
            for name in state.classes:
                (self.folder / EXAMPLES / name).mkdir(parents=True, exist_ok=True)
            for number in old.keys() | new.keys():
                source, target = (self._place(found.get(number), number) for found in (old, new))
                if source != target and source.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    source.replace(target)
            for name in set(self.state.classes) - set(state.classes):
                with suppress(OSError):  # something else is in there
                    (self.folder / EXAMPLES / name).rmdir()
        except OSError as error:
            raise CannotWrite(f"Can't move examples in {self.folder}: {error.strerror or error}.") from error
        self._write(state)
        self.state = state

    def leave_out(self, example: Example) -> None:
        """Go on without an example, whose file stays where it is."""
        self.state = self.state.without_example(example.number)

    def _place(self, example: Example | None, number: int) -> Path:
        """Where the file of an example is; of one that was removed, aside."""
        if example is None:
            return self.folder / EXAMPLES / REMOVED / str(number)
        return self.path(example)

    def _write(self, state: State) -> None:
        for name in state.classes:
            try:
                (self.folder / EXAMPLES / name).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CannotWrite(f"Can't write {self.folder}: {error.strerror or error}.") from error
        said = {"schema": SCHEMA, "kind": self.kind, "backbone": self.backbone, **asdict(state)}
        write_atomically(self.folder / FILE, (json.dumps(said, indent=1) + "\n").encode())

    def _read(self) -> dict[str, Any] | None:
        file = self.folder / FILE
        if not file.is_file():
            return None
        try:
            known: dict[str, Any] = json.loads(file.read_text("utf-8"))
            kind = known["kind"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadData(
                f"{file} can't be read ({error}). Take it away: the pictures or texts in {EXAMPLES} are as "
                "they were, and headstart teach takes that folder to begin with."
            ) from error
        if kind != self.kind:
            raise BadData(
                f"The session in {self.folder} is on {kind}, not on {self.kind}. Name another folder."
            )
        return known

    def _found(self, known: dict[str, Any]) -> State:
        """What lies in the class folders, in the order and by the names of the state that is known."""
        root = self.folder / EXAMPLES
        told = {each["number"]: each for each in known.get("examples", ())}
        top = max((*told, *_numbers(root)), default=0)
        classes = list(known.get("classes", ()))
        there = {folder.name: folder for folder in folders_in(root)} if root.is_dir() else {}
        classes = [name for name in classes if name in there]
        classes += sorted(there.keys() - set(classes), key=natural)
        examples: dict[int, Example] = {}
        for name in classes:
            for path in self._samples(there[name]):
                number = int(path.stem) if path.stem.isdecimal() and path.stem.isascii() else 0
                example = Example(number, name, suffix_of(path), path.name)
                if number < 1 or number in examples or example.file != path.name:
                    top += 1
                    example = replace(example, number=top)
                    path.replace(self.path(example))
                elif number in told:
                    example = replace(example, name=str(told[number]["name"]))
                examples[example.number] = example
        order = {number: place for place, number in enumerate(told)}
        found = sorted(examples.values(), key=lambda each: (order.get(each.number, len(order)), each.number))
        return State(tuple(classes), tuple(found))

    def _samples(self, folder: Path) -> list[Path]:
        suffixes = TEXT_SUFFIXES if self.kind == "texts" else modalities()[self.kind].suffixes
        return [path for path in files_in(folder) if suffix_of(path) in suffixes]


def _numbers(root: Path) -> Iterator[int]:
    """The numbers that files in class folders are named by."""
    for path in root.glob("*/*"):
        if path.stem.isdecimal() and path.stem.isascii():
            yield int(path.stem)
