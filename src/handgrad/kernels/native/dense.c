/* The dense layer. Weights lie in memory as (I, O): the weights of one input are one run of numbers.

So y[n, :] = b + sum over i of x[n, i] w[i, :] adds rows of w, dw[i, :] += x[n, i] dy[n, :] adds to rows of dw, and an
input that is 0 costs nothing. Inputs are real numbers or bytes; bytes stand for x / 255. Of the bytes of MNIST's digits
19 % are not 0, and skipping the others is faster than a product of matrices. (Where a skipped 0 would meet an infinite
weight, the NaN of 0 * infinity is skipped, too.)

There are two forms: *narrow*, for up to NARROW outputs, whose padded row stays in registers, and *wide* for more. Large
wide products of real numbers belong to BLAS. */

#define NARROW 16
#define PARTS (NARROW / LANES) /* vectors in a narrow row */
#define FEW 4                  /* outputs up to which sums are vectors of inputs */
#define BLOCK 8                /* vectors of outputs, or rows, that a kernel works on at most */
#define TILE 64                /* examples that a wide kernel works on at a time: one bit each in a 64-bit mask */
#if VECTOR_BYTES == 64 || defined(__aarch64__)
#define SUMS 16 /* vectors of sums that stay in registers: half of them */
#else
#define SUMS 8
#endif

/* The numbers of all bytes: to load one is faster than to convert a byte. */
#define FOUR(n) n, n + 1, n + 2, n + 3
#define SIXTEEN(n) FOUR(n), FOUR(n + 4), FOUR(n + 8), FOUR(n + 12)
#define SIXTY_FOUR(n) SIXTEEN(n), SIXTEEN(n + 16), SIXTEEN(n + 32), SIXTEEN(n + 48)
static const real NUMBER[256] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(128), SIXTY_FOUR(192)};

typedef uint8_t bytes16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint8_t bytes64 __attribute__((vector_size(64), aligned(1), may_alias));
typedef uint32_t words16 __attribute__((vector_size(64), aligned(1), may_alias));
typedef uint8_t bytes4 __attribute__((vector_size(4), aligned(1), may_alias));
typedef _Bool bits16 __attribute__((ext_vector_type(16)));
typedef _Bool bits64 __attribute__((ext_vector_type(64)));

/* Return a mask of the 64 bytes at x that are not 0. */
INLINE uint64_t lit_bytes(const uint8_t *x) {
    bits64 lit = __builtin_convertvector(*(const bytes64 *)x != 0, bits64);
    uint64_t result;
    memcpy(&result, &lit, sizeof result);
    return result;
}

/* Return a mask of the groups of four bytes that are not all 0, of up to 64 groups at x; count is a multiple of 4. */
INLINE uint64_t lit_groups(const uint8_t *x, size count) {
    uint64_t result = 0;
    for (size part = 0; part < 4 && 64 * part < count; part++) {
        uint8_t rest[64] = {0};
        const uint8_t *bytes = x + 64 * part;
        if (count < 64 * (part + 1)) bytes = memcpy(rest, bytes, (size_t)(count - 64 * part));
        bits16 lit = __builtin_convertvector(*(const words16 *)bytes != 0, bits16);
        uint16_t few;
        memcpy(&few, &lit, sizeof few);
        result |= (uint64_t)few << (16 * part);
    }
    return result;
}

/* Add rows padded to NARROW to rows (I, O). */
INLINE void add_unpacked(size inputs, size outputs, const real *packed, real *w) {
    for (size i = 0; i < inputs; i++)
        for (size o = 0; o < outputs; o++) w[i * outputs + o] += packed[i * NARROW + o];
}

/* ---- narrow ---- */

/* Read NARROW numbers at a row of fewer. What follows the row is read with it and its sums are not used, but nothing
beyond the end of the array. */
INLINE void load_row(const real *row, const real *end, vec *parts) {
    real padded[NARROW] = {0};
    if (end - row < NARROW) row = memcpy(padded, row, (size_t)(end - row) * sizeof(real));
    for (size p = 0; p < PARTS; p++) parts[p] = load(row + p * LANES);
}

