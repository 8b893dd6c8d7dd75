"""Memory: what is live when, the best order, the arena plan, and TFLM's own planner."""
