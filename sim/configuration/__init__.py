"""Composing configurations: the only rooms, beside the commands, with Hydra, OmegaConf and the working directory."""
