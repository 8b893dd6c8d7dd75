"""What figures are called wherever several commands show them."""

NAMES = {
    "tflm_total": "arena to reserve",
    "tflm_arena": "  head",
    "tflm_persistent": "  tail",
    "planned_arena": "planned arena",
    "overlap_arena": "overlap arena",
    "state": "state",
    "peak": "peak, best order",
    "file_order_peak": "peak, file order",
    "file": "model file",
    "weights": "  weights",
    "biases": "  biases",
    "quantization": "  quantization",
    "parameters": "parameters",
    "operators": "operators",
    "macs": "MACs",
    "elementwise": "elementwise",
}
"""Names of figures by that of their field, in the order in which they are shown."""
