"""Labelled source, unlabelled target: bring them together."""
