"""Scheduling as a constraint programme for OR-tools CP-SAT, to hold the exact search against."""

from mcugraph.scheduling.problem import Problem


def cp_sat_peak(problem: Problem, time_limit: float, workers: int = 1) -> tuple[int, int]:
    """Best peak found and best bound proven, in bytes; equal if optimal. Nothing runs in place.

    Operators take one unit of time each, without overlap; tensors are intervals from the start of
    their producer to the end of their last reader, and all must fit a capacity that is minimised.
    """
    from ortools.sat.python import cp_model

    n = len(problem.operators)
    model = cp_model.CpModel()
    start = [model.new_int_var(0, n - 1, f"start{i}") for i in range(n)]
    model.add_all_different(start)
    producer = {t: i for i, written in enumerate(problem.outputs) for t in written}
    for later, read in enumerate(problem.inputs):
        for tensor in read:
            if tensor in producer:
                model.add(start[producer[tensor]] < start[later])
    for earlier, later in problem.after:
        model.add(start[earlier] < start[later])
    intervals, demands = [], []
    for tensor, size in enumerate(problem.sizes):
        if tensor in problem.graph_inputs and not problem.count_inputs:
            continue
        begin = start[producer[tensor]] if tensor in producer else 0
        readers = [i for i, read in enumerate(problem.inputs) if tensor in read]
        end: object = n
        if tensor not in problem.graph_outputs:
            end = model.new_int_var(1, n, f"end{tensor}")
            model.add(end >= begin + 1)
            for reader in readers:
                model.add(end >= start[reader] + 1)
        length = model.new_int_var(1, n, f"length{tensor}")
        intervals.append(model.new_interval_var(begin, length, end, f"tensor{tensor}"))
        demands.append(size)
    for index, size in enumerate(problem.scratch):
        intervals.append(model.new_fixed_size_interval_var(start[index], 1, f"scratch{index}"))
        demands.append(size)
    peak = model.new_int_var(0, sum(demands), "peak")
    model.add_cumulative(intervals, demands, peak)
    model.minimize(peak)
    for index in range(n):
        model.add_hint(start[index], index)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = time_limit
    solver.parameters.num_workers = workers
    status = solver.solve(model)
    found = int(solver.objective_value) if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else -1
    return found, int(solver.best_objective_bound)
