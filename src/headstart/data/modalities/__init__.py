"""Modalities, one file each, which are found by walking this folder."""
