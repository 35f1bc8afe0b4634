"""What others measured or printed, held against the models."""
