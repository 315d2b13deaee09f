/* Vectors of a width that the build chooses: VECTOR_BYTES is 16, 32 or 64.

Every kernel is written once, for the scalar type `real` and for vectors `vec` of LANES of them, and compiled for
float (functions named `…_f32`) and double (`…_f64`); see float32.c and float64.c. Vectors are an extension of
GCC and Clang, __attribute__((vector_size(N))): +, * and comparisons work lane by lane, and a * b + c becomes one
instruction where the processor has it.

Letters, as in the NumPy modules: N examples, I inputs, O outputs, C classes or channels, H, W height and width,
K the side of a kernel window. `d` before a name is the gradient of the loss with respect to it. Gradients of
parameters are added to. Arrays are dense and in the order that each function names. */

#include <stdint.h>
#include <string.h>

typedef REAL real;
#ifdef __wasm32__
typedef int32_t size; /* as its addresses: JavaScript passes them as numbers */
#else
typedef int64_t size;
#endif

#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#define LANES ((size)(VECTOR_BYTES / sizeof(real)))

typedef real vec __attribute__((vector_size(VECTOR_BYTES)));
typedef real real4 __attribute__((vector_size(4 * sizeof(real))));
typedef real unaligned_vec __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));

INLINE vec load(const real *p) { return *(const unaligned_vec *)p; }
INLINE void store(real *p, vec v) { *(unaligned_vec *)p = v; }
INLINE vec splat(real x) { return x - (vec){0}; }

INLINE size smaller(size a, size b) { return a < b ? a : b; }

INLINE real square_root(real x) { return (real)(sizeof(real) == 4 ? __builtin_sqrtf((float)x) : __builtin_sqrt(x)); }

/* Add the lanes k, k + 4, k + 8, ... for k from 0 to 3. */
INLINE real4 fold(vec v) {
    real4 parts[LANES / 4 + 1] = {0};
    memcpy(parts, &v, sizeof v);
    for (size k = 1; k < LANES / 4; k++) parts[0] += parts[k];
    return parts[0];
}

/* Add the lanes: those of four neighbours at a time, so that additions need not wait for each other. */
INLINE real sum_lanes(vec v) {
    const real4 sum = fold(v);
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/* The same for four vectors. */
INLINE real4 sum_lanes4(const vec *v) {
    const real4 a = fold(v[0]), b = fold(v[1]), c = fold(v[2]), d = fold(v[3]);
    const real4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const real4 cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
    return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

/* What depends on the scalar type: a number has MANTISSA bits behind its point and an exponent that
is stored with BIAS added. */
#define IS_FLOAT (sizeof(real) == 4)
#define MANTISSA (IS_FLOAT ? 23 : 52)
#define BIAS (IS_FLOAT ? 127 : 1023)

typedef __typeof__((vec){0} < (vec){0}) mask; /* integers as wide as `real`: all bits set where true */

INLINE vec select(mask where, vec a, vec b) { return (vec)(((mask)a & where) | ((mask)b & ~where)); }

/* (exp r - 1) / r = 1 + r/2 (1 + r/3 (...)) for |r| <= 0.7. */
INLINE vec exponential_series(vec r) {
    vec y = splat(1);
#pragma clang loop unroll(full)
    for (int term = IS_FLOAT ? 10 : 20; term > 1; term--) y = splat(1) + r * splat((real)1 / term) * y;
    return y;
}

/* exp x = 2^k exp r with r = x - k log 2 and |r| <= log(2) / 2; exp r = 1 + r (exp r - 1) / r.
Where the result would be below the normal numbers it is 0; above the largest power, x is clamped; NaN stays NaN. */
INLINE vec exponential(vec x) {
    const real most = IS_FLOAT ? 88 : 709, least = IS_FLOAT ? -87 : -708;
    const real log2_high = IS_FLOAT ? 0x1.63p-1 : 0x1.62e42fee00000p-1; /* few bits: k * log2_high is exact */
    const real log2_low = IS_FLOAT ? -0x1.bd0106p-13 : 0x1.a39ef35793c76p-33;
    x = select(x > splat(most), splat(most), x);
    const mask too_small = x < splat(least);
    x = select(too_small, splat(least), x);
    mask k = __builtin_convertvector(x * splat((real)1.4426950408889634), mask);
    vec whole = __builtin_convertvector(k, vec);
    vec r = (x - whole * splat(log2_high)) - whole * splat(log2_low);
    vec y = splat(1) + r * exponential_series(r);
    return select(too_small, splat(0), y * (vec)((k + BIAS) << MANTISSA));
}

/* log x = k log 2 + 2 (s + s^3/3 + s^5/5 + ...), where x = 2^k m, s = (m - 1) / (m + 1); for normal x > 0, and NaN. */
INLINE vec logarithm(vec x) {
    mask k = (((mask)x - (mask)splat((real)0.70710678118654752)) >> MANTISSA);
    vec m = (vec)((mask)x - (k << MANTISSA));
    vec s = (m - 1) / (m + 1), square = s * s, y = splat(0);
#pragma clang loop unroll(full)
    for (int odd = IS_FLOAT ? 11 : 23; odd > 0; odd -= 2) y = y * square + splat((real)1 / odd);
    return select(x == x, __builtin_convertvector(k, vec) * splat((real)0.69314718055994531) + 2 * s * y, x);
}
