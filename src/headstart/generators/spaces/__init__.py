"""What generative models learn: rows of a data set as numbers of about unit scale, and back."""
