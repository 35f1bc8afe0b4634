"""What people ask: scenarios, and a chip of one's own."""
