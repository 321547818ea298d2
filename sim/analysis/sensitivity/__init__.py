"""Questions about what drives an answer, what it is worth to know more, and what must be true."""
