/* Batch normalisation, and under it its derivative; the formulas are in kernels/normalization.py.

x is (C, M): C features of M examples, or of all pixels of all examples. */

/* Four vectors for each sum, as one addition takes some cycles, and one or two begin in each. */
enum { SUM_VECTORS = 4, SUM_STEP = SUM_VECTORS * VECTOR_BYTES / sizeof(real) };

INLINE real add_up(const vec *sums) { return sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3])); }

/* A feature is read three times: for its mean, for the variance around it (so that no large numbers cancel), for y. */
EXPORT void NAME(batch_norm)(size features, size m, double epsilon, const real *x, const real *gamma,
                             const real *beta, real *y, real *normalised, real *inverse) {
    for (size c = 0; c < features; c++, x += m, y += m, normalised += m) {
        vec second_moment[SUM_VECTORS] = {{0}};
        real mean = sum_run(x, m) / (real)m, rest = 0;
        size whole = m / SUM_STEP * SUM_STEP;
        for (size k = 0; k < whole; k += SUM_STEP)
            for (size v = 0; v < SUM_VECTORS; v++) {
                vec centred = load(x + k + v * LANES) - mean;
                second_moment[v] += centred * centred;
            }
        for (size k = whole; k < m; k++) rest += (x[k] - mean) * (x[k] - mean);
        real variance = (add_up(second_moment) + rest) / (real)m;
        real over = 1 / square_root(variance + (real)epsilon), slope = gamma[c], start = beta[c];
        for (size k = 0; k < m; k++) {
            real value = (x[k] - mean) * over;
            normalised[k] = value;
            y[k] = value * slope + start;
        }
        inverse[c] = over;
    }
}

/* dgamma and dbeta are added to. */
EXPORT void NAME(batch_norm_backward)(size features, size m, const real *dy, const real *normalised,
                                      const real *inverse, const real *gamma, real *dgamma, real *dbeta, real *dx) {
    for (size c = 0; c < features; c++, dy += m, normalised += m, dx += m) {
        vec sums[SUM_VECTORS] = {{0}}, products[SUM_VECTORS] = {{0}};
        size whole = m / SUM_STEP * SUM_STEP;
        for (size k = 0; k < whole; k += SUM_STEP)
            for (size v = 0; v < SUM_VECTORS; v++) {
                vec dy_vec = load(dy + k + v * LANES);
                sums[v] += dy_vec;
                products[v] += dy_vec * load(normalised + k + v * LANES);
            }
        real total = add_up(sums), along = add_up(products);
        for (size k = whole; k < m; k++) total += dy[k], along += dy[k] * normalised[k];
        dgamma[c] += along;
        dbeta[c] += total;
        real slope = gamma[c] * inverse[c], mean = total / (real)m, turn = along / (real)m;
        for (size k = 0; k < m; k++) dx[k] = slope * (dy[k] - mean - normalised[k] * turn);
    }
}

/* y = gamma (x - mean) / sqrt(variance + epsilon) + beta with given statistics, as in inference */
EXPORT void NAME(batch_norm_inference)(size features, size m, double epsilon, const real *x, const real *mean,
                                       const real *variance, const real *gamma, const real *beta, real *y) {
    for (size c = 0; c < features; c++, x += m, y += m) {
        const real slope = gamma[c] / square_root(variance[c] + (real)epsilon), start = beta[c] - mean[c] * slope;
        for (size k = 0; k < m; k++) y[k] = x[k] * slope + start;
    }
}

/* dx = dy gamma / sqrt(variance + epsilon); dgamma and dbeta are added to. */
EXPORT void NAME(batch_norm_inference_backward)(size features, size m, double epsilon, const real *dy,
                                                const real *x, const real *mean, const real *variance,
                                                const real *gamma, real *dgamma, real *dbeta, real *dx) {
    for (size c = 0; c < features; c++, dy += m, x += m, dx += m) {
        const real over = 1 / square_root(variance[c] + (real)epsilon), slope = gamma[c] * over;
        real total = 0, along = 0;
        for (size k = 0; k < m; k++) {
            total += dy[k];
            along += dy[k] * (x[k] - mean[c]);
            dx[k] = dy[k] * slope;
        }
        dgamma[c] += along * over;
        dbeta[c] += total;
    }
}
