"""A classifier that a person teaches example by example; see `TeachingSession`."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadData, BadInput, Head
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.samples import Raw
from headstart.face import spell
from headstart.teaching.base import kind_of, solved_head, suited_backbone
from headstart.teaching.evidence import Evidence, Examples, evidence
from headstart.teaching.finish import Taught, write
from headstart.teaching.reader import ExampleReader, Seen
from headstart.teaching.state import Example, State, require_two
from headstart.teaching.store import Store

UNDONE = 50  # changes that can be undone
NAME = 120  # characters of the name of an example
Show = Callable[[float], None]


class TeachingSession:
    """Classes and their examples, and a linear head that is solved anew after each change.

    The backbone is frozen: the features of an example are computed once, when it is added. The head is that
    of `RidgeProbe`, in closed form. Every change is on the disk when the call returns; the folder `examples`
    in `folder` is a data set with a folder for each class. Several threads may call all methods.

    Attributes:
        folder: where the examples are kept.
        kind: "pictures" or "texts".
        backbone: frozen, as the saved model has it.
        notes: what was left out when examples were read, as sentences.
    """

    def __init__(
        self,
        base: str | nn.Module | None = None,
        data: str | Path | Dataset | tuple[Any, Any] | None = None,
        *,
        out: str | Path,
        texts: bool = False,
        show: Show = lambda _share: None,
    ) -> None:
        """Begin a session, or go on with the one in a folder.

        Args:
            base: a backbone of pictures or texts: a name, an `nn.Module`, or what `hs.models.backbone` gave.
                None takes the built-in one.
            data: labelled pictures or texts to begin with, whatever `hs.data.load` takes; only into a session
                without examples.
            out: folder for the examples: new or empty, or that of a session.
            texts: whether examples are texts where `base` does not say so.
            show: is told which share of the examples that are there has been read.

        Raises:
            BadData: the backbone takes neither pictures nor texts, or the data can't be read.
            BadInput: data are given and there are examples.
            CannotWrite: the folder holds something else, or can't be written.
        """
        given = data if data is None or isinstance(data, Dataset) else load(data)
        self.backbone, self.kind = suited_backbone(base, kind_of(given, texts))
        self.folder, self.notes = Path(out), list[str]()
        self._lock = threading.RLock()
        self._reader = ExampleReader(self.kind, self.backbone)
        self._store = Store(self.folder, self.kind, self.backbone.name)
        self._seen: dict[int, Seen] = {}
        self._before: list[State] = []
        self._next = self._store.free
        self._head: Head | None = None
        self._evidence: Evidence | None = None
        self._read_examples(show)
        if given is not None:
            self._take(given, show)

    @property
    def state(self) -> State:
        """Classes and examples as they are now."""
        return self._store.state

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._before)

    @contextmanager
    def unchanged(self) -> Iterator[State]:
        """A context in which no other thread changes the examples; it gives them."""
        with self._lock:
            yield self.state

    # --- changes

    def add_class(self, name: str) -> None:
        """Make a class without examples.

        Raises:
            BadInput: the name can't be that of a folder, or is there already.
        """
        self._change(lambda state: state.with_class(name))

    def rename_class(self, old: str, new: str) -> None:
        """Give a class another name.

        Raises:
            BadInput: as `add_class`.
            Unknown: there is no such class.
        """
        self._change(lambda state: state.with_renamed(old, new))

    def delete_class(self, name: str) -> None:
        """Delete a class with its examples.

        Raises:
            Unknown: there is no such class.
        """
        self._change(lambda state: state.without_class(name))

    def add(self, label: str, content: Raw, name: str = "") -> Example:
        """Add an example to a class that is there.

        Args:
            label: the class.
            content: the bytes of a picture's file or an array of pixels; or a text.
            name: for display; "" takes the number of the example.

        Raises:
            BadData: it can't be read as a picture, or as a text.
            BadInput: there are too many examples.
            Unknown: there is no such class.
        """
        self.state.require_class(label)
        seen, stored = self._reader.read(content, name or "The example")
        with self._lock:
            before, number = self.state, self._next
            example = Example(number, label, seen.suffix, name[:NAME] or f"{number}{seen.suffix}")
            self._store.put(before.with_example(example), example, stored)
            self._next += 1
            self._seen[number] = seen
            self._changed(before)
            return example

    def move(self, number: int, label: str) -> None:
        """Move an example to another class.

        Raises:
            Unknown: there is no such example, or no such class.
        """
        self._change(lambda state: state.with_moved(number, label))

    def delete(self, number: int) -> None:
        """Delete an example.

        Raises:
            Unknown: there is no such example.
        """
        self._change(lambda state: state.without_example(number))

    def undo(self) -> None:
        """Take the last change back.

        Raises:
            BadInput: there is none in this session.
        """
        with self._lock:
            if not self._before:
                raise BadInput("There is nothing to undo.")
            self._store.keep(self._before[-1])
            self._before.pop()
            self._head = self._evidence = None

    # --- answers

    def evidence(self) -> Evidence:
        """Leave-one-out figures of the examples as they are now."""
        with self._lock:
            if self._evidence is None:
                self._evidence = evidence(Examples.of(self.state, self._seen, self._features(), self.kind))
            return self._evidence

    def predict(self, content: Raw, name: str = "") -> dict[str, float]:
        """Probabilities by class of a new picture or text, the most probable first.

        Raises:
            BadData: it can't be read, or there are examples of fewer than two classes.
        """
        require_two(self.state)
        features = self._reader.read(content, name or "The example")[0].features
        with self.unchanged() as state, torch.no_grad():
            [probabilities] = self.head()(features[None]).double().softmax(1).tolist()
        pairs = zip(state.labels, probabilities, strict=True)
        return dict(sorted(pairs, key=lambda pair: -pair[1]))

    def head(self) -> Head:
        """The head of the examples as they are now; its outputs are `state.labels`.

        Raises:
            BadData: fewer than two classes have an example.
        """
        with self._lock:
            if self._head is None:
                require_two(self.state)
                self._head = solved_head(self.state, self._features())
            return self._head

    def content(self, number: int) -> bytes:
        """The file of an example.

        Raises:
            BadData: it is gone.
            Unknown: there is no such example.
        """
        with self._lock:
            example = self.state.example(number)
            try:
                return self._store.path(example).read_bytes()
            except OSError as error:
                file = f"examples/{example.label}/{example.file}"
                raise BadData(f"The file {file} can't be read: {error.strerror or error}.") from error

    def finish(self) -> Path:
        """Write `model`, `lesson.json`, `report.html` and `lesson.zip`, which holds them, into `folder`.

        `hs.open` takes the folder, and that of the unpacked archive.

        Returns:
            The archive.

        Raises:
            BadData: fewer than two classes have an example.
            CannotWrite: no space or no right.
            MissingPackage: the package that builds the page is not installed.
        """
        with self.unchanged() as state:
            said = self.notes, self.content
            return write(
                Taught(self.folder, self.kind, self.backbone, self.head(), state, self.evidence(), *said)
            )

    # --- inside

    def _change(self, change: Callable[[State], State]) -> None:
        with self._lock:
            before = self.state
            self._store.keep(change(before))
            self._changed(before)

    def _changed(self, before: State) -> None:
        self._before = [*self._before, before][-UNDONE:]
        self._head = self._evidence = None

    def _features(self) -> Tensor:
        """The features (n, width) of the examples, in their order."""
        rows = [self._seen[each.number].features for each in self.state.examples]
        return torch.stack(rows) if rows else torch.zeros(0, self.backbone.width)

    def _read_examples(self, show: Show) -> None:
        """Read the examples that are on the disk; what can't be read stays there, unused."""
        for place, each in enumerate(self.state.examples):
            try:
                self._seen[each.number] = self._reader.read(self.content(each.number), each.name)[0]
            except BadData as error:
                self.notes.append(f"Left out: {error}")
                self._store.leave_out(each)
            show((place + 1) / len(self.state.examples))

    def _take(self, data: Dataset, show: Show) -> None:
        """Add all rows of a data set; what can't be read is left out."""
        if self.state.examples:
            raise BadInput(
                f"The session in {self.folder} has examples already, and more data can't be added to them. "
                f"Leave the data out, or name another folder: {spell('out', ..., stands='FOLDER')}."
            )
        for name in data.classes:
            if name not in self.state.classes:
                self.add_class(name)
        for row in range(len(data)):
            try:
                self.add(data.classes[int(data.labels[row])], data.raw(row), Path(data.items[row]).name)
            except BadData as error:
                self.notes.append(f"Left out: {error}")
            show((row + 1) / len(data))
        self._before.clear()
