"""What `sim --help` shows, the same as by Hydra: its text and the groups, without composing a configuration."""

from sim.configuration.places import conf_dir
from sim.plain_yaml import read_yaml


def help_text() -> str:
    """Header, groups with their options, examples."""
    folder = conf_dir()
    words = read_yaml(folder / "config.yaml")["hydra"]["help"]
    options = {group.name: sorted(path.stem for path in group.glob("*.yaml")) for group in sorted(folder.iterdir())}
    groups = "".join(f"{name}: {', '.join(found)}\n" for name, found in options.items() if found)
    return str(words["template"]).replace("${hydra.help.header}", words["header"]).replace("$APP_CONFIG_GROUPS", groups)
