/* Softmax, and cross-entropy of softmax, for up to MOST_CLASSES classes.

LANES examples are worked on side by side, one in each lane, so that ten classes fill vectors, too. */

#ifndef MOST_CLASSES
#define MOST_CLASSES 64 /* more for the page, which has no NumPy */
#endif

/* Read the scores of up to LANES examples (count, C) as (C, LANES), and subtract the largest of each example. */
INLINE void read_scores(size count, size classes, const real *x, vec *scores) {
    vec largest;
    for (size c = 0; c < classes; c++) {
        vec v = splat(0);
        for (size n = 0; n < count; n++) v[n] = x[n * classes + c];
        scores[c] = v;
        largest = c ? select(v > largest, v, largest) : v;
    }
    for (size c = 0; c < classes; c++) scores[c] -= largest;
}

INLINE void write_scores(size count, size classes, const vec *scores, real *y) {
    for (size c = 0; c < classes; c++)
        for (size n = 0; n < count; n++) y[n * classes + c] = scores[c][n];
}

/* y[n, c] = exp x[n, c] / sum over j of exp x[n, j]; x and y are (N, C). */
EXPORT void NAME(softmax)(size n, size classes, const real *x, real *y) {
    vec scores[MOST_CLASSES];
    for (size first = 0; first < n; first += LANES) {
        size count = smaller(LANES, n - first);
        read_scores(count, classes, x + first * classes, scores);
        vec sum = splat(0);
        for (size c = 0; c < classes; c++) sum += scores[c] = exponential(scores[c]);
        for (size c = 0; c < classes; c++) scores[c] /= sum;
        write_scores(count, classes, scores, y + first * classes);
    }
}
