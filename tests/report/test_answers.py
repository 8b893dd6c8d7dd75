"""The JSON of every command: one object, versioned, with the fields that the reference lists."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from support.loading import load_module
from support.searching import searched

from mcugraph.cli import COMMANDS, main

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "pages" / "reference" / "json.md"
ARGUMENTS = {
    "profile": ["MODEL"],
    "check": ["MODEL", "--board", "nucleo-f446re"],
    "diff": ["MODEL", "MODEL"],
    "report": ["MODEL", "-o", "/dev/null"],
    "schedule": ["MODEL"],
    "plan": ["MODEL"],
    "optimize": ["MODEL", "-o", "/dev/null"],
    "deploy": ["MODEL", "-o", "FOLDER"],
    "search": ["FOLDER", "--front"],
    "groups": ["MODEL"],
    "symbolic": ["MODEL"],
    "boards": ["--fit", "MODEL"],
}


def answer(capsys: pytest.CaptureFixture[str], models: Path, command: str) -> dict[str, Any]:
    model = str(models / "resnet_int8.tflite")
    with TemporaryDirectory() as folder:
        named = {"MODEL": model, "FOLDER": folder}
        if command == "search":
            searched(Path(folder), candidates=3, finalists=1)
        given = [named.get(part, part) for part in ARGUMENTS[command]]
        assert main([command, *given, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_every_answer_is_versioned(
    capsys: pytest.CaptureFixture[str], models: Path, command: str
) -> None:
    found = answer(capsys, models, command)
    assert next(iter(found)) == "schema_version"
    assert found["schema_version"] == 1


@pytest.fixture(scope="module")
def written() -> Any:
    """The schema that the documentation offers."""
    return json.loads(REFERENCE.with_name("answers.schema.json").read_text(encoding="utf-8"))


def test_the_schema_is_that_of_the_tables(written: Any) -> None:
    made = load_module("docs/schema.py").schema(REFERENCE.read_text(encoding="utf-8"))
    assert made == written, "run docs/schema.py"


@pytest.mark.parametrize("command", COMMANDS)
def test_answers_keep_the_schema(
    capsys: pytest.CaptureFixture[str], models: Path, command: str, written: Any
) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    whole = {**written, "$ref": f"#/$defs/{command}"}
    jsonschema.Draft202012Validator.check_schema(whole)
    found = answer(capsys, models, command)
    jsonschema.validate(found, whole)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**found, "schema_version": "1"}, whole)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_reference_names_every_field(
    capsys: pytest.CaptureFixture[str], models: Path, command: str
) -> None:
    page = REFERENCE.read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {command}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`(\w+)`", section)) | {"schema_version"}
    assert set(answer(capsys, models, command)) <= named


def test_boards(capsys: pytest.CaptureFixture[str], models: Path) -> None:
    assert main(["boards", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)["boards"]
    fitted = answer(capsys, models, "boards")["boards"]
    assert [entry["key"] for entry in plain] == [entry["key"] for entry in fitted]
    assert "fits" not in plain[0]
    for entry in fitted:
        words = {need["verdict"] for need in entry["needs"]}
        if entry["too_small"]:
            assert (entry["verdict"], entry["fits"]) == ("does not run", False)
        elif "does not fit" in words:
            assert (entry["verdict"], entry["fits"]) == ("does not fit", False)
        elif "not known: only a lower bound" in words:
            assert (entry["verdict"], entry["fits"]) == ("not known: only a lower bound", None)
        else:
            assert entry["fits"] is True
            assert entry["verdict"] == ("tight" if "tight" in words else "fits")
        for need in entry["needs"]:
            assert need["left"] == need["budget"] - need["needed"]
            assert need["met"] is (need["left"] >= 0)