/* Write NARROW numbers at a row of fewer: the row that follows is written next. */
INLINE void store_row(real *row, const real *end, const vec *parts) {
    real padded[NARROW], *to = end - row < NARROW ? padded : row;
    for (size p = 0; p < PARTS; p++) store(to + p * LANES, parts[p]);
    if (to == padded) memcpy(row, padded, (size_t)(end - row) * sizeof(real));
}

/* Copy w (I, O) to rows of NARROW; what stands behind the O numbers of a row is not used. */
INLINE void pack_narrow(size inputs, size outputs, const real *w, real *packed) {
    vec parts[PARTS];
    for (size i = 0; i < inputs; i++) {
        load_row(w + i * outputs, w + inputs * outputs, parts);
        for (size p = 0; p < PARTS; p++) store(packed + i * NARROW + p * LANES, parts[p]);
    }
}

/* Write w (I, O) as (lines, line): a row of inputs for each output, and zeros up to whole vectors and for other lines. */
INLINE void transpose_narrow(size inputs, size outputs, size lines, const real *w, real *rows) {
    const size line = (inputs + LANES - 1) / LANES * LANES;
    memset(rows, 0, (size_t)(lines * line) * sizeof(real));
    for (size o = 0; o < outputs; o++)
        for (size i = 0; i < inputs; i++) rows[o * line + i] = w[i * outputs + o];
}

/* Read the last `count` < LANES numbers of a row, and zeros. What follows them is read with them, but nothing beyond the
end of the array. */
INLINE vec load_rest(const real *p, size count, const real *end) {
    real padded[LANES] = {0};
    if (end - p < LANES) return load(memcpy(padded, p, (size_t)count * sizeof(real)));
    mask there;
    for (size k = 0; k < LANES; k++) there[k] = k < count ? -1 : 0;
    return select(there, load(p), splat(0));
}

/* y = x w + b of a few examples and outputs, together FEW: a sum for each pair, of vectors of inputs. */
INLINE void few_rows(size examples, size sums_of_each, size inputs, size outputs, const real *x, const real *end,
                     const real *rows, const real *b, real *y) {
    const size line = (inputs + LANES - 1) / LANES * LANES, full = inputs / LANES * LANES;
    vec sums[FEW] = {0};
    for (size i = 0; i < line; i += LANES)
        for (size e = 0; e < examples; e++) {
            const real *p = x + e * inputs + i;
            const vec part = i < full ? load(p) : load_rest(p, inputs - full, end);
            for (size o = 0; o < sums_of_each; o++) sums[e * sums_of_each + o] += part * load(rows + o * line + i);
        }
    const real4 totals = sum_lanes4(sums);
    for (size e = 0; e < examples; e++)
        for (size o = 0; o < outputs; o++) y[e * outputs + o] = b[o] + totals[e * sums_of_each + o];
}

/* y = x w + b of a few examples, whose sums are vectors of outputs. */
INLINE void narrow_rows(size examples, size inputs, size outputs, const real *x, const real *packed, const vec *b, real *y,
                        const real *end) {
    vec sums[4][PARTS];
    for (size e = 0; e < examples; e++)
        for (size p = 0; p < PARTS; p++) sums[e][p] = b[p];
    for (size i = 0; i < inputs; i++)
        for (size p = 0; p < PARTS; p++) {
            const vec row = load(packed + i * NARROW + p * LANES);
            for (size e = 0; e < examples; e++) sums[e][p] += splat(x[e * inputs + i]) * row;
        }
    for (size e = 0; e < examples; e++) store_row(y + e * outputs, end, sums[e]);
}

