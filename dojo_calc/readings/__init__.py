"""Ways to read a formula other than for its values: as a graph that is written out, compiled or differentiated."""
