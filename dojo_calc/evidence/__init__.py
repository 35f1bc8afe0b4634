"""Does it hold: claims held against the models."""
