"""How a target domain differs from a source: from features alone, or from the answers of a classifier."""
