/* Optimizers: one pass over the flat vectors of parameters w, gradient g and moments, each (P,).

The loops are plain; the compiler makes vectors of them. */

/* Numbers below the normal ones become 0: processors are many times slower with them. */
INLINE real flush(real x) {
    const real tiny = (real)(IS_FLOAT ? 0x1p-126 : 0x1p-1022);
    return x < tiny && x > -tiny ? 0 : x;
}

/* w -= rate g */
EXPORT void NAME(sgd)(size count, real *restrict w, const real *restrict g, double learning_rate) {
    const real rate = (real)learning_rate;
    for (size i = 0; i < count; i++) w[i] -= rate * g[i];
}

/* v = mu v + g, w -= rate v */
EXPORT void NAME(momentum)(size count, real *restrict w, const real *restrict g, real *restrict v, double momentum,
                           double learning_rate) {
    const real mu = (real)momentum, rate = (real)learning_rate;
    for (size i = 0; i < count; i++) {
        v[i] = flush(mu * v[i] + g[i]);
        w[i] -= rate * v[i];
    }
}

/* v = mu v + g, w -= rate (g + mu v) */
EXPORT void NAME(nesterov)(size count, real *restrict w, const real *restrict g, real *restrict v, double momentum,
                           double learning_rate) {
    const real mu = (real)momentum, rate = (real)learning_rate;
    for (size i = 0; i < count; i++) {
        v[i] = flush(mu * v[i] + g[i]);
        w[i] -= rate * (g[i] + mu * v[i]);
    }
}

/* s = rho s + (1 - rho) g^2, w -= rate g / (sqrt s + epsilon) */
EXPORT void NAME(rmsprop)(size count, real *restrict w, const real *restrict g, real *restrict s, double decay,
                          double epsilon_, double learning_rate) {
    const real rho = (real)decay, rest = (real)(1 - decay), epsilon = (real)epsilon_, rate = (real)learning_rate;
    for (size i = 0; i < count; i++) {
        s[i] = flush(rho * s[i] + rest * g[i] * g[i]);
        w[i] -= rate * g[i] / (square_root(s[i]) + epsilon);
    }
}

/* m = beta1 m + (1 - beta1) g, s = beta2 s + (1 - beta2) g^2, w -= rate m / (sqrt(s growth) + epsilon), where the
caller has put 1 / (1 - beta1^t) into the rate and 1 / (1 - beta2^t) into growth. */
EXPORT void NAME(adam)(size count, real *restrict w, const real *restrict g, real *restrict m, real *restrict s,
                       double beta1, double beta2, double epsilon_, double learning_rate, double growth_) {
    const real b1 = (real)beta1, rest1 = (real)(1 - beta1), b2 = (real)beta2, rest2 = (real)(1 - beta2);
    const real epsilon = (real)epsilon_, rate = (real)learning_rate, growth = (real)growth_;
    for (size i = 0; i < count; i++) {
        m[i] = flush(b1 * m[i] + rest1 * g[i]);
        s[i] = flush(b2 * s[i] + rest2 * g[i] * g[i]);
        w[i] -= rate * m[i] / (square_root(s[i] * growth) + epsilon);
    }
}

/* average += share (w - average) */
EXPORT void NAME(move_average)(size count, real *restrict average, const real *restrict w, double share_) {
    const real share = (real)share_;
    for (size i = 0; i < count; i++) average[i] += share * (w[i] - average[i]);
}
