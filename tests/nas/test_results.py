"""What a search has found: chosen, shown, exported."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.searching import SPACE, searched

import mcugraph as mg
from mcugraph.fit.boards import find_board
from mcugraph.fit.model_needs import needs_of
from mcugraph.fit.room import Room, flash_of
from mcugraph.nas import Bounds, Cnn1dSpace, CnnSpace, SearchResult, load_search
from mcugraph.nas.conditions import condition
from mcugraph.nas.spaces.cnn import Cnn, ConvBlock, ConvLayer
from mcugraph.nas.store import settings_in


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search")
    searched(path, candidates=60)
    return path


@pytest.fixture(scope="module")
def result(folder: Path) -> SearchResult:
    return load_search(folder)


def test_the_best_is_the_best_of_those_that_meet_a_condition(result: SearchResult) -> None:
    finals = result.finalists
    assert result.best().error == min(trial.error for trial in finals)
    median = sorted(trial.costs.size for trial in finals)[1]
    small = result.best(f"size <= {median} and macs < 1e9")
    assert small.error == min(t.error for t in finals if t.costs.size <= median)
    with pytest.raises(mg.UsageError, match="no candidate has size < 1"):
        result.best("size < 1")


def test_what_meets_a_condition_is_a_result_of_its_own(result: SearchResult) -> None:
    most = sorted(trial.costs.size for trial in result.finalists)[1]
    some = result.within(f"size <= {most}")
    assert set(some.trials) == {t for t in result.finalists if t.costs.size <= most}
    assert some.best() == result.best(f"size <= {most}")
    assert len(result.finalists) > len(some.finalists) > 0
    with pytest.raises(mg.UsageError, match="no candidate has size < 1"):
        result.within("size < 1")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("peak <= 1KiB", "peak <= 1024"),
        ("macs < 2k", "macs < 2000"),
        ("error <= 50%", "error <= 0.5"),
        ("size<=1.5kB and arena <= 9k", "size <= 1500 and arena <= 9216"),
    ],
)
def test_numbers_of_conditions_have_units(result: SearchResult, text: str, same: str) -> None:
    one, other = condition(text), condition(same)
    done = [trial for trial in result.trials if trial.outcome]
    assert [one(trial) for trial in done] == [other(trial) for trial in done]


@pytest.mark.parametrize("text", ["error < 3KiB", "size < 3%", "macs <= 2KiB", "peak <= B"])
def test_units_of_something_else_are_refused(text: str) -> None:
    with pytest.raises(mg.UsageError):
        condition(text)


def test_the_bound_of_sram_has_a_column(tmp_path: Path) -> None:
    found = searched(tmp_path, bounds=Bounds(size=3000, sram=20_000), candidates=4, finalists=1)
    head, _, row = str(found).splitlines()[:3]
    assert head.split()[6] == "sram"
    assert f"{found.front[0].costs.sram:,}" in row


UNO = {"board": "arduino uno r4 minima", "reserve_sram": "24KiB", "reserve_flash": "160KiB"}


def test_a_board_has_columns_and_is_named(tmp_path: Path, capsys: Any) -> None:
    from mcugraph.cli import main

    found = searched(tmp_path, bounds=Bounds(size=2000), candidates=6, finalists=2, **UNO)
    room = Room(find_board("arduino uno r4 minima"), 24 * 1024, 160 * 1024)
    data = found.to_dict()
    assert data["board"] == {
        "key": "arduino-uno-r4-minima",
        "name": "Arduino Uno R4 Minima",
        "sram": 8192,
        "flash": 81_920,
        "reserve_sram": 24 * 1024,
        "reserve_flash": 160 * 1024,
    }
    assert data["data"] == "no.npz"
    assert data["space"] == SPACE.describe()
    head, _, *rows, last = str(found).splitlines()
    assert head.endswith("of board: SRAM  flash")
    assert last == "of Arduino Uno R4 Minima, less reserves: 8,192 B of SRAM, 81,920 B of flash"
    found.report(tmp_path / "front.html")
    page = (tmp_path / "front.html").read_text()
    assert "Space: MlpSpace. Board: Arduino Uno R4 Minima, less reserves: 8,192 B of" in page
    for trial, row, line in zip(found.front, data["front"], rows, strict=True):
        graph = SPACE.graph(trial.proposal.arch)
        profile = mg.profile(graph, precision="int8")
        sram = needs_of(profile, room.allowance)[0]
        assert row["on_board"] == {"sram": sram.needed, "flash": flash_of(profile)}
        assert sram.needed == trial.costs.sram <= room.sram
        shares = [f"{100 * sram.needed / 8192:.1f}%", f"{100 * flash_of(profile) / 81_920:.1f}%"]
        assert line.split()[-2:] == shares
        assert f'<td class="number">{shares[0]}</td>' in page
    again = load_search(tmp_path)
    assert (str(again), again.to_dict()["front"]) == (str(found), data["front"])
    assert main(["search", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["board"] == data["board"]


def test_a_board_of_ones_own_is_kept_with_the_search(tmp_path: Path) -> None:
    own = replace(find_board("blue-pill"), key="mine", name="Mine", sram_block=16 * 1024)
    found = searched(tmp_path, bounds=None, board=own, candidates=2, finalists=1)
    assert "of Mine: 16,384 B of SRAM, 65,536 B of flash" in str(found)
    assert load_search(tmp_path).room == found.room == Room(own)
    with closing(sqlite3.connect(tmp_path / "search.sqlite")) as db, db:
        db.execute("""UPDATE notes SET value = '{"board": 3}' WHERE name = 'room'""")
    with pytest.raises(mg.FormatError, match="the board cannot be read"):
        load_search(tmp_path)


def test_without_a_board_there_is_none(result: SearchResult) -> None:
    assert result.to_dict()["board"] is None
    assert {row["on_board"] for row in result.to_dict()["front"]} == {None}
    assert "board" not in str(result)


def test_what_a_space_that_is_not_at_hand_takes_of_a_board_is_not_known(tmp_path: Path) -> None:
    from support.searching import OwnSpace

    found = searched(tmp_path, space=OwnSpace((6,), 3), candidates=2, finalists=1, **UNO)
    assert None not in [row["on_board"] for row in found.to_dict()["front"]]
    shown = load_search(tmp_path)
    assert {row["on_board"] for row in shown.to_dict()["front"]} == {None}
    assert shown.to_dict()["space"] == found.to_dict()["space"]
    assert "%" not in str(shown).splitlines()[2].split()[-1]
    shown.report(tmp_path / "front.html")


def test_a_number_is_no_candidate(result: SearchResult) -> None:
    pytest.importorskip("torch")
    with pytest.raises(mg.UsageError, match=r"^trial: .*Trial.* is needed, not 99$"):
        result.module(99)  # type: ignore[arg-type]


def test_files_that_were_written_are_told(folder: Path, tmp_path: Path, capsys: Any) -> None:
    from mcugraph.cli import main

    page = tmp_path / "front.html"
    assert main(["search", str(folder), "--html", str(page), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == f"{page}: written, {page.stat().st_size:,} B\n"
    assert json.loads(out)["front"]
    assert main(["search", str(folder), "--tflite", str(tmp_path / "x.onnx")]) == 2
    assert "the name of a .tflite file is needed" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["size", "size = 3", "colour < 3", "__class__ < 1", "size < x"])
def test_what_is_no_condition_is_refused(result: SearchResult, text: str) -> None:
    with pytest.raises(mg.UsageError):
        result.best(text)


def test_the_front_is_of_the_finalists(result: SearchResult) -> None:
    assert set(result.front) <= set(result.finalists)
    errors = [trial.error for trial in result.front]
    sizes = [trial.costs.size for trial in result.front]
    assert errors == sorted(errors)
    assert sizes == sorted(sizes, reverse=True)
    assert 0 < result.hypervolume([1.0, 3000]) < 1
    assert result.hypervolume() == result.hypervolume([0.5, 3000])


def test_a_table_fits_a_terminal(result: SearchResult) -> None:
    lines = str(result).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) == 2 + len(result.front)
    large = load_search(result.folder)
    names = ("size", "peak", "arena", "macs", "paper_size", "paper_peak")
    large.trials = tuple(
        replace(t, id=9000 + t.id, costs=replace(t.costs, **dict.fromkeys(names, 999_999)))
        for t in large.trials
    )
    assert max(map(len, str(large).splitlines())) <= 80


def test_a_page_holds_all_and_fetches_nothing(result: SearchResult, tmp_path: Path) -> None:
    result.report(tmp_path / "front.html")
    text = (tmp_path / "front.html").read_text()
    assert text.count("<circle") == len(result.trials)
    assert text.count('class="front"') == len(result.front) == text.count("<tr><td")
    assert not re.search(r"(src|href)=", text)
    assert f"networks trained in {result.seconds:.0f} seconds, on no.npz." in text
    assert "Bounds: error 50.00% (a dashed line, if in sight), size 3,000." in text


def test_a_folder_with_a_hostile_name_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "<script>alert(1)<"
    found = searched(path, candidates=4, finalists=1)
    found.report(tmp_path / "front.html")
    assert "<script>" not in (tmp_path / "front.html").read_text()


def test_a_search_without_an_end_has_a_front_too(tmp_path: Path) -> None:
    found = searched(tmp_path, candidates=8, finalists=0)
    assert len(found.front) > 0
    assert "none of these was trained from new weights" in str(found)


def test_a_search_says_its_space(folder: Path, result: SearchResult) -> None:
    assert type(result.space) is type(SPACE)
    assert vars(result.space) == vars(SPACE)
    assert settings_in(folder)["seed"] == 0


def test_a_space_of_ones_own_has_to_be_given_for_its_networks(tmp_path: Path, capsys: Any) -> None:
    from support.searching import OwnSpace, pretend, quiet

    from mcugraph.cli import main
    from mcugraph.nas import search

    space = OwnSpace((6,), 3)
    search(
        space, "no.npz", bounds=Bounds(size=3000), candidates=3, engine="inline", train=pretend,
        report=quiet, folder=tmp_path,
    )  # fmt: skip
    given, shown = load_search(tmp_path, space), load_search(tmp_path)
    assert len(given.trials) > 3
    assert str(shown) == str(given)
    assert shown.to_dict() == given.to_dict()
    shown.report(tmp_path / "front.html")
    assert main(["search", str(tmp_path), "--front"]) == 0
    with pytest.raises(mg.UsageError, match=r"OwnSpace: what .* load_search\(folder, space\)"):
        shown.module()
    assert str(given) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("space", "said"),
    [
        (5, "space: SearchSpace is needed, not 5"),
        (CnnSpace((1, 9, 9), 3), "its space is MlpSpace, and not CnnSpace"),
        (type(SPACE)((6,), 4), "its space is {.*'classes': 3, .*, and not {.*'classes': 4, "),
    ],
)
def test_another_space_is_refused(folder: Path, space: Any, said: str) -> None:
    with pytest.raises(mg.UsageError, match=said):
        load_search(folder, space)


def test_wrong_arguments_of_a_result_are_refused(result: SearchResult) -> None:
    wrong: Any = 5
    with pytest.raises(mg.UsageError, match="export_tflite: a path is needed, not int"):
        result.export_tflite(wrong)
    for reference in (5, "x", [1.0], [1.0, "x"], [1.0, float("nan")]):
        with pytest.raises(mg.UsageError, match="a reference of numbers above 0 is needed"):
            result.hypervolume(reference)  # type: ignore[arg-type]


def test_optuna_takes_it(result: SearchResult) -> None:
    pytest.importorskip("optuna")
    study = result.to_optuna(None)
    assert len(study.trials) == len(result.trials)


def test_without_optuna_it_is_named(result: SearchResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    said = r"^optuna is not installed: pip install 'mcugraph\[optuna\]'$"
    with pytest.raises(mg.UsageError, match=said):
        result.to_optuna(None)


def test_a_folder_without_a_search_is_none(tmp_path: Path) -> None:
    with pytest.raises(mg.UsageError, match="no search is kept here"):
        load_search(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_command_shows_what_was_found(folder: Path, capsys: Any) -> None:
    from mcugraph.cli import main

    assert main(["search", str(folder), "--front", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schema_version"] == 1
    assert data["front"][0]["costs"]["size"] > 0
    assert main(["search", str(folder)]) == 0
    assert "error" in capsys.readouterr().out.splitlines()[0]
    most = data["front"][-1]["costs"]["size"]
    assert main(["search", str(folder), "--json", "--where", f"size <= {most}"]) == 0
    assert len(json.loads(capsys.readouterr().out)["front"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--data", "x.npz"],
        ["nowhere", "--front"],
        ["--data", "nothing.npz", "-o", "x", "--size", "3"],
        ["--data", "nothing:at_all", "-o", "x", "--size", "3"],
        ["--data", "x.npz", "-o", "x", "--space", "cube"],
        ["--data", "x.npz", "-o", "x", "--time", "soon"],
        ["{folder}", "--candidates", "9"],
        ["{folder}", "-o", "x"],
        ["{folder}", "--where", "size"],
        ["{folder}", "--where", "size < 1"],
        ["{folder}", "--html", "no/such/folder.html"],
        ["no\x1b[31m"],
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], folder: Path, capsys: Any) -> None:
    from mcugraph.cli import main

    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(["search", *(text.format(folder=folder) for text in arguments)]))
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1
    assert "\x1b" not in said


def test_an_interrupted_command_says_what_it_has_and_that_it_was(
    folder: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever ended at the interrupt by itself: the exit code is the same for all commands."""
    from mcugraph.cli import main
    from mcugraph.nas import entry

    def interrupted(folder: str, *others: Any) -> SearchResult:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return load_search(folder, *others)

    monkeypatch.setattr(entry, "load_search", interrupted)
    assert main(["search", str(folder)]) == 130
    assert "error" in capsys.readouterr().out.splitlines()[0]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert main(["boards", "--json"]) == 0


