"""Networks of class-conditional generative models of pictures and of rows of numbers."""
