"""What a graph of formulas is: its steps and inputs, its tracing, its unknowns."""
