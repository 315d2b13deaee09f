/* Convolution, and under it its derivative; the formulas are in kernels/convolution.py.

x is (C, H, W, N), y (O, H', W', N), weights (O, C, K, K). With the batch last, one pixel of all examples is one run of
numbers: a vector holds a pixel of LANES examples, and no window is ever copied. Both passes that make images, y from x
and dx from dy, are one loop nest, `gather`: sums of a block of outputs at one pixel stay in registers while it goes
over all channels and all offsets (pixels of the window) inside of the image. */

#if VECTOR_BYTES == 64 || defined(__aarch64__) /* 32 vector registers */
enum { GATHER_OUTPUTS = 8, GRADIENT_OUTPUTS = 4, GRADIENT_OFFSETS = 5 };
#else /* 16 */
enum { GATHER_OUTPUTS = 6, GRADIENT_OUTPUTS = 2, GRADIENT_OFFSETS = 5 };
#endif

/* Images (channels, height, width, N), from which or to which a loop goes. */
typedef struct { size channels, height, width; } shape;

/* Along one side, the number of offsets inside of the image; the pixel and the offset of the first. */
typedef struct { size count, pixel, offset; } span;

/* Four vectors of sums, as one addition takes some cycles, and one or two begin in each. */
static real sum_run(const real *p, size count) {
    vec sums[4] = {{0}};
    size k = 0;
    for (; k + 4 * LANES <= count; k += 4 * LANES)
        for (size v = 0; v < 4; v++) sums[v] += load(p + k + v * LANES);
    real total = sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
    for (; k < count; k++) total += p[k];
    return total;
}

static size pixels_per_side(size length, size window, size stride, size padding) {
    return (length + 2 * padding - window) / stride + 1;
}

/* The pixels that output i reads: i · stride + offset - padding. */
static span offsets_of_output(size i, size length, size window, size stride, size padding) {
    size begin = i * stride - padding, offset = begin < 0 ? -begin : 0;
    return (span){smaller(window, length - begin) - offset, begin + offset, offset};
}

/* The outputs that read pixel i: (i + padding - offset) / stride where that is whole; the offset of the next one is
`stride` less. */
static span offsets_of_input(size i, size length, size window, size stride, size padding) {
    size end = i + padding, last = smaller(end / stride, length - 1);
    size first = end < window ? 0 : (end - window) / stride + 1;
    return (span){last - first + 1, first, end - first * stride};
}

/* Weights by blocks of outputs: their biases, then for each channel and offset one weight of each output, so that the
innermost loop reads them in order. (O, C, K, K) is read by strides: for dx, inputs and outputs change places. */
static void pack_weights(size outputs, size channels, size offsets, size output_step, size channel_step,
                         const real *weights, const real *biases, real *packed) {
    for (size first = 0; first < outputs; first += GATHER_OUTPUTS)
        for (size row = -1; row < channels * offsets; row++, packed += GATHER_OUTPUTS)
            for (size k = 0; k < GATHER_OUTPUTS; k++) {
                size o = first + k;
                if (o >= outputs) packed[k] = 0;
                else if (row < 0) packed[k] = biases ? biases[o] : 0;
                else packed[k] = weights[o * output_step + row / offsets * channel_step + row % offsets];
            }
}

/* The offsets of one pixel: their number, and their distances in images and in packed weights. */
typedef struct { size channels, rows, columns, x_channel, x_row, x_column, w_first, w_channel, w_row, w_column; } nest;

/* GATHER_OUTPUTS × `vectors` sums stay in registers: a vector of x that is loaded is used GATHER_OUTPUTS times, a weight
`vectors` times. */
INLINE void gather_tile(const size vectors, const size lanes, const nest *at, const real *x, const real *packed,
                        size outputs, real *y, size y_step) {
    vec sums[GATHER_OUTPUTS][2];
    for (size o = 0; o < GATHER_OUTPUTS; o++)
        for (size v = 0; v < vectors; v++) sums[o][v] = splat(packed[o]);
    for (size c = 0; c < at->channels; c++)
        for (size k = 0; k < at->rows; k++) {
            const real *pixel = x + c * at->x_channel + k * at->x_row;
            const real *weight = packed + at->w_first + c * at->w_channel + k * at->w_row;
            for (size l = 0; l < at->columns; l++, pixel += at->x_column, weight += at->w_column) {
                vec x_vec[2];
                for (size v = 0; v < vectors; v++) {
                    x_vec[v] = load_some(pixel + v * LANES, lanes);
                    if (VECTOR_BYTES == 64) __builtin_prefetch(pixel + (vectors + v) * LANES); /* the next tile's */
                }
                for (size o = 0; o < GATHER_OUTPUTS; o++)
                    for (size v = 0; v < vectors; v++) sums[o][v] += splat(weight[o]) * x_vec[v];
            }
        }
    for (size o = 0; o < GATHER_OUTPUTS; o++)
        for (size v = 0; v < vectors && o < outputs; v++)
            store_some(y + o * y_step + v * LANES, sums[o][v], lanes);
}

