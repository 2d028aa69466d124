"""Figures as inline SVG and HTML: no pixels, no network, colours by CSS variables."""
