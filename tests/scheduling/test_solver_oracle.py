"""Schedules against OR-tools CP-SAT, which solves another formulation."""

from dataclasses import replace
from random import Random

import pytest
from support.loading import load_module

from mcugraph.scheduling.entry import schedule
from mcugraph.testing import SHAPES, build_problem


@pytest.fixture(scope="module")
def cp_sat_peak():
    return load_module("bench/oracles/cp_sat.py").cp_sat_peak


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
