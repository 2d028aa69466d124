"""Floor 1: how good an answer is, and how sure one can be of that."""
