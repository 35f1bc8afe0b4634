"""Claims of the articles, held against the models."""
