"""Prompts of classes for zero-shot classification: templates, ensembles of them, and words of classes."""

from collections.abc import Mapping, Sequence

from headstart.core import BadInput, Unknown
from headstart.face import spell

PLACE = "{}"
ENSEMBLES: dict[str, tuple[str, ...]] = {
    "pictures": (
        "a photo of a {}.",
        "a photo of one {}.",
        "a photo of several {}.",
        "a close view of a {}.",
        "a distant view of a {}.",
        "a bright photo of a {}.",
        "a dark photo of a {}.",
        "a blurred photo of a {}.",
        "a black and white photo of a {}.",
        "a cropped photo of a {}.",
        "a {} in front of a plain background.",
        "a drawing of a {}.",
        "a painting of a {}.",
        "clip art of a {}.",
        "an icon of a {}.",
        "a toy {}.",
    ),
    "texts": ("{}", "This is {}.", "It is about {}.", "A text about {}.", "The text is {}."),
    "sentiment": (
        "It was {}.",
        "That is {}.",
        "The whole thing was {}.",
        "I found it {}.",
        "A {} experience.",
        "What a {} one.",
    ),
    "topics": (
        "{}",
        "This text is about {}.",
        "The topic is {}.",
        "An article about {}.",
        "A question about {}.",
        "News on {}.",
    ),
}


def ensemble(name: str) -> tuple[str, ...]:
    """The templates of a hand-written ensemble: "pictures", "texts", "sentiment" or "topics".

    Raises:
        Unknown: none is called so.
    """
    if name not in ENSEMBLES:
        raise Unknown("ensemble", name, ENSEMBLES)
    return ENSEMBLES[name]


def require_templates(templates: Sequence[str]) -> tuple[str, ...]:
    """The templates as a tuple, each once.

    Raises:
        BadInput: one has no place for the class, or there is none.
    """
    if isinstance(templates, str):
        templates = (templates,)
    if not templates:
        raise BadInput(f"There is no template. Give one, such as {spell('template', 'a photo of a {}.')}.")
    for each in templates:
        if PLACE not in each:
            raise BadInput(
                f"The template {each!r} has no place for the class. Write {PLACE} where its name belongs, as "
                f"in 'a photo of a {PLACE}.'."
            )
    return tuple(dict.fromkeys(templates))


def with_type(template: str, kind: str) -> str:
    """The template with what kind of thing the classes are, before a full stop at its end.

    >>> with_type("a photo of a {}.", "food")
    'a photo of a {}, a type of food.'
    """
    stem, stop = (template[:-1], template[-1]) if template.endswith((".", "!", "?")) else (template, "")
    return f"{stem}, a type of {kind}{stop}"


def words_of_classes(
    classes: str | Sequence[str] | Mapping[str, str | Sequence[str]],
) -> dict[str, tuple[str, ...]]:
    """The words that stand for each class in prompts, by the name of the class.

    Args:
        classes: names; or by name the words, one or several. As one text with commas, as in "cat,dog", and
            words after "=", several with "|" between them, as in "neg=bad|poor,pos=good|fine". Without words
            the name stands for itself, with spaces for underscores.

    Raises:
        BadInput: fewer than two classes, one twice, or one without words.
    """
    if isinstance(classes, Mapping):
        pairs = [
            (str(name), (words,) if isinstance(words, str) else tuple(words))
            for name, words in classes.items()
        ]
    else:
        given = classes.split(",") if isinstance(classes, str) else classes
        pairs = [_pair(str(each)) for each in given if str(each).strip()]
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadInput(f"The class {twice[0]!r} is named twice. Name each class once.")
    if len(names) < 2:
        only = f"only the class {names[0]!r}" if names else "no class"
        raise BadInput(
            f"There is {only}; zero-shot classification chooses among two or more. Name the others."
        )
    if empty := [name for name, words in pairs if not words or not all(word.strip() for word in words)]:
        raise BadInput(f"The class {empty[0]!r} has no words. Write them after =, as in {empty[0]}=WORDS.")
    return dict(pairs)


def _pair(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, words = text.partition("=")
    name = name.strip()
    return name, tuple(word.strip() for word in words.split("|")) if equals else (name.replace("_", " "),)


def fill(template: str, words: Sequence[str], kind: str | None = None) -> list[str]:
    """The prompts of a class: the template with each of its words.

    >>> fill("a photo of a {}.", ("guacamole",), "food")
    ['a photo of a guacamole, a type of food.']
    """
    whole = template if kind is None else with_type(template, kind)
    return [whole.replace(PLACE, word) for word in words]
