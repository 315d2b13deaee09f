/* Activations, of any shape: `count` numbers. Each derivative stands under its function.

A loop over vectors ends with one that is not full: its other lanes are 0, and are not stored. */

INLINE vec load_some(const real *p, size count) {
    if (count >= LANES) return load(p);
    vec v = {0};
    for (size k = 0; k < count; k++) v[k] = p[k];
    return v;
}

INLINE void store_some(real *p, vec v, size count) {
    if (count >= LANES) store(p, v);
    else for (size k = 0; k < count; k++) p[k] = v[k];
}

#define FOR_EACH_VECTOR(i, count) for (size i = 0; i < (count); i += LANES)

/* y = max(x, 0); NaN stays NaN. */
EXPORT void NAME(relu)(size count, const real *x, real *y) {
    FOR_EACH_VECTOR(i, count) {
        const vec v = load_some(x + i, count - i);
        store_some(y + i, select(v < 0, splat(0), v), count - i);
    }
}

/* dx = dy [x > 0] */
EXPORT void NAME(relu_backward)(size count, const real *dy, const real *x, real *dx) {
    FOR_EACH_VECTOR(i, count)
        store_some(dx + i, select(load_some(x + i, count - i) > 0, load_some(dy + i, count - i), splat(0)), count - i);
}

/* y = x where x > 0, else slope x */
EXPORT void NAME(leaky_relu)(size count, const real *x, double slope, real *y) {
    FOR_EACH_VECTOR(i, count) {
        const vec v = load_some(x + i, count - i);
        store_some(y + i, select(v > 0, v, v * splat((real)slope)), count - i);
    }
}

/* dx = dy where x > 0, else slope dy */
EXPORT void NAME(leaky_relu_backward)(size count, const real *dy, const real *x, double slope, real *dx) {
    FOR_EACH_VECTOR(i, count) {
        const vec v = load_some(x + i, count - i), d = load_some(dy + i, count - i);
        store_some(dx + i, select(v > 0, d, d * splat((real)slope)), count - i);
    }
}

/* tanh |x| = (1 - e) / (1 + e) with e = exp -2|x|; for small x, m / (m + 2) with m = exp 2|x| - 1, so that no digits
cancel. */
INLINE vec hyperbolic_tangent(vec x) {
    const mask negative = x < 0;
    const vec twice = 2 * select(negative, -x, x);
    const mask small = twice < splat((real)0.7);
    const vec r = select(small, twice, splat(0)), m = r * exponential_series(r), e = exponential(-twice);
    const vec y = select(small, m / (m + 2), (1 - e) / (1 + e));
    return select(negative, -y, y);
}

/* y = tanh x */
EXPORT void NAME(tanh)(size count, const real *x, real *y) {
    FOR_EACH_VECTOR(i, count) store_some(y + i, hyperbolic_tangent(load_some(x + i, count - i)), count - i);
}

/* dx = dy (1 - y^2), with the output y */
EXPORT void NAME(tanh_backward)(size count, const real *dy, const real *y, real *dx) {
    FOR_EACH_VECTOR(i, count) {
        const vec v = load_some(y + i, count - i);
        store_some(dx + i, load_some(dy + i, count - i) * (1 - v * v), count - i);
    }
}

/* y = 1 / (1 + exp -x); exp -|x| cannot overflow. */
EXPORT void NAME(sigmoid)(size count, const real *x, real *y) {
    FOR_EACH_VECTOR(i, count) {
        const vec v = load_some(x + i, count - i), power = exponential(select(v < 0, v, -v));
        store_some(y + i, select(v < 0, power, splat(1)) / (1 + power), count - i);
    }
}

/* dx = dy y (1 - y), with the output y */
EXPORT void NAME(sigmoid_backward)(size count, const real *dy, const real *y, real *dx) {
    FOR_EACH_VECTOR(i, count) {
        const vec v = load_some(y + i, count - i);
        store_some(dx + i, load_some(dy + i, count - i) * v * (1 - v), count - i);
    }
}

#define GELU_SCALE ((real)0.79788456080286536)
#define GELU_CUBIC ((real)0.044715)

/* y = x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3) */
EXPORT void NAME(gelu)(size count, const real *x, real *y) {
    FOR_EACH_VECTOR(i, count) {
        const vec v = load_some(x + i, count - i);
        const vec t = hyperbolic_tangent(GELU_SCALE * (v + GELU_CUBIC * v * v * v));
        store_some(y + i, v * (1 + t) / 2, count - i);
    }
}

/* dx = dy ((1 + t) + x (1 - t^2) u') / 2 with t = tanh u, u' = sqrt(2 / pi) (1 + 0.134145 x^2) */
EXPORT void NAME(gelu_backward)(size count, const real *dy, const real *x, real *dx) {
    FOR_EACH_VECTOR(i, count) {
        const vec v = load_some(x + i, count - i), slope = GELU_SCALE * (1 + 3 * GELU_CUBIC * v * v);
        const vec t = hyperbolic_tangent(GELU_SCALE * (v + GELU_CUBIC * v * v * v));
        store_some(dx + i, load_some(dy + i, count - i) * ((1 + t) + v * (1 - t * t) * slope) / 2, count - i);
    }
}

/* y[a, b] = max over k of x[a, k, b], and its k, of equal ones the first: x is (A, pieces, B), y and argmax (A, B). */
EXPORT void NAME(maxout)(size outer, size pieces, size inner, const real *x, real *y, uint8_t *argmax) {
    for (size a = 0; a < outer; a++, x += pieces * inner, y += inner, argmax += inner)
        for (size b = 0; b < inner; b++) {
            size best = 0;
            for (size k = 1; k < pieces; k++) {
                const real next = x[k * inner + b], largest = x[best * inner + b];
                if (next > largest || (next != next && largest == largest)) best = k; // the first NaN stays
            }
            y[b] = x[best * inner + b];
            argmax[b] = (uint8_t)best;
        }
}

/* dx[a, k, b] = dy[a, b] [k = argmax[a, b]] */
EXPORT void NAME(maxout_backward)(size outer, size pieces, size inner, const real *dy, const uint8_t *argmax, real *dx) {
    for (size a = 0; a < outer; a++, dy += inner, argmax += inner)
        for (size k = 0; k < pieces; k++, dx += inner)
            for (size b = 0; b < inner; b++) dx[b] = argmax[b] == k ? dy[b] : 0;
}
