"""Black-box learners: networks that read the support and give the answer."""