/* to[o] = bias[o] + Σ over channels and offsets of weight · from; `backward` where `from` is dy and `to` is dx. */
static void gather(size n, shape from, shape to, size window, size stride, size padding, int backward,
                   const real *x, const real *packed, real *y) {
    size block = (1 + from.channels * window * window) * GATHER_OUTPUTS, y_step = to.height * to.width * n;
    size w_step = backward ? -stride : 1;
    span (*offsets)(size, size, size, size, size) = backward ? offsets_of_input : offsets_of_output;
    for (size i = 0; i < to.height; i++) {
        span rows = offsets(i, from.height, window, stride, padding);
        for (size j = 0; j < to.width; j++) {
            span columns = offsets(j, from.width, window, stride, padding);
            nest at = {from.channels, rows.count, columns.count,
                       from.height * from.width * n, from.width * n, n,
                       (1 + rows.offset * window + columns.offset) * GATHER_OUTPUTS,
                       window * window * GATHER_OUTPUTS, w_step * window * GATHER_OUTPUTS, w_step * GATHER_OUTPUTS};
            const real *pixel = x + (rows.pixel * from.width + columns.pixel) * n;
            for (size e = 0, step; e < n; e += step) {
                step = n - e < 2 * LANES ? LANES : 2 * LANES;
                size begin = n < LANES ? 0 : smaller(e, n - step); /* the last tile may overlap the one before */
                for (size o = 0; o < to.channels; o += GATHER_OUTPUTS) {
                    const real *w = packed + o / GATHER_OUTPUTS * block;
                    real *out = y + o * y_step + (i * to.width + j) * n + begin;
                    size outputs = to.channels - o;
                    if (step > LANES) gather_tile(2, LANES, &at, pixel + begin, w, outputs, out, y_step);
                    else if (n >= LANES) gather_tile(1, LANES, &at, pixel + begin, w, outputs, out, y_step);
                    else if (n == 1) gather_tile(1, 1, &at, pixel, w, outputs, out, y_step);
                    else gather_tile(1, n, &at, pixel, w, outputs, out, y_step);
                }
            }
        }
    }
}

EXPORT void NAME(convolution)(size n, size channels, size height, size width, size outputs, size window, size stride,
                              size padding, const real *x, const real *weights, const real *biases, real *y,
                              real *scratch) {
    shape in = {channels, height, width}, out = {outputs, pixels_per_side(height, window, stride, padding),
                                                 pixels_per_side(width, window, stride, padding)};
    size offsets = window * window;
    pack_weights(outputs, channels, offsets, channels * offsets, offsets, weights, biases, scratch);
    gather(n, in, out, window, stride, padding, 0, x, scratch, y);
}

/* Sums of dy · x over `pixels` pixels and the examples from `begin` to `end`, lane by lane, for some outputs and some
offsets: GRADIENT_OUTPUTS × GRADIENT_OFFSETS of them stay in registers. */
INLINE void gradient_tile(const size lanes, size pixels, size begin, size end, const real *const *dy, size dy_step,
                           const real *const *x, size x_step, real *lane_sums) {
    vec sums[GRADIENT_OUTPUTS][GRADIENT_OFFSETS];
    for (size o = 0; o < GRADIENT_OUTPUTS; o++)
        for (size t = 0; t < GRADIENT_OFFSETS; t++) sums[o][t] = load(lane_sums + (o * GRADIENT_OFFSETS + t) * LANES);
    for (size p = 0; p < pixels; p++)
        for (size e = begin; e < end; e += LANES) {
            vec dy_vec[GRADIENT_OUTPUTS];
            for (size o = 0; o < GRADIENT_OUTPUTS; o++) dy_vec[o] = load_some(dy[o] + p * dy_step + e, lanes);
            for (size t = 0; t < GRADIENT_OFFSETS; t++) {
                vec x_vec = load_some(x[t] + p * x_step + e, lanes);
                for (size o = 0; o < GRADIENT_OUTPUTS; o++) sums[o][t] += dy_vec[o] * x_vec;
            }
        }
    for (size o = 0; o < GRADIENT_OUTPUTS; o++)
        for (size t = 0; t < GRADIENT_OFFSETS; t++) store(lane_sums + (o * GRADIENT_OFFSETS + t) * LANES, sums[o][t]);
}

/* All examples of neighbouring pixels of a row, from pixel j of dy on. */
static void gradient_of_pixels(size n, size j, size pixels, const real *const *dy, const real *const *x, size x_step,
                             real *lane_sums) {
    const real *dy_at_j[GRADIENT_OUTPUTS];
    for (size o = 0; o < GRADIENT_OUTPUTS; o++) dy_at_j[o] = dy[o] + j * n;
    size whole = n / LANES * LANES;
    gradient_tile(LANES, pixels, 0, whole, dy_at_j, n, x, x_step, lane_sums);
    if (whole < n) gradient_tile(n - whole, pixels, whole, n, dy_at_j, n, x, x_step, lane_sums);
}

