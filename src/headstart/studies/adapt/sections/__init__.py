"""One file a section: its sentences, worked out from the numbers, and its figures."""
