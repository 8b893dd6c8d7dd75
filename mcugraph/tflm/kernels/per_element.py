"""Operators whose kernels make each element of their output of the elements at its place.

Of several operands, some may be spread over the result.

Sources: tensorflow/lite/micro/kernels/*.cc.
"""

ONE_OPERAND = (
    *("ABS", "CAST", "CEIL", "COS", "DEQUANTIZE", "ELU", "EXP", "FLOOR", "HARD_SWISH"),
    *("LEAKY_RELU", "LOG", "LOGICAL_NOT", "LOGISTIC", "NEG", "QUANTIZE", "RELU", "RELU6"),
    *("ROUND", "RSQRT", "SIN", "SQRT", "SQUARE", "TANH"),
)
ARITHMETIC = ("ADD", "DIV", "MAXIMUM", "MINIMUM", "MUL", "PRELU", "SQUARED_DIFFERENCE", "SUB")
