"""The action for GitHub: its scripts run, and take nothing from an event into a script's text."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.loading import ROOT

yaml = pytest.importorskip("yaml")


@pytest.fixture(scope="module")
def steps() -> dict[str, Any]:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert action["runs"]["using"] == "composite"
    return {step["name"]: step for step in action["runs"]["steps"]}


def test_inputs_reach_scripts_through_the_environment_only(steps: dict[str, Any]) -> None:
    for step in steps.values():
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


def script(step: dict[str, Any], folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a step as a runner would, with our command line installed."""
    temporary = folder / "runner"
    command = temporary / "mcugraph" / "bin" / "mcugraph"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m mcugraph "$@"\n')
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(temporary),
        "GITHUB_STEP_SUMMARY": str(temporary / "summary.md"),
        **given,
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def repository(models: Path, tmp_path: Path) -> Path:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    (tmp_path / "nets").mkdir()
    model = tmp_path / "nets" / "m.tflite"
    shutil.copy(models / "resnet_float.tflite", model)
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "a"]):
        subprocess.run([*git, *arguments], check=True)
    shutil.copy(models / "resnet_int8.tflite", model)
    return tmp_path


def test_a_change_is_summed_up(steps: dict[str, Any], repository: Path) -> None:
    done = script(steps["Compare"], repository, MODELS="nets/*.tflite", SINCE="HEAD")
    assert done.returncode == 0, done.stderr
    summary = (repository / "runner" / "summary.md").read_text()
    assert "| arena to reserve | 30,556 | 10,636 |" in summary
    assert (repository / "runner" / "mcugraph.md").read_text() == summary


def test_a_first_push_has_nothing_before_it(steps: dict[str, Any], repository: Path) -> None:
    done = script(steps["Compare"], repository, MODELS="nets/*.tflite", SINCE="0" * 40)
    assert done.returncode == 0, done.stderr
    assert "no earlier commit" in (repository / "runner" / "summary.md").read_text()


@pytest.mark.parametrize(("limits", "code"), [("--sram 16KiB --macs 1M", 0), ("--sram 8KiB", 1)])
def test_the_job_fails_where_a_model_does_not_fit(
    steps: dict[str, Any], repository: Path, limits: str, code: int
) -> None:
    done = script(steps["Check"], repository, MODELS="nets/*.tflite", CHECK=limits)
    assert done.returncode == code, done.stderr
    assert "nets/m.tflite: " in done.stdout
