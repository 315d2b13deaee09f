/* All kernels in one translation unit, so that they inline each other. */
#include "simd.h"

#include "activations.c"
#include "dense.c"
#include "sparse.c"
#include "convolution.c"
#include "pooling.c"
#include "normalization.c"
#include "softmax.c"
#include "losses.c"
#include "optimizers.c"
#include "images.c"
#include "mlp.c"
