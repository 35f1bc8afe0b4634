"""How fast: kernels, rooflines and the time that data takes to move."""
