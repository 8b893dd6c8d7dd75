
# Some operators are run by kernels of CMSIS-NN; `make CMSIS_NN=...` takes another copy of it. All of
# them that are for int8 are compiled, and the linker leaves out those that nothing calls.
CMSIS_NN ?= @{cmsis_nn}
CMSIS_NN_FOLDERS = BasicMath Convolution FullyConnected NNSupport Pooling Softmax
CMSIS_NN_FILES = $(wildcard $(CMSIS_NN_FOLDERS:%=$(CMSIS_NN)/Source/%Functions/*s8*.c) \
    $(CMSIS_NN)/Source/NNSupportFunctions/arm_q7_*.c \
    $(CMSIS_NN)/Source/NNSupportFunctions/arm_nntables.c)
MODEL_FLAGS += -isystem $(CMSIS_NN)/Include
OBJECTS += $(CMSIS_NN_FILES:$(CMSIS_NN)/Source/%.c=build/cmsis-nn/%.o)

build/cmsis-nn/%.o: $(CMSIS_NN)/Source/%.c
	@mkdir -p $(@D)
	$(ARM_CC) $(ARM_FLAGS) -w -c -o $@ $<