INLINE void narrow(size n, size inputs, size outputs, const real *x, const real *w, const real *b, real *y,
                   real *scratch) {
    const real *x_end = x + n * inputs, *y_end = y + n * outputs;
    if (outputs <= FEW) {
        transpose_narrow(inputs, outputs, FEW, w, scratch);
        for (; outputs <= 2 && n >= 2; n -= 2, x += 2 * inputs, y += 2 * outputs)
            few_rows(2, 2, inputs, outputs, x, x_end, scratch, b, y);
        for (; n; n--, x += inputs, y += outputs) few_rows(1, FEW, inputs, outputs, x, x_end, scratch, b, y);
        return;
    }
    vec biases[PARTS];
    load_row(b, b + outputs, biases);
    pack_narrow(inputs, outputs, w, scratch);
    for (; n >= 4; n -= 4, x += 4 * inputs, y += 4 * outputs)
        narrow_rows(4, inputs, outputs, x, scratch, biases, y, y_end);
    for (; n; n--, x += inputs, y += outputs) narrow_rows(1, inputs, outputs, x, scratch, biases, y, y_end);
}

/* db += sum over n of dy[n, :] for some vectors of outputs, whose sums stay in registers. */
INLINE void bias_block(size vectors, size n, size outputs, const real *dy, real *db) {
    vec sums[4];
    for (size v = 0; v < vectors; v++) sums[v] = load(db + v * LANES);
    for (; n; n--, dy += outputs)
        for (size v = 0; v < vectors; v++) sums[v] += load(dy + v * LANES);
    for (size v = 0; v < vectors; v++) store(db + v * LANES, sums[v]);
}

INLINE void bias_gradient(size n, size outputs, const real *dy, real *db) {
    size o = 0;
    for (; o + 4 * LANES <= outputs; o += 4 * LANES) bias_block(4, n, outputs, dy + o, db + o);
    for (; o + LANES <= outputs; o += LANES) bias_block(1, n, outputs, dy + o, db + o);
    for (; o < outputs; o++)
        for (size row = 0; row < n; row++) db[o] += dy[row * outputs + o];
}

/* dw += x^T dy for up to four outputs of `vectors` vectors of inputs, or of the last `rest` inputs of a row: the sums over
all examples stay in registers. */
INLINE void narrow_block_backward(size vectors, size rest, size block, size n, size inputs, size outputs, const real *dy,
                                  const real *x, const real *end, real *dw) {
    vec sums[4][4] = {0};
    for (; n; n--, x += inputs, dy += outputs)
        for (size v = 0; v < vectors; v++) {
            const vec part = rest ? load_rest(x, rest, end) : load(x + v * LANES);
            for (size o = 0; o < block; o++) sums[v][o] += splat(dy[o]) * part;
        }
    for (size v = 0; v < vectors; v++)
        for (size o = 0; o < block; o++)
            for (size k = 0; k < (rest ? rest : LANES); k++) dw[(v * LANES + k) * outputs + o] += sums[v][o][k];
}

INLINE void narrow_columns_backward(size block, size n, size inputs, size outputs, const real *dy, const real *x,
                                    real *dw) {
    const real *end = x + n * inputs;
    size i = 0;
    for (; i + SUMS / 4 * LANES <= inputs; i += SUMS / 4 * LANES)
        narrow_block_backward(SUMS / 4, 0, block, n, inputs, outputs, dy, x + i, end, dw + i * outputs);
    for (; i + LANES <= inputs; i += LANES)
        narrow_block_backward(1, 0, block, n, inputs, outputs, dy, x + i, end, dw + i * outputs);
    if (i < inputs)
        narrow_block_backward(1, inputs - i, block, n, inputs, outputs, dy, x + i, end, dw + i * outputs);
}

