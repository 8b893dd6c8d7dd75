"""Tests with the oldest and the newest versions of what mcugraph needs, on each Python.

    python tests/versions.py
    python tests/versions.py --python 3.12 --set oldest --torch

Each combination gets a virtual environment of its own in a temporary folder. "Oldest" are the lower
bounds that ``pyproject.toml`` gives, "newest" whatever pip takes today. Interpreters are looked for
as ``pythonX.Y`` on the PATH; those that are missing are named. With ``--torch`` PyTorch is there
too (gigabytes, unless pip finds a build for CPUs), and the tests that need it are not skipped.

Exit code: 0, all that ran passed; 1, something failed; 2, nothing ran, or an interpreter that was
asked for is missing.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = [
    found[1]
    for entry in PROJECT["classifiers"]
    if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", entry))
]
SETS = ("oldest", "newest")
TOOLS = ("pytest", "hypothesis", "tflite")

# What touches other packages, and of the rest what is quick.
TESTS = (
    "ir", "ops", "formats", "cost", "coupling", "rewrite", "tflm", "space", "slimming", "report",
    "commands", "scheduling/test_problem.py", "scheduling/test_bounds.py",
    "planning/test_tflm_greedy.py", "test_files.py", "test_profiler.py", "test_units.py",
    "test_testing.py",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What came of one combination."""

    python: str
    chosen: str
    versions: str
    result: str
    seconds: float
    passed: bool


def interpreter(version: str) -> str | None:
    """An interpreter of this version that runs."""
    found = shutil.which(f"python{version}")
    if found is None:
        return None
    says = [found, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(says, capture_output=True, text=True, check=False)
    return found if done.returncode == 0 and done.stdout.strip() == version else None


def requirements(chosen: str, torch: bool) -> tuple[list[str], list[str]]:
    """What to install, for pip: what mcugraph needs, and what its tests do."""
    extras = PROJECT["optional-dependencies"]
    needed = PROJECT["dependencies"] + (extras["torch"] if torch else [])
    if chosen == "oldest":
        needed = [entry.replace(">=", "==", 1) for entry in needed]
    tools = [entry for entry in extras["dev"] if re.match(r"[\w-]+", entry)[0] in TOOLS]
    return needed, tools


def attempt(python: str, path: str, chosen: str, torch: bool, folder: Path) -> Outcome:
    """Make an environment and run the tests in it."""
    begin = time.monotonic()
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    clean |= {"PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}

    def run(*command: str) -> tuple[int, str]:
        done = subprocess.run(
            command, cwd=ROOT, env=clean, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return done.returncode, done.stdout

    def outcome(versions: str, result: str, passed: bool = False) -> Outcome:
        return Outcome(python, chosen, versions, result, time.monotonic() - begin, passed)

    code, said = run(path, "-m", "venv", str(folder))
    if code:
        print(said)
        return outcome("", "no virtual environment")
    inside = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    pip = (inside, "-m", "pip", "--disable-pip-version-check")
    needed, tools = requirements(chosen, torch)
    code, said = run(*pip, "install", "--quiet", ".", *needed, *tools)
    if not code:
        code, said = run(*pip, "check")
    if code:
        print(said)
        return outcome("", "not installed")
    names = dict.fromkeys(re.match(r"[\w-]+", entry)[0] for entry in needed)
    of_each = "; ".join(f"print({n!r}, version({n!r}))" for n in names)
    versions = run(inside, "-c", f"from importlib.metadata import version; {of_each}")[1]
    tests = [f"tests/{name}" for name in TESTS]
    # -P: the package that was installed, not the folder.
    code, said = run(inside, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    if code:
        print(said)
    return outcome(versions.strip().replace("\n", ", "), said.strip().splitlines()[-1], code == 0)


def main() -> int:
    """Run what was asked for and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", action="append", choices=PYTHONS, help="only this one")
    parser.add_argument("--set", action="append", choices=SETS, help="only these versions")
    parser.add_argument("--torch", action="store_true", help="with PyTorch")
    asked = parser.parse_args()
    outcomes, missing = [], []
    for python in asked.python or PYTHONS:
        path = interpreter(python)
        if path is None:
            missing.append(python)
            continue
        for chosen in asked.set or SETS:
            with tempfile.TemporaryDirectory() as folder:
                outcome = attempt(python, path, chosen, asked.torch, Path(folder))
            outcomes.append(outcome)
            print(
                f"Python {python}, {chosen}: {outcome.result} in {outcome.seconds:.0f} s\n"
                f"  {outcome.versions}",
                flush=True,
            )
    print(f"\n{'Python':8}{'versions':10}result")
    for outcome in outcomes:
        print(f"{outcome.python:8}{outcome.chosen:10}{'passed' if outcome.passed else 'FAILED'}")
    for python in missing:
        print(f"{python:8}{'':10}no interpreter python{python} on the PATH")
    if not all(outcome.passed for outcome in outcomes):
        return 1
    return 2 if not outcomes or (asked.python and missing) else 0


if __name__ == "__main__":
    sys.exit(main())
