"""Prompting: what a frozen mapping reads is edited."""