/* dx = dy w^T for LANES or more inputs, a vector of them at a time, some of them twice. The weights stay in registers
where the compiler knows that outputs are few. */
INLINE void narrow_inputs(size n, size inputs, size outputs, const real *dy, const real *w, real *dx) {
    for (size first = 0; first < inputs; first += LANES) {
        const size i = smaller(first, inputs - LANES);
        vec rows[NARROW];
        for (size o = 0; o < outputs; o++)
            for (size k = 0; k < LANES; k++) rows[o][k] = w[(i + k) * outputs + o];
        for (size row = 0; row < n; row++) {
            vec sums = splat(0);
            for (size o = 0; o < outputs; o++) sums += splat(dy[row * outputs + o]) * rows[o];
            store(dx + row * inputs + i, sums);
        }
    }
}

/* The same as narrow_columns_backward for all outputs, and dx = dy w^T where it is not NULL. */
INLINE void narrow_backward(size n, size inputs, size outputs, const real *dy, const real *x, const real *w, real *dw,
                            real *dx) {
    size o = 0;
    for (; o + 4 <= outputs; o += 4) narrow_columns_backward(4, n, inputs, outputs, dy + o, x, dw + o);
    for (; o + 2 <= outputs; o += 2) narrow_columns_backward(2, n, inputs, outputs, dy + o, x, dw + o);
    if (o < outputs) narrow_columns_backward(1, n, inputs, outputs, dy + o, x, dw + o);
    if (dx && inputs >= LANES && outputs == 2) narrow_inputs(n, inputs, 2, dy, w, dx);
    else if (dx && inputs >= LANES) narrow_inputs(n, inputs, outputs, dy, w, dx);
    for (size row = 0; dx && inputs < LANES && row < n; row++)
        for (size i = 0; i < inputs; i++) {
            real sum = 0;
            for (size o = 0; o < outputs; o++) sum += dy[row * outputs + o] * w[i * outputs + o];
            dx[row * inputs + i] = sum;
        }
}

/* The sums of the forward pass: four for each output, so that additions need not wait for each other. */
typedef vec narrow_sums[4][PARTS];

INLINE void finish_row(narrow_sums sums, real scale, const vec *b, real *row, const real *end) {
    vec y[PARTS];
    for (size p = 0; p < PARTS; p++)
        y[p] = b[p] + splat(scale) * ((sums[0][p] + sums[1][p]) + (sums[2][p] + sums[3][p]));
    store_row(row, end, y);
}

/* Bytes that are read four examples ahead, so that they are in the cache when they are needed. */
INLINE void prefetch(const uint8_t *x, size inputs) {
    for (size i = 0; i < inputs; i += 64) __builtin_prefetch(x + 4 * inputs + i);
}

/* y = x w / 255 + b; packed holds w as pack_narrow writes it. */
INLINE void narrow_bytes(size n, size inputs, size outputs, const uint8_t *x, const real *packed, const real *b,
                         real *y) {
    const size whole = inputs / 4 * 4;
    const real *end = y + n * outputs;
    vec biases[PARTS];
    load_row(b, b + outputs, biases);
    for (; y < end; x += inputs, y += outputs) {
        narrow_sums sums = {0};
        prefetch(x, inputs);
        for (size first = 0; first < whole; first += 256)
            for (uint64_t lit = lit_groups(x + first, whole - first); lit; lit &= lit - 1) {
                const size i = first + 4 * __builtin_ctzll(lit);
                const real4 pixels = __builtin_convertvector(*(const bytes4 *)(x + i), real4);
                for (size k = 0; k < 4; k++)
                    for (size p = 0; p < PARTS; p++)
                        sums[k][p] += splat(pixels[k]) * load(packed + (i + k) * NARROW + p * LANES);
            }
        for (size i = whole; i < inputs; i++)
            for (size p = 0; p < PARTS; p++) sums[0][p] += splat(x[i]) * load(packed + i * NARROW + p * LANES);
        finish_row(sums, (real)1 / 255, biases, y, end);
    }
}

/* Transpose 64 x 64 bits. */
INLINE void transpose_bits(uint64_t *rows) {
    uint64_t low = 0xffffffff;
    for (size half = 32; half; half /= 2, low ^= low << half)
        for (size row = 0; row < 64; row = ((row | half) + 1) & ~half) {
            const uint64_t swapped = ((rows[row] >> half) ^ rows[row | half]) & low;
            rows[row] ^= swapped << half;
            rows[row | half] ^= swapped;
        }
}

