"""Experiments over several seeds: size curves, transplants."""
