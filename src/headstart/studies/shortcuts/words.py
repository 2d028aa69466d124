"""Words that should not matter: taken out of texts, and put in front of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from headstart.data.samples import Texts
from headstart.studies.shortcuts.asked import Asked, Before
from headstart.studies.shortcuts.record import Change


def word_changes(asked: Asked, before: Before, words: Sequence[str]) -> Iterator[Change]:
    """Each word taken out of the texts that have it, and put in front of those that do not."""
    texts = before.data.texts
    assert texts is not None
    for word in dict.fromkeys(words):
        pattern = re.compile(rf"(?<!\w){re.escape(word.strip())}(?!\w)", re.IGNORECASE)
        there = np.array([bool(pattern.search(text)) for text in texts])
        without = [" ".join(pattern.sub(" ", text).split()) for text in texts]
        out = np.flatnonzero(there & np.array([bool(text) for text in without]))
        into = np.flatnonzero(~there)
        for rows, kind, new, loses in (
            (out, "word out", without, f"the word {word!r}"),
            (into, "word in", [f"{word} {text}" for text in texts], f"nothing; {word!r} is new"),
        ):
            if len(rows):
                part = replace(before.data.subset(rows), samples=Texts([new[row] for row in rows]))
                yield before.change(asked.tell(part), word, kind, "all other words", loses, rows=rows)