/* For each of up to 64 groups of four bytes at x, set a bit for every example of a tile in which they are not all 0. */
INLINE void lit_examples(size count, size inputs, const uint8_t *x, size bytes, uint64_t *lit) {
    memset(lit, 0, 64 * sizeof *lit);
    for (size e = 0; e < count; e++) lit[e] = lit_groups(x + e * inputs, bytes);
    transpose_bits(lit);
}

/* packed += x^T dy / 255: a dw whose rows are padded to NARROW. The sums of a group of inputs stay in registers, the dy of
the tile in the first cache. */
INLINE void narrow_bytes_backward(size n, size inputs, size outputs, const real *dy, const uint8_t *x, real *packed) {
    const size whole = inputs / 4 * 4;
    const real *end = dy + n * outputs;
    vec d[TILE][PARTS];
    uint64_t lit[64];
    for (; n > 0; n -= TILE, x += TILE * inputs) {
        const size count = smaller(TILE, n);
        for (size e = 0; e < count; e++, dy += outputs) {
            load_row(dy, end, d[e]);
            for (size p = 0; p < PARTS; p++) d[e][p] *= splat((real)1 / 255);
        }
        for (size i = 0; i < whole; i += 4) {
            if (i % 256 == 0) lit_examples(count, inputs, x + i, whole - i, lit);
            for (size line = 0; line < 4; line++) /* of the next tile, which has 4 * TILE bytes for each group */
                __builtin_prefetch(x + TILE * (inputs + i) + 64 * line, 0, 0);
            vec sums[4][PARTS] = {0};
            for (uint64_t examples = lit[i % 256 / 4]; examples; examples &= examples - 1) {
                const size e = __builtin_ctzll(examples);
                const uint8_t *pixels = x + e * inputs + i;
                for (size k = 0; k < 4; k++)
                    for (size p = 0; p < PARTS; p++) sums[k][p] += splat(NUMBER[pixels[k]]) * d[e][p];
            }
            for (size k = 0; k < 4; k++)
                for (size p = 0; p < PARTS; p++) {
                    real *row = packed + (i + k) * NARROW + p * LANES;
                    store(row, load(row) + sums[k][p]);
                }
        }
        for (size i = whole; i < inputs; i++)
            for (size e = 0; e < count; e++)
                for (size p = 0; p < PARTS; p++) {
                    real *row = packed + i * NARROW + p * LANES;
                    store(row, load(row) + splat(x[e * inputs + i]) * d[e][p]);
                }
    }
}

/* ---- wide, bytes ---- */

/* Return a mask of the bytes that are not 0, of up to 64 at x. */
INLINE uint64_t lit_bytes_of(const uint8_t *x, size count) {
    uint8_t rest[64] = {0};
    return lit_bytes(count < 64 ? memcpy(rest, x, (size_t)count) : x);
}

/* y = b + x w for `vectors` vectors of outputs of each of `examples` examples; all sums stay in registers. A row of w
that is read serves all examples. The inputs are real numbers, or bytes, of which those that are 0 are skipped: the caller
passes a constant, so that the compiler removes the other case and knows how many registers it needs. */
INLINE void wide_rows(size examples, size vectors, size inputs, size bytes, const void *x, const real *w, size outputs,
                      const real *b, real *y) {
    vec sums[BLOCK][BLOCK] = {0}; /* of which examples times vectors are used */
    const uint8_t *pixels = x;
    const real *numbers = x;
    for (size first = 0; bytes && first < inputs; first += 64) {
        const size count = smaller(64, inputs - first);
        uint64_t lit = 0;
        for (size e = 0; e < examples; e++) lit |= lit_bytes_of(pixels + e * inputs + first, count);
        for (; lit; lit &= lit - 1) {
            const size i = first + __builtin_ctzll(lit);
            for (size v = 0; v < vectors; v++) {
                const vec row = load(w + i * outputs + v * LANES);
                for (size e = 0; e < examples; e++) sums[e][v] += splat(pixels[e * inputs + i]) * row;
            }
        }
    }
    for (size i = 0; !bytes && i < inputs; i++)
        for (size v = 0; v < vectors; v++) {
            const vec row = load(w + i * outputs + v * LANES);
            for (size e = 0; e < examples; e++) sums[e][v] += splat(numbers[e * inputs + i]) * row;
        }
    const vec scale = splat(bytes ? (real)1 / 255 : 1);
    for (size e = 0; e < examples; e++)
        for (size v = 0; v < vectors; v++)
            store(y + e * outputs + v * LANES, load(b + v * LANES) + sums[e][v] * scale);
}

