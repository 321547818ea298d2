"""What it is worth to know more before deciding: perfect information, and studies that could be bought."""
