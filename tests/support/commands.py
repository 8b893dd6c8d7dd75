"""The command line, called as a function."""

import pytest

from mcugraph.cli import main

Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *arguments: object) -> str:
    """The output of a command that succeeds."""
    assert main([str(argument) for argument in arguments]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def refused(capsys: Capture, *arguments: object) -> str:
    """The one line of a command that fails."""
    assert main([str(argument) for argument in arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.endswith("\n")
    assert output.err.count("\n") == 1
    assert output.err.startswith("mcugraph: ")
    assert "Traceback" not in output.err
    return output.err