/* A block of outputs: the examples that fill the registers at a time, but of bytes one or two, since what is lit in
one of them is computed for all. */
INLINE void wide_block(size vectors, size n, size inputs, size bytes, const void *x, const real *w, size outputs,
                       const real *b, real *y) {
    const size most = bytes ? SUMS / BLOCK : smaller(BLOCK, SUMS / vectors);
    const size line = inputs * (bytes ? 1 : (size)sizeof(real));
    const char *row = x;
    for (; n >= most; n -= most, row += most * line, y += most * outputs)
        wide_rows(most, vectors, inputs, bytes, row, w, outputs, b, y);
    for (; n; n--, row += line, y += outputs) wide_rows(1, vectors, inputs, bytes, row, w, outputs, b, y);
}

/* Outputs that fill no vector are computed with some before them a second time. */
INLINE void wide(size n, size inputs, size outputs, size bytes, const void *x, const real *w, const real *b, real *y) {
    const size full = outputs / LANES * LANES;
    const size line = inputs * (bytes ? 1 : (size)sizeof(real));
    for (size first = 0; first < n; first += TILE, y += TILE * outputs) { /* a tile of x stays in the second cache */
        const size count = smaller(TILE, n - first);
        const char *tile = (const char *)x + first * line;
        size o = 0;
        for (; (bytes || SUMS > BLOCK) && o + 8 * LANES <= full; o += 8 * LANES)
            wide_block(8, count, inputs, bytes, tile, w + o, outputs, b + o, y + o);
        for (; o + 4 * LANES <= full; o += 4 * LANES)
            wide_block(4, count, inputs, bytes, tile, w + o, outputs, b + o, y + o);
        for (; o + 2 * LANES <= full; o += 2 * LANES)
            wide_block(2, count, inputs, bytes, tile, w + o, outputs, b + o, y + o);
        for (; o < outputs; o += LANES) {
            const size at = smaller(o, outputs - LANES);
            wide_block(1, count, inputs, bytes, tile, w + at, outputs, b + at, y + at);
        }
    }
}

