@{header}
#ifndef MG_CONFIG_H
#define MG_CONFIG_H

/* How results are scaled. 0: rounded twice, as TensorFlow Lite Micro does it; 1: once, as LiteRT. */
#define MG_SINGLE_ROUNDING @{single}

#endif
