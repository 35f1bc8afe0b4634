"""How many, how much power, how much money."""
