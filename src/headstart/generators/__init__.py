"""Class-conditional generative models: they learn what rows of each class look like, and draw more."""
