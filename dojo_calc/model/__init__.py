"""What a graph of formulas is: its steps and inputs, and its unknowns."""
