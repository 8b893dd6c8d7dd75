"""Schedules against OR-tools CP-SAT, which solves another formulation."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from mcugraph.scheduling.entry import schedule
from mcugraph.testing import SHAPES, build_problem

MODEL = Path(__file__).parents[2] / "bench" / "schedule_cp_sat.py"


@pytest.fixture(scope="module")
def cp_sat_peak():
    spec = importlib.util.spec_from_file_location("schedule_cp_sat", MODEL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.cp_sat_peak


@pytest.mark.slow
@pytest.mark.oracle("ortools")
@pytest.mark.parametrize("seed", range(200))
def test_equals_cp_sat(seed, cp_sat_peak):
    random = Random(seed)
    shape = SHAPES[seed % len(SHAPES)]
    problem = build_problem(random.randint, random.randint(8, 16), shape, max_size=100)
    problem = replace(problem, inplace=())
    peak, bound = cp_sat_peak(problem, time_limit=60)
    if peak != bound:
        pytest.skip("CP-SAT did not finish")
    assert schedule(problem).peak == peak
