"""Every learner has a page that says all that it should."""

import re
from dataclasses import fields

import pytest
from tests.docs.pages import ROOT

from headstart.learners.learner import walk_learners

LEARNERS = sorted(walk_learners(), key=lambda kind: kind.name)


def section(text, heading):
    _, found, rest = text.partition(f"\n## {heading}\n")
    assert found, heading
    return rest.split("\n## ")[0]


@pytest.mark.parametrize("kind", LEARNERS, ids=lambda kind: kind.name)
def test_every_learner_has_a_page_with_all_that_it_should_say(kind):
    text = (ROOT / "docs" / "learners" / f"{kind.name}.md").read_text("utf-8")
    for heading in ("Formula", "When it helps", "Settings", "Example", "Paper", "Traps"):
        assert section(text, heading).strip()
    settings = section(text, "Settings")
    assert not [each.name for each in fields(kind) if f"`{each.name}`" not in settings]
    told = dict(re.findall(r"^\| `(\w+)` \| `(.*?)` \|", settings, re.MULTILINE))
    assert told == {each.name: repr(each.default) for each in fields(kind) if each.name in told}
    assert f" --learner {kind.name}`" in text
    assert kind.paper in section(text, "Paper")
    assert f"`{kind.name}`" in text
    assert f"`{kind.__module__}.{kind.__name__}`" in text
    assert re.search("does not help|learns less|takes more", section(text, "When it helps"))
    assert f"learners/{kind.name}.md" in (ROOT / "mkdocs.yml").read_text("utf-8")
