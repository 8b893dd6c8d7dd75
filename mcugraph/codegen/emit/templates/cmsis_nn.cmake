
# From CMSIS-NN: add_subdirectory(its folder) before this one.
target_link_libraries(@{prefix} PUBLIC cmsis-nn)
