/* Activations, of any shape: `count` numbers. Each derivative stands under its function. */

/* y = max(x, 0); NaN stays NaN. */
EXPORT void NAME(relu)(size count, const real *x, real *y) {
    size i = 0;
    for (; i + LANES <= count; i += LANES) {
        vec v = load(x + i);
        store(y + i, select(v < 0, splat(0), v));
    }
    for (; i < count; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

/* dx = dy [x > 0] */
EXPORT void NAME(relu_backward)(size count, const real *dy, const real *x, real *dx) {
    size i = 0;
    for (; i + LANES <= count; i += LANES) store(dx + i, select(load(x + i) > 0, load(dy + i), splat(0)));
    for (; i < count; i++) dx[i] = x[i] > 0 ? dy[i] : 0;
}
