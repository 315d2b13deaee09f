/* Pooling, every function and under it its derivative; the formulas are in kernels/pooling.py.

x is (C, H, W, N), y is (C, H', W', N): a vector holds one pixel of LANES examples, the last one of fewer. The
derivatives fill dx row by row, so that a row stays in the nearest cache while all windows that overlap it add to it. */

typedef uint8_t lane_bytes __attribute__((vector_size(VECTOR_BYTES / sizeof(real))));

INLINE mask load_argmax(const uint8_t *p, size lanes) {
    lane_bytes bytes = {0};
    if (lanes == LANES) memcpy(&bytes, p, sizeof bytes);
    else for (size k = 0; k < lanes; k++) bytes[k] = p[k];
    return __builtin_convertvector(bytes, mask);
}

INLINE void store_argmax(uint8_t *p, mask argmax, size lanes) {
    lane_bytes bytes = __builtin_convertvector(argmax, lane_bytes);
    if (lanes == LANES) memcpy(p, &bytes, sizeof bytes);
    else for (size k = 0; k < lanes; k++) p[k] = bytes[k];
}

INLINE void largest_of_window(const size lanes, const size window, size n, size line, const real *x, real *y,
                              uint8_t *argmax) {
    vec largest = load_some(x, lanes);
    mask best = {0}, offset = {0};
    for (size k = 0; k < window; k++)
        for (size l = 0; l < window; l++, offset += 1) {
            vec pixel = load_some(x + k * line + l * n, lanes);
            mask larger = pixel > largest;
            best = (larger & offset) | (~larger & best);
            largest = select(larger, pixel, largest);
        }
    store_some(y, largest, lanes);
    store_argmax(argmax, best, lanes);
}

/* The largest of each window and its offset, of equal ones the first: a NaN stays if it is the first of its window, as
it is never larger than another number. */
EXPORT void NAME(max_pool)(size n, size channels, size height, size width, size window, size stride, const real *x,
                           real *y, uint8_t *argmax) {
    size out_height = pixels_per_side(height, window, stride, 0), out_width = pixels_per_side(width, window, stride, 0);
    for (size c = 0; c < channels; c++)
        for (size i = 0; i < out_height; i++)
            for (size j = 0; j < out_width; j++, y += n, argmax += n) {
                const real *corner = x + ((c * height + i * stride) * width + j * stride) * n;
                for (size e = 0; e < n; e += LANES) {
                    size lanes = smaller(LANES, n - e);
                    if (window == 2 && lanes == LANES)
                        largest_of_window(LANES, 2, n, width * n, corner + e, y + e, argmax + e);
                    else largest_of_window(lanes, window, n, width * n, corner + e, y + e, argmax + e);
                }
            }
}

/* Pass dy to one row of a window: stored where no other window has its pixels (`apart`), else added. */
INLINE void spread_to_row(const size lanes, const size window, const int apart, size n, size offset, const real *dy,
                          const uint8_t *argmax, real *dx) {
    vec dy_vec = load_some(dy, lanes);
    mask best = load_argmax(argmax, lanes) - (int)offset;
    for (size l = 0; l < window; l++, best -= 1) {
        vec share = select(best == 0, dy_vec, (vec){0});
        store_some(dx + l * n, apart ? share : load_some(dx + l * n, lanes) + share, lanes);
    }
}

EXPORT void NAME(max_pool_backward)(size n, size channels, size height, size width, size window, size stride,
                                    const real *dy, const uint8_t *argmax, real *dx) {
    size out_height = pixels_per_side(height, window, stride, 0), out_width = pixels_per_side(width, window, stride, 0);
    const int apart = window == 2 && stride == 2 && width % 2 == 0;
    for (size c = 0; c < channels; c++)
        for (size row = 0; row < height; row++, dx += width * n) {
            span windows = offsets_of_input(row, out_height, window, stride, 0);
            if (!apart || windows.count < 1) memset(dx, 0, width * n * sizeof(real));
            for (size k = 0; k < windows.count; k++) {
                size first = (c * out_height + windows.pixel + k) * out_width * n;
                size offset = (windows.offset - k * stride) * window;
                for (size j = 0; j < out_width; j++)
                    for (size e = 0; e < n; e += LANES) {
                        size lanes = smaller(LANES, n - e), from = first + j * n + e;
                        real *to = dx + j * stride * n + e;
                        if (apart && lanes == LANES)
                            spread_to_row(LANES, 2, 1, n, offset, dy + from, argmax + from, to);
                        else spread_to_row(lanes, window, apart, n, offset, dy + from, argmax + from, to);
                    }
            }
        }
}

EXPORT void NAME(average_pool)(size n, size channels, size height, size width, size window, size stride,
                               const real *x, real *y) {
    size out_height = pixels_per_side(height, window, stride, 0), out_width = pixels_per_side(width, window, stride, 0);
    for (size c = 0; c < channels; c++)
        for (size i = 0; i < out_height; i++)
            for (size j = 0; j < out_width; j++, y += n)
                for (size e = 0; e < n; e += LANES) {
                    const real *corner = x + ((c * height + i * stride) * width + j * stride) * n + e;
                    size lanes = smaller(LANES, n - e);
                    vec total = {0};
                    for (size k = 0; k < window; k++)
                        for (size l = 0; l < window; l++) total += load_some(corner + (k * width + l) * n, lanes);
                    store_some(y + e, total / (real)(window * window), lanes);
                }
}

EXPORT void NAME(average_pool_backward)(size n, size channels, size height, size width, size window, size stride,
                                        const real *dy, real *dx) {
    size out_height = pixels_per_side(height, window, stride, 0), out_width = pixels_per_side(width, window, stride, 0);
    for (size c = 0; c < channels; c++)
        for (size row = 0; row < height; row++, dx += width * n) {
            memset(dx, 0, width * n * sizeof(real));
            span windows = offsets_of_input(row, out_height, window, stride, 0);
            for (size k = 0; k < windows.count; k++)
                for (size j = 0; j < out_width; j++)
                    for (size e = 0; e < n; e += LANES) {
                        const real *dy_vec = dy + ((c * out_height + windows.pixel + k) * out_width + j) * n + e;
                        real *pixel = dx + j * stride * n + e;
                        size lanes = smaller(LANES, n - e);
                        vec share = load_some(dy_vec, lanes) / (real)(window * window);
                        for (size l = 0; l < window; l++, pixel += n)
                            store_some(pixel, load_some(pixel, lanes) + share, lanes);
                    }
        }
}
