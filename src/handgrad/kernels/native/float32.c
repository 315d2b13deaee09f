/* All kernels for float32. */
#define REAL float
#define NAME(function) function##_f32
#include "kernels.h"