def test_a_function_of_the_current_folder_is_found(tmp_path: Path) -> None:
    """Of the command itself, whose folder Python looks into is that of programs."""
    (tmp_path / "own_data.py").write_text("def load():\n    raise KeyError('found it')\n")
    arguments = ["search", "--data", "own_data:load", "-o", "x", "--size", "9", "--candidates", "1"]
    code = f"import sys; sys.path.pop(0); from mcugraph.cli import main; main({arguments})"
    environment = os.environ | {"PYTHONPATH": str(Path(mg.__file__).parents[1])}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert "KeyError: 'found it'" in ended.stderr
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("make", [CnnSpace, Cnn1dSpace])
def test_an_int8_file_is_tested_and_its_error_kept(tmp_path: Path, make: Any) -> None:
    """Of data that lie in the order of their classes, too: all of these are measured."""
    pytest.importorskip("litert_torch")
    import numpy as np

    from mcugraph.nas import Recipe, search

    rng = np.random.default_rng(0)
    y = np.arange(1200) // 600
    shape = (1, 8, 8) if make is CnnSpace else (2, 30)
    x = rng.integers(0, 90, (1200, *shape)) + 120 * y.reshape(1200, *[1] * len(shape))
    layers = ConvLayer(False, 3, 6, 1, pool=True, norm=True, relu=True)
    given = Cnn((ConvBlock(False, (layers,)),), "max", 2, (10,))
    np.savez(tmp_path / "data.npz", x_train=x, y_train=y, x_test=x[::24], y_test=y[::24])
    found = search(
        make(shape, 2), tmp_path / "data.npz", bounds=Bounds(size=3000, macs=100_000),
        recipe=Recipe(epochs=4, batch=16, share=0.1), candidates=1, finalists=1, engine="inline",
        report=lambda line: None, folder=tmp_path / "run", templates=[given],
    )  # fmt: skip
    best = found.best()
    exported = found.export_tflite(tmp_path / "best.tflite")
    assert exported.profile.memory.peak == best.costs.peak
    assert exported.profile.memory.planned_arena == best.costs.arena
    assert exported.profile.memory.overlap_arena == best.costs.overlap_arena
    assert exported.profile.macs == best.costs.macs
    assert best.outcome is not None
    read = mg.load(tmp_path / "best.tflite")
    scales = read.tensors[read.inputs[0]].quantization
    assert scales is not None
    largest = float(scales.real(np.array([127], np.int8))[0])
    assert largest == pytest.approx(found.data.load().train.examples.max(), abs=0.05)
    for result in (found, load_search(tmp_path / "run")):
        kept = result.best().outcome
        assert kept is not None
        assert kept.errors.int8 == result.int8_error(tmp_path / "best.tflite")
        assert abs(kept.errors.int8 - (kept.errors.test or 0)) < 0.1
        assert f"#{best.id} as an int8 file" in str(result)
