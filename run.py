"""Set up this project and run it, with nothing but Python 3.11 or later.

python run.py [words of sim …]     set up, then run the simulator; without words the base case
python run.py test [of pytest …]   set up, then run the quick tests (-m slow: the slow ones)
python run.py check                set up, then lint, types and import floors
python run.py docs                 set up, then write anew the pages of docs/ that are made
python run.py site                 set up, then make the site of docs/ in build/site; a dead link fails
python run.py lock                 set up, then renew the lock files from pyproject.toml
python run.py verify-engine [n]    set up, then hold n counts of patients (10^8) against their exact law
python run.py bench                set up, then measure the engine and write docs/performance.md
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
HOME = ROOT / os.environ.get("SIM_VENV", ".venv")
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(BIN / ("python.exe" if os.name == "nt" else "python"))

TASKS = ("test", "check", "docs", "site", "lock", "verify-engine", "bench")
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("importlinter.cli", "lint"),
)
TWO_AT_A_TIME = ("-n", "2", "--dist", "loadfile")  # with -s one at a time, so that what they print is seen
SITE = Path("build", "site")
STRICTLY = ("--fail-on-warning", "--keep-going", "--nitpicky", "--fresh-env", "--quiet")  # every page, every time
LOCKS = (("requirements.txt", "build"), ("requirements-dev.txt", "dev"))


def main(words: list[str]) -> int:
    """Set up what the words need, and do it."""
    if sys.version_info < (3, 11):  # this file is started by whatever Python there is
        print(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    task, rest = (words[0], words[1:]) if words[:1] and words[0] in TASKS else ("sim", words)
    set_up("requirements.txt" if task == "sim" else "requirements-dev.txt")
    if task == "test":
        return run("pytest", *(() if {"-s", "-n"} & set(rest) else TWO_AT_A_TIME), *rest)
    if task == "check":
        return max([announced(*check) for check in CHECKS])
    if task == "docs":
        return run("sim.reference", "docs")
    if task == "verify-engine":
        return run("benchmarks.verify_counts", *rest)
    if task == "bench":
        return run("benchmarks.bench")
    if task == "site":
        return site()
    return max([lock(*pair) for pair in LOCKS]) if task == "lock" else run("sim", *rest, where=Path.cwd())


def set_up(lock_file: str) -> None:
    """Make the virtual environment and install the locked packages and the project, unless that is done."""
    wanted = ROOT / lock_file
    mark = HOME / f"{wanted.stem}.installed"
    content = wanted.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + sys.version.encode()
    state = hashlib.sha256(content).hexdigest()
    if mark.exists() and mark.read_text() == state:
        return
    print(f"Setting up {HOME.name} from {lock_file}; once, a minute or two …", file=sys.stderr, flush=True)
    if not Path(PYTHON).exists():
        venv.create(HOME, with_pip=True)
    pip("--require-hashes", "-r", str(wanted))
    pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    mark.write_text(state)


def pip(*words: str) -> None:
    """Install, quietly; stop here when it fails."""
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words]
    if code := subprocess.call(command):
        sys.exit(code)


def run(module: str, *words: str, where: Path = ROOT) -> int:
    """Run a module of the environment and hand back its exit code."""
    return subprocess.call([PYTHON, "-m", module, *words], cwd=where)


def announced(*check: str) -> int:
    """Run a check after saying which."""
    print(f"$ python -m {' '.join(check)}", flush=True)
    return run(*check)


def site() -> int:
    """Make the site of the pages and say where it stands; other than 0 where a link, an anchor or a picture is dead."""
    shutil.rmtree(ROOT / SITE, ignore_errors=True)  # a page that is gone does not stay behind
    code = run("sphinx", *STRICTLY, "--doctree-dir", "build/doctrees", "docs", str(SITE))
    print(f"{ROOT / SITE / 'index.html'}{'' if code == 0 else ': made, with the faults above'}")
    return code


def lock(file: str, group: str) -> int:
    """Renew a lock file: every version with its hashes, and no address."""
    same = ["-c", "requirements.txt", "--extra", "cluster"] if group == "dev" else []
    return run("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-emit-index-url",
               "--no-emit-find-links", "--no-header", "--no-annotate", "--fork-strategy", "fewest", "--upgrade",
               "pyproject.toml", "--group", group, *same, "-o", file)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
