"""The pages of the documentation, taken apart: fenced blocks, commands, links, headings."""

import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(`{3,})([^`\n]*)\n(.*?)^\1`*[ \t]*$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)[^)]*\)")
HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
SLOW = "<!-- slow -->"  # at the top of a page whose examples take more than 2 s
FULL_SIZE = "<!-- full size -->"  # in one that shows what the default backbone does at its own size


@dataclass(frozen=True)
class Block:
    """What stands between two fences.

    Attributes:
        info: what follows the opening fence, such as "python" or 'python title="a.py"'.
        text: the lines between.
        line: the number of the first of them in the page, from 1.
        end: where the closing fence ends, as an offset in the page.
    """

    info: str
    text: str
    line: int
    start: int
    end: int

    @property
    def language(self) -> str:
        return self.info.split()[0] if self.info.split() else ""

    @property
    def title(self) -> str:
        found = re.search(r'title="([^"]+)"', self.info)
        return found[1] if found else ""


@dataclass(frozen=True)
class Page:
    """A Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def slow(self) -> bool:
        return self.text.startswith(SLOW)

    @property
    def full_size(self) -> bool:
        return FULL_SIZE in self.text

    @property
    def prose(self) -> str:
        """The page without its blocks and comments."""
        return COMMENT.sub("", FENCE.sub("", self.text))

    def blocks(self) -> list[Block]:
        return [
            Block(m[2].strip(), m[3], self.text.count("\n", 0, m.start()) + 2, m.start(), m.end())
            for m in FENCE.finditer(self.text)
        ]

    def examples(self) -> Iterator[tuple[Block, str | None]]:
        """Python blocks that run, each with what it should print: the text block right after it."""
        blocks = self.blocks()
        for block, after in itertools.zip_longest(blocks, blocks[1:]):
            if block.language == "python" and "no-run" not in block.info and not block.title:
                follows = after is not None and after.language == "text"
                adjacent = follows and not self.text[block.end : after.start].strip()
                yield block, after.text if adjacent else None

    def commands(self) -> Iterator[list[str]]:
        """The words of each command in console blocks; a line that ends in a backslash goes on."""
        for block in self.blocks():
            if block.language in ("console", "bash"):
                for line in block.text.replace("\\\n", " ").splitlines():
                    words = shlex.split(line.removeprefix("$ "), comments=True)
                    if words:
                        yield words

    def links(self) -> Iterator[str]:
        """Links to other files and headings of ours."""
        for target in LINK.findall(self.prose):
            if not re.match(r"[a-z]+:", target):
                yield target

    def anchors(self) -> set[str]:
        return {slug(heading) for heading in HEADING.findall(self.prose)}


def slug(heading: str) -> str:
    """What a heading is called in an address."""
    plain = re.sub(r"[^\w\s-]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
    return re.sub(r"[-\s]+", "-", plain.strip())


def pages() -> list[Page]:
    """README, CONTRIBUTING, CHANGELOG and all of docs/."""
    tops = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return [Page(path) for path in (*tops, *sorted((ROOT / "docs").rglob("*.md")))]
