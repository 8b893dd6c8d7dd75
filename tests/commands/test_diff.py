"""``mcugraph diff``: figures of two models, and the operators that differ."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from support.commands import Capture, refused, run

import mcugraph as mg
from mcugraph.report.diff_markdown import to_markdown


def test_a_model_does_not_differ_from_itself(models: Path, capsys: Capture) -> None:
    model = models / "resnet_int8.tflite"
    text = run(capsys, "diff", model, model)
    assert "operator " not in text
    assert all(line.endswith("=") for line in text.splitlines()[2:])
    found = json.loads(run(capsys, "diff", model, model, "--json"))
    assert found["layers"] == []
    assert all(pair["a"] == pair["b"] for pair in found["figures"].values())


def test_float_and_int8(models: Path, capsys: Capture) -> None:
    paths = [models / f"resnet_{kind}.tflite" for kind in ("float", "int8")]
    before, after = map(mg.profile, paths)
    found = json.loads(run(capsys, "diff", *paths, "--json"))
    assert found["figures"]["peak"] == {"a": before.memory.peak, "b": after.memory.peak}
    assert found["figures"]["weights"] == {"a": before.flash.weights, "b": after.flash.weights}
    assert found["figures"]["macs"]["a"] == found["figures"]["macs"]["b"] == before.macs
    first = {layer.name: layer for layer in before.layers}
    second = {layer.name: layer for layer in after.layers}
    for layer in found["layers"]:
        for side, layers in (("a", first), ("b", second)):
            if layer[side] is None:
                assert layer["name"] not in layers
            else:
                assert layer[side]["weights"] == layers[layer["name"]].weights
    text = run(capsys, "diff", *paths)
    change = after.memory.peak - before.memory.peak
    (row,) = [line for line in text.splitlines() if line.startswith("peak, best order ")]
    assert row.endswith(f"{change:+,} ({change / before.memory.peak:+.1%})")


def git(*arguments: str) -> None:
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run(["git", *who, *arguments], check=True)


def committed(*paths: str) -> None:
    git("add", *paths)
    git("commit", "-q", "-m", "a")


@pytest.fixture
def repository(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which `m.tflite` was committed as floats, and is int8 now."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(models / "resnet_float.tflite", "m.tflite")
    git("init", "-q")
    committed("m.tflite")
    shutil.copy(models / "resnet_int8.tflite", "m.tflite")
    shutil.copy(models / "ds_cnn_int8.tflite", "new.tflite")
    return tmp_path


def test_since_a_commit(repository: Path, models: Path, capsys: Capture) -> None:
    found = json.loads(run(capsys, "diff", "--since", "HEAD", "m.tflite", "new.tflite", "--json"))
    pair = json.loads(
        run(capsys, "diff", *(models / f"resnet_{k}.tflite" for k in ("float", "int8")), "--json")
    )
    changed, new = found["models"]
    assert (changed["model"], changed["new"]) == ("m.tflite", False)
    assert changed["figures"] == pair["figures"]
    assert (new["model"], new["new"]) == ("new.tflite", True)
    assert {layer["a"] for layer in new["layers"]} == {None}
    assert {each["a"] for each in new["figures"].values()} == {None}
    text = run(capsys, "diff", "--since", "HEAD", "m.tflite", "new.tflite")
    assert "m.tflite: in HEAD (A), and now (B)" in text
    assert "new.tflite: in HEAD (was not there), and now (B)" in text


def test_markdown(repository: Path, capsys: Capture) -> None:
    lines = run(capsys, "diff", "--since", "HEAD", "m.tflite", "new.tflite", "--markdown")
    assert "| arena to reserve | 30,556 | 10,636 | -19,920 (-65.2%) |" in lines
    assert "| MACs | 809,280 | 809,280 | = |" in lines, "what matters is there even if equal"
    assert "| elementwise | 8,288" not in lines, "and what does not change is not"
    assert "### new.tflite\n\nNew.\n\n| figure | bytes or count |\n" in lines


def test_titles_are_no_markup(models: Path) -> None:
    found = mg.profile(models / "ds_cnn_int8.tflite")
    title = to_markdown("a|b`c<img src=x>_d_\n# e", None, found).splitlines()[0]
    assert title == "### a\\|b\\`c\\<img src=x\\>\\_d\\_\\\\n\\# e"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "nope", "m.tflite"], "m.tflite: no commit 'nope'"),
        (["--since=--output=x", "m.tflite"], "m.tflite: no commit '--output=x'"),
        (["m.tflite"], "diff takes two models, or --since COMMIT and models"),
        (["m.tflite"] * 3, "diff takes two models"),
        (["--since", "HEAD", "gone.tflite"], "gone.tflite: no such file"),
    ],
)
def test_what_cannot_be_compared(
    repository: Path, arguments: list[str], message: str, capsys: Capture
) -> None:
    before = sorted(path.name for path in repository.iterdir())
    assert message in refused(capsys, "diff", *arguments)
    assert sorted(path.name for path in repository.iterdir()) == before


def test_models_in_folders_and_behind_links(repository: Path, capsys: Capture) -> None:
    (repository / "only").mkdir()
    (repository / "only" / "n.tflite").write_bytes((repository / "m.tflite").read_bytes())
    (repository / "link.tflite").symlink_to("only/n.tflite")
    committed("only", "link.tflite")
    for path in ("only", "link.tflite", "./only/n.tflite"):
        (found,) = json.loads(run(capsys, "diff", "--since", "HEAD", path, "--json"))["models"]
        assert (found["model"], found["new"]) == (path, False)


@pytest.mark.parametrize("kind", ["a Git LFS pointer", "no file"])
def test_what_is_no_model_in_a_commit(kind: str, repository: Path, capsys: Capture) -> None:
    path = repository / "was.tflite"
    if kind == "no file":
        path.symlink_to("m.tflite")
    else:
        path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")
    committed("was.tflite")
    path.unlink()
    path.write_bytes((repository / "m.tflite").read_bytes())
    assert f"was.tflite: is {kind} in HEAD; check" in refused(
        capsys, "diff", "--since", "HEAD", "was.tflite"
    )


def test_git_says_why(repository: Path, capsys: Capture) -> None:
    (repository / ".git" / "HEAD").unlink()
    said = refused(capsys, "diff", "--since", "HEAD", "m.tflite")
    assert "no commit 'HEAD' in a git repository that holds it: fatal: " in said


def test_without_git(repository: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository / "nothing"))
    assert "git is not installed" in refused(capsys, "diff", "--since", "HEAD", "m.tflite")
