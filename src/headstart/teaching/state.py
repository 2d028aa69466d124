"""What a teaching session holds: classes and examples, as plain data that never changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from unicodedata import normalize

from headstart.core import BadData, BadInput, Unknown
from headstart.data.naming import natural, part_of

LONGEST = 80  # characters of the name of a class
MOST_CLASSES = 100
DEVICES = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{name}{number}" for name in ("COM", "LPT") for number in range(10)),
}
MOST_EXAMPLES = 2000


@dataclass(frozen=True)
class Example:
    """One picture or text with its class.

    Attributes:
        number: names it; never used twice.
        label: its class.
        suffix: of its file, such as ".jpg".
        name: for display, such as the name of the file that it came from.
    """

    number: int
    label: str
    suffix: str
    name: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.number:05d}{self.suffix}"


class NoExample(Unknown):
    """No example has the requested number."""

    def __init__(self, number: int) -> None:
        """Build the message; other numbers would say nothing to a person."""
        BadInput.__init__(self, f"No example has the number {number}: it was deleted, or taken back.")


@dataclass(frozen=True)
class State:
    """Classes in the order in which they were made, and examples in the order in which they came."""

    classes: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes with an example, in natural order: the outputs of the model."""
        return tuple(sorted({each.label for each in self.examples}, key=natural))

    def example(self, number: int) -> Example:
        """The example of a number.

        Raises:
            Unknown: there is none.
        """
        for each in self.examples:
            if each.number == number:
                return each
        raise NoExample(number)

    def with_class(self, name: str) -> "State":
        """With one class more.

        Raises:
            BadInput: the name can't be that of a folder, or is there already; or there are too many classes.
        """
        if len(self.classes) >= MOST_CLASSES:
            raise BadInput(f"There are {MOST_CLASSES} classes already. Take headstart adapt for more.")
        return replace(self, classes=(*self.classes, _checked_name(name, self.classes)))

    def with_renamed(self, old: str, new: str) -> "State":
        """With another name for a class.

        Raises:
            BadInput: as `with_class`.
            Unknown: there is no such class.
        """
        self.require_class(old)
        name = _checked_name(new, [each for each in self.classes if each != old])
        return State(
            tuple(name if each == old else each for each in self.classes),
            tuple(replace(each, label=name) if each.label == old else each for each in self.examples),
        )

    def without_class(self, name: str) -> "State":
        """Without a class and its examples.

        Raises:
            Unknown: there is no such class.
        """
        self.require_class(name)
        return State(
            tuple(each for each in self.classes if each != name),
            tuple(each for each in self.examples if each.label != name),
        )

    def with_example(self, example: Example) -> "State":
        """With one example more.

        Raises:
            BadInput: there are too many.
            Unknown: there is no such class.
        """
        self.require_class(example.label)
        if len(self.examples) >= MOST_EXAMPLES:
            raise BadInput(
                f"There are {MOST_EXAMPLES:,} examples, the most of a session. Its folder 'examples' is a "
                "data set: headstart adapt takes it, with as many more as there are."
            )
        return replace(self, examples=(*self.examples, example))

    def with_moved(self, number: int, label: str) -> "State":
        """With an example in another class.

        Raises:
            Unknown: there is no such example, or no such class.
        """
        self.require_class(label)
        self.example(number)
        moved = (replace(each, label=label) if each.number == number else each for each in self.examples)
        return replace(self, examples=tuple(moved))

    def without_example(self, number: int) -> "State":
        """Without an example.

        Raises:
            Unknown: there is no such example.
        """
        self.example(number)
        return replace(self, examples=tuple(each for each in self.examples if each.number != number))

    def require_class(self, name: str) -> None:
        """Refuse what is no class.

        Raises:
            Unknown: it is none.
        """
        if name not in self.classes:
            raise Unknown("class", name, list(self.classes))


def require_two(state: State) -> None:
    """Refuse to learn from one class.

    Raises:
        BadData: fewer than two classes have an example.
    """
    count = len(state.labels)
    if count < 2:
        has = "no class has" if not count else "only one class has"
        raise BadData(f"A model needs examples of two classes, and {has} any. Add some to another class.")


def _checked_name(name: str, others: Sequence[str]) -> str:
    """The name of a class without spaces around it; class folders are called by it."""
    name = normalize("NFC", " ".join(name.split()))
    if not name or len(name.encode("utf-8", "replace")) > LONGEST:
        raise BadInput(f"A class needs a name of 1 to {LONGEST} letters, not {name[:LONGEST]!r}.")
    strange = [letter for letter in name if letter in '/\\:*?"<>|' or not letter.isprintable()]
    if strange or name[0] == "." or name[-1] == ".":
        raise BadInput(
            f"The class {name!r} can't be the name of a folder: leave out / \\ : * ? \" < > | and a point "
            "at its beginning or end."
        )
    if name.partition(".")[0].rstrip().upper() in DEVICES:
        raise BadInput(f"Windows has no folder that is called {name!r}. Choose another name.")
    if part_of(name) is not None or name == "__MACOSX":
        raise BadInput(
            f"{name!r} is what a part of a split, or a hidden folder, is called, so that it would not be "
            "read as a class. Choose another name."
        )
    if _alike(name) in set(map(_alike, others)):
        raise BadInput(f"There is a class {name!r} already. Choose another name.")
    return name


def _alike(name: str) -> str:
    """Equal for names that some systems take for the same folder: other letters' case, or accents apart."""
    return normalize("NFC", name).casefold()
