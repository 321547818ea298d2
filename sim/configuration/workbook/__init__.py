"""A workbook to fill in: written from a configuration, read back and laid over one."""
