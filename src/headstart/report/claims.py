"""What claims show in a notebook: their panels as one picture."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from headstart.records.claims import Panel
from headstart.report.drawing import draw_file
from headstart.report.panels import in_words


@dataclass(frozen=True)
class ShownPanels:
    """Panels that a notebook shows; `svg` is the text of a picture's file."""

    svg: str
    words: str

    def __repr__(self) -> str:
        """What they show, in words."""
        return self.words

    def _repr_html_(self) -> str:
        """The picture with its style in it: it depends on nothing of the notebook."""
        data = base64.b64encode(self.svg.encode()).decode()
        return (
            f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(self.words)}" style="max-width: 100%">'
        )


def show_panels(panels: Sequence[Panel], width: float = 760) -> ShownPanels:
    """The panels of a claim's figure, to be shown in a notebook.

    Args:
        panels: 1 or more, as `CLAIM.draw` gives them.
        width: of the picture, in pixels.
    """
    return ShownPanels(draw_file(panels, width), "\n".join(map(in_words, panels)))
