"""A cloze pattern around each text, written into the tokenizer, and words that fill its mask."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headstart.core import BadInput, Tokens

TEXT, MASK = "{}", "[MASK]"
MASKS = (MASK, "<mask>")  # how tokenizers call their mask token
PROBE = "a"  # stands for the text while the pattern is cut into tokens


@dataclass(frozen=True)
class Cloze:
    """A pattern in the terms of a tokenizer.

    Attributes:
        tokens: which put the pattern around each text and truncate the text alone.
        mask: place of the mask among the ids of a text: >= 0 from the first, < 0 from the last.
        mask_token: the tokenizer's own name of the mask.
        words: ids of the tokens that mean each class.
    """

    tokens: Tokens
    mask: int
    mask_token: str
    words: dict[str, tuple[int, ...]]


def in_pattern(tokens: Tokens, pattern: str, words: Mapping[str, Sequence[str]]) -> Cloze:
    """Write a pattern into a tokenizer, and look up the words in the place of its mask.

    Args:
        tokens: of the model.
        pattern: with "{}" where the text goes and "[MASK]" where a word is to be predicted, once each.
        words: of each class, one or several that may fill the mask.

    Raises:
        BadInput: the pattern lacks one of both or leaves no room for a text, the tokenizer has no mask, a
            word is not one token there, or two classes have the same words.
    """
    reader = _reader(tokens)
    mask = next((name for name in MASKS if reader.token_to_id(name) is not None), None)
    if mask is None:
        raise BadInput(
            f"The tokenizer has no mask token ({' or '.join(MASKS)}), so its model was not trained to fill "
            "one. Take one of BERT, RoBERTa, DistilBERT, ModernBERT or the like."
        )
    _check(pattern, mask)
    pattern = pattern.replace(MASK, mask)
    before, inside, after = _cut(reader, pattern, TEXT, PROBE, pattern)
    place = _place(reader.token_to_id(mask), before, after, pattern)
    if tokens.limit <= len(before) + len(after):
        raise BadInput(
            f"The pattern {pattern!r} takes {len(before) + len(after)} tokens with those around it, and "
            f"{tokens.limit} are read of a text. Take a shorter one."
        )
    spec = json.loads(tokens.tokenizer)
    if inside != _plain(reader, PROBE) and pattern[: pattern.index(TEXT)][-1:].isspace():
        spec["normalizer"] = _after_a_space(spec.get("normalizer"))
    spec["post_processor"] = _around(reader, before, after)
    made = replace(tokens, tokenizer=json.dumps(spec, ensure_ascii=False))
    found = {
        name: tuple(_id(reader, name, word, pattern, mask) for word in some) for name, some in words.items()
    }
    _check_apart(found, reader)
    return Cloze(made, place, mask, found)


def _check(pattern: str, mask: str) -> None:
    if pattern.count(TEXT) != 1:
        raise BadInput(
            f"The pattern {pattern!r} has {pattern.count(TEXT)} places for the text; it must have one "
            f"{TEXT}, as in '{TEXT} It was {MASK}.'."
        )
    masks = pattern.count(MASK) + (pattern.count(mask) if mask != MASK else 0)
    if masks != 1:
        raise BadInput(
            f"The pattern {pattern!r} has {masks} masks; it must have one {MASK}, "
            f"as in '{TEXT} It was {MASK}.'."
        )


def _reader(tokens: Tokens) -> Any:
    from tokenizers import Tokenizer

    made = Tokenizer.from_str(tokens.tokenizer)
    made.no_padding()
    made.no_truncation()
    return made


def _plain(reader: Any, text: str) -> list[int]:
    found: list[int] = reader.encode(text, add_special_tokens=False).ids
    return found


def _cut(
    reader: Any, text: str, part: str, stand_in: str, pattern: str
) -> tuple[list[int], list[int], list[int]]:
    """Ids before, of and behind a part of a text, for which something else stands in."""
    start = text.index(part)
    filled = text.replace(part, stand_in, 1).replace(TEXT, PROBE)
    start += (len(PROBE) - len(TEXT)) * (TEXT in text[:start])
    end, found = start + len(stand_in), reader.encode(filled)
    inside = [n for n, (first, last) in enumerate(found.offsets) if first < end and last > start]
    if not inside:
        raise BadInput(
            f"The tokenizer makes nothing of {stand_in!r} in the pattern {pattern!r}. Take other words."
        )
    first, last = inside[0], inside[-1]
    if filled[found.offsets[first][0] : start].strip() or filled[end : found.offsets[last][1]].strip():
        raise BadInput(
            f"In the pattern {pattern!r} a token holds letters of the pattern and of what is put in. "
            "Put a space between."
        )
    return found.ids[:first], found.ids[first : last + 1], found.ids[last + 1 :]


def _place(mask: int, before: Sequence[int], after: Sequence[int], pattern: str) -> int:
    if [*before, *after].count(mask) != 1:
        raise BadInput(
            f"The tokenizer does not take the mask in the pattern {pattern!r} for a token of its own."
        )
    return before.index(mask) if mask in before else after.index(mask) - len(after)


def _after_a_space(normalizer: Any) -> dict[str, Any]:
    """A normalizer that reads a text as one behind a space, as byte-level tokenizers tell both apart."""
    space = [{"type": "Strip", "strip_left": True, "strip_right": False}, {"type": "Prepend", "prepend": " "}]
    return {"type": "Sequence", "normalizers": [*([normalizer] if normalizer else []), *space]}


def _around(reader: Any, before: Sequence[int], after: Sequence[int]) -> dict[str, Any]:
    """A post-processor that puts ids before and behind those of a text, which are never truncated."""
    ends = {name: ids for name, ids in (("before", before), ("after", after)) if ids}
    special = {
        name: {"id": name, "ids": list(ids), "tokens": [reader.id_to_token(one) for one in ids]}
        for name, ids in ends.items()
    }
    text: list[dict[str, Any]] = [{"Sequence": {"id": "A", "type_id": 0}}]
    single = [_special(name) for name in ("before",) if before] + text
    single += [_special(name) for name in ("after",) if after]
    pair = [*text, {"Sequence": {"id": "B", "type_id": 1}}]
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}


def _special(name: str) -> dict[str, Any]:
    return {"SpecialToken": {"id": name, "type_id": 0}}


def _id(reader: Any, name: str, word: str, pattern: str, mask: str) -> int:
    """The one token of a word in the place of the mask."""
    ids = _cut(reader, pattern, mask, word, pattern)[1]
    tokens = [reader.id_to_token(one) for one in ids]
    if len(ids) != 1 or ids[0] == _unknown(reader):
        found = f"{len(ids)} tokens ({', '.join(tokens)})" if len(ids) > 1 else f"unknown ({tokens[0]})"
        raise BadInput(
            f"The word {word!r} of the class {name!r} is {found} to the tokenizer, and the mask has room for "
            "one. Give each class one or several words that are a token each."
        )
    return int(ids[0])


def _unknown(reader: Any) -> int | None:
    model = json.loads(reader.to_str())["model"]
    name = model.get("unk_token")
    found: int | None = model.get("unk_id") if name is None else reader.token_to_id(name)
    return found


def _check_apart(words: Mapping[str, tuple[int, ...]], reader: Any) -> None:
    seen: dict[frozenset[int], str] = {}
    for name, ids in words.items():
        if (other := seen.setdefault(frozenset(ids), name)) != name:
            said = ", ".join(reader.id_to_token(one) for one in ids)
            raise BadInput(
                f"The classes {other!r} and {name!r} have the same words ({said}): nothing tells them apart."
            )
