/* The dense layer on sparse rows: row n of x has values[k] in column columns[k], for k from starts[n] to starts[n + 1].

Weights lie in memory as (I, O), so that each value adds one row of w to y, or dy to one row of dw. */

/* y = x w + b */
EXPORT void NAME(sparse_dense)(size n, size outputs, const real *restrict values, const int32_t *restrict columns,
                               const int64_t *restrict starts, const real *restrict w, const real *restrict b,
                               real *restrict y) {
    for (size row = 0; row < n; row++, y += outputs) {
        memcpy(y, b, (size_t)outputs * sizeof(real));
        for (size k = starts[row]; k < starts[row + 1]; k++) {
            const real *weights = w + columns[k] * outputs;
            for (size o = 0; o < outputs; o++) y[o] += values[k] * weights[o];
        }
    }
}

/* dw += x^T dy, db += the sum of dy */
EXPORT void NAME(sparse_dense_backward)(size n, size outputs, const real *restrict dy, const real *restrict values,
                                        const int32_t *restrict columns, const int64_t *restrict starts,
                                        real *restrict dw, real *restrict db) {
    for (size row = 0; row < n; row++, dy += outputs) {
        for (size o = 0; o < outputs; o++) db[o] += dy[o];
        for (size k = starts[row]; k < starts[row + 1]; k++) {
            real *dweights = dw + columns[k] * outputs;
            for (size o = 0; o < outputs; o++) dweights[o] += values[k] * dy[o];
        }
    }
}
