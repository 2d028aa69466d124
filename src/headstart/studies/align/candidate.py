"""A method as a row of the table."""

from dataclasses import dataclass
from typing import Any

from headstart.core import Method
from headstart.methods.inputs.domains.coral import CORAL
from headstart.studies.align import SOURCE_EXPERTS, SOURCE_ONLY, SOURCE_ONLY_PROBE, WEIGHTED_SOURCES


@dataclass(frozen=True)
class Candidate:
    """A method as a row of the table."""

    label: str
    title: str
    method: Method[Any]

    @classmethod
    def of(cls, method: Method[Any]) -> "Candidate":
        """Labelled by its settings; source-only is so whatever its settings are."""
        alone = method.about.name == SOURCE_ONLY
        return cls(SOURCE_ONLY if alone else method.label, method.title, method)

    @classmethod
    def probe(cls) -> "Candidate":
        """The linear probe that methods on frozen features fit, without what they do to the features."""
        return cls(SOURCE_ONLY_PROBE, "Source-only probe", CORAL(weight=0.0))

    @classmethod
    def of_sources(cls, alone: Method[Any]) -> "list[Candidate]":
        """What several sources are learned by: `alone` with each row weighted by its source, and experts."""
        return [
            cls(WEIGHTED_SOURCES, "Sources weighted by the target", alone),
            cls(SOURCE_EXPERTS, "Experts of the sources", CORAL(weight=0.0)),
        ]

    @property
    def parent(self) -> str:
        """Label of the baseline that it has to beat, which is trained as long."""
        return SOURCE_ONLY_PROBE if self.method.about.closed_form else SOURCE_ONLY
