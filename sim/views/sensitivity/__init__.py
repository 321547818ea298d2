"""What is shown of the questions asked of a run: a part each, with sentence, picture and table."""