/* Transpose 16 x 16 bytes: x has rows of `stride` bytes, the result rows of TILE. Four times, rows of the upper half are
interleaved with those of the lower half. */
INLINE void transpose16(const uint8_t *x, size stride, uint8_t *y) {
    bytes16 a[16], b[16];
    for (size i = 0; i < 16; i++) a[i] = *(const bytes16 *)(x + i * stride);
    for (size round = 0; round < 4; round++) {
        for (size i = 0; i < 8; i++) {
            b[2 * i] = __builtin_shufflevector(a[i], a[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            b[2 * i + 1] =
                __builtin_shufflevector(a[i], a[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        for (size i = 0; i < 16; i++) a[i] = b[i];
    }
    for (size i = 0; i < 16; i++) *(bytes16 *)(y + i * TILE) = a[i];
}

/* Write up to TILE examples (count, I) as (I rounded up to 16, TILE); what is not there is 0. */
INLINE void transpose_tile(size count, size inputs, const uint8_t *x, uint8_t *y) {
    for (size k = 0; k < TILE; k += 16)
        for (size i = 0; i < inputs; i += 16) {
            if (k + 16 <= count && i + 16 <= inputs) {
                transpose16(x + k * inputs + i, inputs, y + i * TILE + k);
                continue;
            }
            uint8_t part[16][16] = {{0}};
            for (size row = k; row < smaller(k + 16, count); row++)
                memcpy(part[row - k], x + row * inputs + i, (size_t)smaller(16, inputs - i));
            transpose16(part[0], 16, y + i * TILE + k);
        }
}

/* Add to those lanes that a mask selects. */
INLINE void add_scaled(real *to, vec sum, real scale, mask lanes) {
    store(to, select(lanes, load(to) + sum * splat(scale), load(to)));
}

/* dw[:] += sum over the examples in which one pixel is lit of its value times dy[n, :] over 255. */
INLINE void add_lit(size vectors, uint64_t lit, const uint8_t *pixel, const real *dy, size outputs, mask lanes, real *dw) {
    vec sums[BLOCK] = {0};
    for (; lit; lit &= lit - 1) {
        const size k = __builtin_ctzll(lit);
        const vec value = splat(pixel[k]);
        for (size v = 0; v < vectors; v++) sums[v] += value * load(dy + k * outputs + v * LANES);
    }
    for (size v = 0; v < vectors; v++) add_scaled(dw + v * LANES, sums[v], (real)1 / 255, lanes);
}

/* The same for real numbers, of `count` examples and `rows` neighbouring inputs. */
INLINE void add_all(size rows, size vectors, size count, const real *x, size inputs, const real *dy, size outputs,
                    mask lanes, real *dw) {
    vec sums[BLOCK][BLOCK] = {0};
    for (size k = 0; k < count; k++)
        for (size v = 0; v < vectors; v++) {
            const vec d = load(dy + k * outputs + v * LANES);
            for (size r = 0; r < rows; r++) sums[r][v] += splat(x[k * inputs + r]) * d;
        }
    for (size r = 0; r < rows; r++)
        for (size v = 0; v < vectors; v++) add_scaled(dw + r * outputs + v * LANES, sums[r][v], 1, lanes);
}

INLINE void wide_block_backward(size vectors, size count, size inputs, size outputs, const real *dy,
                                const uint8_t *pixels, const real *x, mask lanes, real *dw) {
    const size most = smaller(BLOCK, SUMS / vectors), fewer = smaller(4, most);
    size i = 0;
    for (; pixels && i < inputs; i++) {
        const uint64_t lit = lit_bytes(pixels + i * TILE);
        if (lit) add_lit(vectors, lit, pixels + i * TILE, dy, outputs, lanes, dw + i * outputs);
    }
    for (; i + most <= inputs; i += most)
        add_all(most, vectors, count, x + i, inputs, dy, outputs, lanes, dw + i * outputs);
    for (; i + fewer <= inputs; i += fewer)
        add_all(fewer, vectors, count, x + i, inputs, dy, outputs, lanes, dw + i * outputs);
    for (; i < inputs; i++) add_all(1, vectors, count, x + i, inputs, dy, outputs, lanes, dw + i * outputs);
}

/* For every input, the examples of a tile: its row of dw stays in registers, dy in the first cache. Of bytes, only those
examples in which the pixel is lit. Where outputs fill no vector, some before them are in it, which are not added again.
pixels: scratch, (I + 15, TILE) bytes. */
INLINE void wide_backward(size n, size inputs, size outputs, const real *dy, const uint8_t *bytes, const real *x,
                          real *dw, uint8_t *pixels) {
    const size full = outputs / LANES * LANES;
    const mask all = ~(mask){0};
    for (size first = 0; first < n; first += TILE, dy += TILE * outputs) {
        const size count = smaller(TILE, n - first);
        const real *tile = x ? x + first * inputs : 0;
        if (bytes) transpose_tile(count, inputs, bytes + first * inputs, pixels);
        size o = 0;
        for (; (bytes || SUMS > BLOCK) && o + 8 * LANES <= full; o += 8 * LANES)
            wide_block_backward(8, count, inputs, outputs, dy + o, pixels, tile, all, dw + o);
        for (; o + 4 * LANES <= full; o += 4 * LANES)
            wide_block_backward(4, count, inputs, outputs, dy + o, pixels, tile, all, dw + o);
        for (; o + 2 * LANES <= full; o += 2 * LANES)
            wide_block_backward(2, count, inputs, outputs, dy + o, pixels, tile, all, dw + o);
        for (; o < outputs; o += LANES) {
            const size at = smaller(o, outputs - LANES);
            mask lanes;
            for (size k = 0; k < LANES; k++) lanes[k] = at + k >= o ? -1 : 0;
            wide_block_backward(1, count, inputs, outputs, dy + at, pixels, tile, lanes, dw + at);
        }
    }
}

/* ---- the layer ---- */

/* y = x w + b for x (N, I), w (I, O), b (O,), y (N, O). scratch: (I + 1 + TILE, NARROW) numbers. */
EXPORT void NAME(dense)(size n, size inputs, size outputs, const real *x, const real *w, const real *b, real *y,
                        real *scratch) {
    if (outputs <= NARROW) narrow(n, inputs, outputs, x, w, b, y, scratch);
    else wide(n, inputs, outputs, 0, x, w, b, y);
}

/* dw += x^T dy, db += sum of dy, and, where dx is not NULL, dx = dy w^T. scratch: (2, I + TILE, NARROW) numbers; for
a wide dx, (O + 1, I) and what `dense` takes with O inputs. */
EXPORT void NAME(dense_backward)(size n, size inputs, size outputs, const real *dy, const real *x, const real *w,
                                 real *dw, real *db, real *dx, real *scratch) {
    bias_gradient(n, outputs, dy, db);
    if (outputs <= NARROW) narrow_backward(n, inputs, outputs, dy, x, w, dw, dx);
    else wide_backward(n, inputs, outputs, dy, 0, x, dw, 0);
    if (outputs <= NARROW || !dx) return;
    real *across = scratch, *zeros = scratch + outputs * inputs; /* w^T: dx is a dense layer of dy without biases */
    for (size i = 0; i < inputs; i++)
        for (size o = 0; o < outputs; o++) across[o * inputs + i] = w[i * outputs + o];
    memset(zeros, 0, (size_t)inputs * sizeof(real));
    NAME(dense)(n, outputs, inputs, dy, across, zeros, dx, zeros + inputs);
}

/* y = x w / 255 + b for bytes x. scratch: (I + 1 + TILE, NARROW) numbers. */
EXPORT void NAME(dense_bytes)(size n, size inputs, size outputs, const uint8_t *x, const real *w, const real *b,
                              real *y, real *scratch) {
    if (outputs > NARROW) {
        wide(n, inputs, outputs, 1, x, w, b, y);
        return;
    }
    pack_narrow(inputs, outputs, w, scratch);
    narrow_bytes(n, inputs, outputs, x, scratch, b, y);
}

/* dw += x^T dy / 255, db += sum of dy, for bytes x. scratch: (I + TILE, NARROW) numbers and (I + 15, TILE) bytes. */
EXPORT void NAME(dense_bytes_backward)(size n, size inputs, size outputs, const real *dy, const uint8_t *x, real *dw,
                                       real *db, real *scratch) {
    bias_gradient(n, outputs, dy, db);
    if (outputs > NARROW) {
        wide_backward(n, inputs, outputs, dy, x, 0, dw, (uint8_t *)scratch);
        return;
    }
    memset(scratch, 0, (size_t)(inputs * NARROW) * sizeof(real));
    narrow_bytes_backward(n, inputs, outputs, dy, x, scratch);
    add_unpacked(inputs, outputs, scratch, dw);
}
