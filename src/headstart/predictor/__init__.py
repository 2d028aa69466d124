"""What a finished run is good for: answers, files for others, its encoder."""
