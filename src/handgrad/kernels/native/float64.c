/* All kernels for float64, in which `handgrad check` runs them. */
#define REAL double
#define NAME(function) function##_f64
#include "kernels.h"
