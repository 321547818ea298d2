"""Random numbers: named streams, designs, rank correlation, exact counts, and the parameters made from them."""
