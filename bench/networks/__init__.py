"""Networks that benchmarks measure."""
