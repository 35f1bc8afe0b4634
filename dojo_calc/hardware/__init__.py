"""What there is: the catalogue, and machines as compositions of it."""
