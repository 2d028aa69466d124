"""Linear models of the words of texts: nothing is transferred."""
