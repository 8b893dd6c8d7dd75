"""What a search has found: chosen, shown, exported."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.searching import SPACE, searched

import mcugraph as mg
from mcugraph.nas import Bounds, SearchResult, load_search
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


@pytest.mark.parametrize(
    "condition", ["size", "size = 3", "colour < 3", "__class__ < 1", "size < x"]
)
def test_what_is_no_condition_is_refused(result: SearchResult, condition: str) -> None:
    with pytest.raises(mg.UsageError):
        result.best(condition)


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


def test_a_page_holds_all_and_fetches_nothing(result: SearchResult, tmp_path: Path) -> None:
    result.report(tmp_path / "front.html")
    text = (tmp_path / "front.html").read_text()
    assert text.count("<circle") == len(result.trials)
    assert text.count('class="front"') == len(result.front) == text.count("<tr><td>")
    assert not re.search(r"(src|href)=", text)


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


def test_a_space_of_ones_own_has_to_be_given(tmp_path: Path) -> None:
    class Own(type(SPACE)):  # type: ignore[misc]
        pass

    from support.searching import pretend, quiet

    from mcugraph.nas import search

    space = Own((6,), 3)
    search(
        space, "no.npz", bounds=Bounds(size=3000), candidates=3, engine="inline", train=pretend,
        report=quiet, folder=tmp_path,
    )  # fmt: skip
    with pytest.raises(mg.UsageError, match="a space of your own"):
        load_search(tmp_path)
    assert len(load_search(tmp_path, space).trials) > 3


def test_optuna_takes_it(result: SearchResult) -> None:
    pytest.importorskip("optuna")
    study = result.to_optuna(None)
    assert len(study.trials) == len(result.trials)


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
    assert "validation" in capsys.readouterr().out.splitlines()[0]


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
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], capsys: Any) -> None:
    from mcugraph.cli import main

    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(["search", *arguments]))
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
