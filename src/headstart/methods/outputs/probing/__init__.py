"""Probes: new outputs read off a frozen mapping."""
