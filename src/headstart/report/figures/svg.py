"""Elements of SVG and HTML that can't be broken by what is put into them."""

from xml.etree.ElementTree import Element, tostring


def tag(name: str, *children: Element | str, **attributes: str | float | None) -> Element:
    """An element; text and attributes are escaped when it is written.

    Args:
        name: of the element.
        children: elements, or text that comes before the first of them.
        attributes: `class_` becomes "class", `aria_label` "aria-label"; None is left out.
    """
    spelled = {k.rstrip("_").replace("_", "-"): v for k, v in attributes.items() if v is not None}
    made = Element(name, {k: v if isinstance(v, str) else number(v) for k, v in spelled.items()})
    for child in children:
        if isinstance(child, str):
            made.text = (made.text or "") + child
        else:
            made.append(child)
    return made


def number(value: float) -> str:
    """Two decimals at most and no trailing zeros: the same number gives the same text.

    >>> number(12.5), number(3.0), number(-0.001), number(1 / 3)
    ('12.5', '3', '0', '0.33')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def share(fraction: float) -> str:
    """A fraction of the width, as SVG writes it.

    >>> share(0.125)
    '12.5%'
    """
    return number(100 * fraction) + "%"


def written(element: Element) -> str:
    """The element as text for an HTML page."""
    return tostring(element, encoding="unicode", short_empty_elements=False)
