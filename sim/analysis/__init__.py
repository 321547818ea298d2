"""Analysis: what drives the spread of the answer."""
