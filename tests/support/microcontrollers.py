"""Projects built for microcontrollers and run in QEMU."""

import subprocess

import pytest

import mcugraph as mg
from mcugraph.codegen.toolchain import missing_tools

_MISSING = missing_tools()
needs_qemu = pytest.mark.skipif(bool(_MISSING), reason=f"not there: {', '.join(_MISSING)}")


def on_host(project: mg.Project, inputs: bytes) -> bytes:
    """What the program of `make host` makes of the bytes of inputs."""
    subprocess.run(["make", "-s", "host"], cwd=project.folder, check=True)
    done = subprocess.run(["./host"], cwd=project.folder, input=inputs, capture_output=True)
    assert done.returncode == 0
    return done.stdout
