"""What adapts the inputs: what a mapping is given, or how it sees it."""
