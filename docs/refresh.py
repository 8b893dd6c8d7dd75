"""Write what the commands and examples of the documentation print now into the pages.

    python docs/refresh.py                 # README.md and all pages
    python docs/refresh.py PAGE ...

Only outputs change. Look at the differences before you commit them: a wrong output is a bug of the
library, or the text around it is no longer true. ``tests/test_docs.py`` says which blocks run.
"""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NOT_RUN = "<!-- not run -->"
FENCE = re.compile(r"^( *)```(console|python)$")


def console(lines: list[str], folder: Path) -> list[str]:
    """A block of commands with their outputs."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    environment["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    written: list[str] = []
    code, position = 0, 0
    while position < len(lines):
        command = [lines[position]]
        while command[-1].endswith("\\"):
            position += 1
            command.append(lines[position])
        shown = []
        position += 1
        while position < len(lines) and not lines[position].startswith("$ "):
            shown.append(lines[position])
            position += 1
        text = "\n".join(command).removeprefix("$ ")
        if text.startswith("mcugraph "):
            done = subprocess.run(
                text,
                shell=True,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                check=False,
            )
            code = done.returncode
            shown = [line.rstrip() for line in done.stdout.rstrip().splitlines()]
        elif text == "echo $?":
            shown = [str(code)]
        written += [*command, *shown]
    return written


def python(lines: list[str], names: dict[str, Any]) -> list[str]:
    """A block of Python; of examples with ``>>>``, their outputs too."""
    text = "\n".join(lines) + "\n"
    if not re.search(r"^>>> ", text, re.MULTILINE):
        exec(compile(text, "<page>", "exec"), names)
        return lines
    written: list[str] = []
    for example in doctest.DocTestParser().get_examples(text):
        first, *rest = example.source.rstrip("\n").split("\n")
        written += [f">>> {first}", *(f"... {line}".rstrip() for line in rest)]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(example.source, "<page>", "single"), names)
            except Exception as error:
                print("Traceback (most recent call last):\n    ...")
                print(traceback.format_exception_only(error)[-1].rstrip())
        elided = "..." in example.want and "Traceback" not in example.want
        shown = example.want if elided else printed.getvalue()
        written += [line.rstrip() for line in shown.rstrip("\n").split("\n") if line]
    return written


def refresh(page: Path) -> None:
    """Run the blocks of a page in their order and write it anew."""
    lines = page.read_text(encoding="utf-8").splitlines()
    names: dict[str, Any] = {"__name__": "__main__"}
    written: list[str] = []
    last = ""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        Path("fixtures").symlink_to(ROOT / "fixtures", target_is_directory=True)
        position = 0
        while position < len(lines):
            line = lines[position]
            written.append(line)
            position += 1
            fence = FENCE.match(line)
            if fence is None or last == NOT_RUN:
                last = line.strip() or last
                continue
            indent, language = fence.groups()
            block = []
            while lines[position].strip() != "```":
                block.append(lines[position].removeprefix(indent))
                position += 1
            done = console(block, Path(name)) if language == "console" else python(block, names)
            written += [(indent + text).rstrip() for text in done]
            last = ""
    page.write_text("\n".join(written) + "\n", encoding="utf-8")


def main() -> None:
    """Refresh the pages given, or all."""
    given = [Path(name).resolve() for name in sys.argv[1:]]
    for page in given or [ROOT / "README.md", *sorted((ROOT / "docs" / "pages").rglob("*.md"))]:
        print(page)
        refresh(page)


if __name__ == "__main__":
    main()
