"""What is assumed: distribution families, the text that names them, the schema of `conf/`."""