/* Row i of dy, of a block of outputs, times the pixels of all offsets. The offsets of all channels form one list, and a
tile is the next few of it. Where an offset is outside of the image, `zeros` stand for the row or the pixel. */
static void gradient_of_row(size n, size i, shape in, size width, size window, size stride, size padding,
                          const real *const *dy, const real *x, const real *zeros, real *lane_sums) {
    size offsets = in.channels * window * window, c = 0, k = 0, l = 0;
    for (size first = 0; first < offsets; first += GRADIENT_OFFSETS) {
        const real *start[GRADIENT_OFFSETS], *x_at[GRADIENT_OFFSETS];
        size column[GRADIENT_OFFSETS], begin = 0, end = width; /* the pixels of dy whose offsets are all inside */
        for (size t = 0; t < GRADIENT_OFFSETS; t++) {
            size row = i * stride + k - padding;
            int inside = row >= 0 && row < in.height;
            column[t] = l - padding;
            start[t] = (inside ? x + (c * in.height + row) * in.width * n : zeros) + column[t] * n;
            if (padding) {
                if (begin * stride < -column[t]) begin = (stride - 1 - column[t]) / stride;
                end = smaller(end, (in.width - 1 - column[t] + stride) / stride);
            }
            if (first + t < offsets - 1 && ++l == window) { /* beyond the list, the last offset is repeated */
                l = 0;
                if (++k == window) k = 0, c++;
            }
        }
        if (begin > end) begin = end = 0;
        for (size t = 0; t < GRADIENT_OFFSETS; t++) x_at[t] = start[t] + begin * stride * n;
        gradient_of_pixels(n, begin, end - begin, dy, x_at, stride * n, lane_sums);
        for (size j = begin ? 0 : end; j < width; j = j + 1 == begin ? end : j + 1) { /* the others, one by one */
            for (size t = 0; t < GRADIENT_OFFSETS; t++) {
                size pixel = j * stride + column[t];
                x_at[t] = pixel >= 0 && pixel < in.width ? start[t] + j * stride * n : zeros;
            }
            gradient_of_pixels(n, j, 1, dy, x_at, 0, lane_sums);
        }
        lane_sums += GRADIENT_OUTPUTS * GRADIENT_OFFSETS * LANES;
    }
}

/* dw[o, c, k, l] += Σ dy[o, i, j] · x[c, i·stride + k - padding, j·stride + l - padding]. One row of a block of outputs
stays in the nearest cache while all offsets pass; their sums stay in `scratch` from row to row. */
static void weight_gradient(size n, shape in, shape out, size window, size stride, size padding, const real *dy,
                      const real *x, real *dweights, real *dbiases, real *scratch) {
    size offsets = in.channels * window * window, tile = GRADIENT_OUTPUTS * GRADIENT_OFFSETS * LANES;
    size tiles = (offsets + GRADIENT_OFFSETS - 1) / GRADIENT_OFFSETS, row = out.width * n;
    real *zeros = scratch, *lane_sums = scratch + in.width * n;
    memset(zeros, 0, in.width * n * sizeof(real));
    for (size first = 0; first < out.channels; first += GRADIENT_OUTPUTS) {
        size outputs = smaller(GRADIENT_OUTPUTS, out.channels - first);
        memset(lane_sums, 0, tiles * tile * sizeof(real));
        for (size i = 0; i < out.height; i++) {
            const real *dy_row[GRADIENT_OUTPUTS]; /* beyond the last output, that one is repeated */
            for (size o = 0; o < GRADIENT_OUTPUTS; o++)
                dy_row[o] = dy + ((first + smaller(o, outputs - 1)) * out.height + i) * row;
            gradient_of_row(n, i, in, out.width, window, stride, padding, dy_row, x, zeros, lane_sums);
            for (size o = 0; o < outputs; o++) dbiases[first + o] += sum_run(dy_row[o], row);
        }
        for (size o = 0; o < outputs; o++)
            for (size t = 0; t < offsets; t++) {
                size place = t / GRADIENT_OFFSETS * tile + (o * GRADIENT_OFFSETS + t % GRADIENT_OFFSETS) * LANES;
                dweights[(first + o) * offsets + t] += sum_lanes(load(lane_sums + place));
            }
    }
}

/* dweights and dbiases are added to; dx may be NULL, then it is not computed. */
EXPORT void NAME(convolution_backward)(size n, size channels, size height, size width, size outputs, size window,
                                       size stride, size padding, const real *dy, const real *x, const real *weights,
                                       real *dweights, real *dbiases, real *dx, real *scratch) {
    shape in = {channels, height, width}, out = {outputs, pixels_per_side(height, window, stride, padding),
                                                 pixels_per_side(width, window, stride, padding)};
    size offsets = window * window;
    weight_gradient(n, in, out, window, stride, padding, dy, x, dweights, dbiases, scratch);
    if (!dx) return;
    pack_weights(channels, outputs, offsets, offsets, channels * offsets, weights, 0, scratch);
    gather(n, out, in, window, stride, padding, 1, dy, scratch, dx);
}
