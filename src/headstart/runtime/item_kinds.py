"""The kinds of items that are read without torch; the modalities of `data` say the same of theirs."""

from dataclasses import dataclass

from headstart.data.suffixes import PICTURES


@dataclass(frozen=True)
class ItemKind:
    """What a model takes; the fields are those of a `Modality`."""

    kind: str
    rows: str = "rows"
    description: str = ""
    suffixes: frozenset[str] = frozenset()
    whole: bool = False


ITEM_KINDS = {
    one.kind: one
    for one in (
        ItemKind("pictures", "pictures", "pictures", PICTURES),
        ItemKind("texts", "texts", "texts"),
        ItemKind("tables", description="tables", whole=True),
        ItemKind("numbers", description="arrays of numbers"),
    )
}
