"""The documentation is true: its code runs, its commands print what it shows, its links lead.

In README.md and the pages of docs/:

- Blocks of ``python`` run in the order of the page, in one namespace, in an empty folder in which
  ``fixtures/`` is that of the project. Lines that start with ``>>>`` are checked as doctests.
- In blocks of ``console`` the lines ``$ mcugraph ...`` are run in that same folder, and what the
  page shows below them is compared exactly. A line that ends with a backslash goes on in the next.
  ``$ echo $?`` shows the code with which the last command ended. Other commands are not run.
- A block after the line ``<!-- not run -->`` is left alone.
- A page with a line ``<!-- needs: PROGRAM PACKAGE ... -->`` is skipped where one of these is not
  there.
"""

import doctest
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "pages").rglob("*.md"))]
NOT_RUN = "<!-- not run -->"
NEEDS = re.compile(r"^<!-- needs: (.*) -->$", re.MULTILINE)
FENCE = re.compile(r"^( *)(`{3,})([\w-]*)")
SECONDS = 120

# A `mcugraph` that is the package under test, whatever else is on the path.
SHIM = """\
#!/bin/sh
exec "{python}" -c 'import sys; from mcugraph.cli import main; sys.exit(main())' "$@"
"""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text and the line on which the text starts."""

    language: str
    text: str
    line: int


def blocks(markdown: str) -> Iterator[Block]:
    """The fenced blocks that are meant to run."""
    lines = markdown.splitlines()
    last = ""
    number = 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        if not fence:
            last = lines[number].strip() or last
            number += 1
            continue
        indent, ticks, language = fence.groups()
        start = number + 1
        number = start
        while number < len(lines) and lines[number].strip() != ticks:
            number += 1
        text = "\n".join(line.removeprefix(indent) for line in lines[start:number]) + "\n"
        if last != NOT_RUN:
            yield Block(language, text, start + 1)
        last = ""
        number += 1


def needs(markdown: str) -> list[str]:
    """The tools and packages that a page says it needs."""
    said = NEEDS.search(markdown)
    return said[1].split() if said else []


def there(name: str) -> bool:
    """Whether a program or a package is installed."""
    return shutil.which(name) is not None or importlib.util.find_spec(name) is not None


def run_python(block: Block, page: Path, namespace: dict[str, Any]) -> None:
    if re.search(r"^>>> ", block.text, re.MULTILINE):
        test = doctest.DocTestParser().get_doctest(
            block.text, namespace, page.name, str(page), block.line - 1
        )
        said: list[str] = []
        # clear_globs: what one block defines, the next may use
        result = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(
            test, out=said.append, clear_globs=False
        )
        namespace.update(test.globs)
        assert result.failed == 0, "".join(said)
    else:
        # the empty lines make tracebacks name the line of the page
        code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
        exec(code, namespace)


def console_steps(block: Block) -> Iterator[tuple[int, str, str]]:
    """Line, command and shown output of each ``$`` line."""
    command, shown, line = "", [], block.line
    more = False
    for number, text in enumerate(block.text.splitlines(), block.line):
        if more:
            command += "\n" + text
        elif text.startswith("$ "):
            if command:
                yield line, command, "\n".join(shown)
            command, shown, line = text[2:], [], number
        else:
            shown.append(text)
            continue
        more = command.endswith("\\")
    if command:
        yield line, command, "\n".join(shown)


def run_console(block: Block, page: Path, environment: dict[str, str]) -> None:
    code = 0
    for line, command, shown in console_steps(block):
        where = f"{page.name}:{line}: $ {command}"
        if command == "echo $?":
            assert shown.strip() == str(code), where
        if not command.startswith("mcugraph "):
            continue
        done = subprocess.run(
            command,
            shell=True,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
        code = done.returncode
        got = "\n".join(text.rstrip() for text in done.stdout.rstrip().splitlines())
        assert got.splitlines() == shown.rstrip().splitlines(), f"{where} printed\n{got}"


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An empty current folder with ``fixtures/`` in it; returns the environment of commands."""
    folder, programs = tmp_path / "work", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    (folder / "fixtures").symlink_to(ROOT / "fixtures", target_is_directory=True)
    shim = programs / "mcugraph"
    shim.write_text(SHIM.format(python=sys.executable))
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    monkeypatch.chdir(folder)
    path = os.pathsep.join((str(programs), os.environ.get("PATH", os.defpath)))
    return {
        **os.environ,
        "PATH": path,
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_is_true(page: Path, workplace: dict[str, str]) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    text = page.read_text(encoding="utf-8")
    missing = [name for name in needs(text) if not there(name)]
    if missing:
        pytest.skip(f"not there: {', '.join(missing)}")
    for block in blocks(text):
        if block.language == "python":
            run_python(block, page, namespace)
        elif block.language == "console":
            run_console(block, page, workplace)


def test_links_of_the_readme_lead_somewhere() -> None:
    """Those of the pages are checked by the strict build."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (ROOT / target).exists(), f"README.md links to {target}, which is not there"


# The harness itself.

SAMPLE = f"""\
```python
x = 1
```

{NOT_RUN}
```python
raise SystemExit
```

  ```console
  $ mcugraph one \\
      --two
  shown
  $ echo $?
  0
  ```
"""


def test_blocks_are_found_and_marked_ones_left_out() -> None:
    found = list(blocks(SAMPLE))
    assert [(block.language, block.line) for block in found] == [("python", 2), ("console", 11)]
    assert list(console_steps(found[1])) == [
        (11, "mcugraph one \\\n    --two", "shown"),
        (14, "echo $?", "0"),
    ]


def test_wrong_doctest_fails(tmp_path: Path) -> None:
    block = Block("python", ">>> 1 + 1\n3\n", 1)
    with pytest.raises(AssertionError, match=r"Expected:\s+3\s+Got:\s+2"):
        run_python(block, tmp_path / "page.md", {})


def test_wrong_output_fails(tmp_path: Path, workplace: dict[str, str]) -> None:
    shim = Path(workplace["PATH"].split(os.pathsep)[0]) / "mcugraph"
    shim.write_text("#!/bin/sh\necho said $1; exit 3\n")
    page = tmp_path / "page.md"
    right = "$ mcugraph hello\nsaid hello\n$ echo $?\n3\n"
    run_console(Block("console", right, 1), page, workplace)
    with pytest.raises(AssertionError, match="said hello"):
        run_console(Block("console", "$ mcugraph hello\nsaid bye\n", 1), page, workplace)


def test_a_page_says_what_it_needs() -> None:
    assert needs("# Title\n\n<!-- needs: python3 no_such_thing -->\ntext") == [
        "python3",
        "no_such_thing",
    ]
    assert needs("# Title\n") == []
    assert there("pytest")
    assert not there("no_such_thing")
