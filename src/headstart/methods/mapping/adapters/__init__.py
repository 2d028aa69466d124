"""Adapters: the backbone stays, and a few parameters at its layers learn."""
