"""One run: summarised, compared, written, read back."""
