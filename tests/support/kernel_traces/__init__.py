"""What kernels read and write, element by element, in the order in which their sources do it.

Written as the plain nested loops of the kernels, for small shapes; shares nothing with the rules of
``mcugraph.tflm.kernels.access``, not even how padding is worked out. A step first reads and then
writes; elements are counted from the beginning of their tensor.
"""
