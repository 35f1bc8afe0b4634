"""How answers are shown: charts, live charts, graphs."""
