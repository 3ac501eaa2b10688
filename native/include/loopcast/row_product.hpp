// Products of a weight matrix with the numbers of one series: the units are the lanes.
#pragma once

#include "loopcast/plan.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// A weight matrix: element (k, gate, unit) is `data[k * row_stride + gate * columns + unit]`; `columns` are padded.
struct RowMatrix {
  const float* data;
  size_t rows, row_stride, columns;

  const float* gate(int g) const { return data + g * columns; }
};

// The weights themselves where their gates are whole vectors, else a padded copy. Moves `to` past the copy.
inline RowMatrix pad_weights(const float* weights, size_t rows, size_t gates, size_t units, float*& to) {
  const size_t columns = padded(units);
  if (columns == units) return {weights, rows, gates * units, units};
  const RowMatrix copy = {to, rows, gates * columns, columns};
  for (size_t i = 0; i < rows * gates; ++i, to += columns, weights += units)
    for (size_t unit = 0; unit < columns; ++unit) to[unit] = unit < units ? weights[unit] : 0.0f;
  return copy;
}

constexpr int kRowVecs = kAccumulators < 24 ? 8 : 12;  // vectors of a row that are summed at once
constexpr int kRowsAtOnce = 4;  // vectors of numbers that share each weight that is read

// out[r] = start[r] + sum_k x[r][k] w[k], for N vectors of R rows.
template <int R, int N>
void row_block(float* out, size_t out_step, const float* start, size_t start_step, const float* w, const RowMatrix& W,
               const float* x, size_t x_step) {
  Vec sum[R][N];
  const auto each = [](auto f) __attribute__((always_inline)) {
    unroll<R>([&](auto r) __attribute__((always_inline)) {
      unroll<N>([&](auto n) __attribute__((always_inline)) { f(r, n); });
    });
  };
  each([&](auto r, auto n) __attribute__((always_inline)) { sum[r][n] = load(start + r * start_step + n * kWidth); });
  for (size_t k = 0; k < W.rows; ++k, w += W.row_stride)
    each([&](auto r, auto n) __attribute__((always_inline)) { sum[r][n] += x[r * x_step + k] * load(w + n * kWidth); });
  each([&](auto r, auto n) __attribute__((always_inline)) { store(out + r * out_step + n * kWidth, sum[r][n]); });
}

using RowBlock = void (*)(float*, size_t, const float*, size_t, const float*, const RowMatrix&, const float*, size_t);

template <int R, int... N>
constexpr RowBlock row_block_of(size_t vecs, std::integer_sequence<int, N...>) {
  constexpr RowBlock table[] = {row_block<R, N + 1>...};
  return table[vecs - 1];
}

// out[r][c] += sum_k x[r][k] w[k][c] for K rows of w and R of x: all columns of these before the next.
template <int K, int R>
void stream_block(float* out, size_t out_step, size_t columns, const float* w, size_t row_stride, const float* x,
                  size_t x_step) {
  for (size_t c = 0; c < columns; c += kWidth) {
    Vec weights[K];
    unroll<K>([&](auto k) __attribute__((always_inline)) { weights[k] = load(w + k * row_stride + c); });
    unroll<R>([&](auto r) __attribute__((always_inline)) {
      Vec sum = load(out + r * out_step + c);
      unroll<K>([&](auto k) __attribute__((always_inline)) { sum += x[r * x_step + k] * weights[k]; });
      store(out + r * out_step + c, sum);
    });
  }
}

constexpr int kStreamRows = 8;

template <int R>
void stream(float* out, size_t out_step, size_t columns, const RowMatrix& W, int gate, const float* x, size_t x_step) {
  const float* w = W.gate(gate);
  size_t k = 0;
  for (; k + kStreamRows <= W.rows; k += kStreamRows)
    stream_block<kStreamRows, R>(out, out_step, columns, w + k * W.row_stride, W.row_stride, x + k, x_step);
  for (; k < W.rows; ++k)
    stream_block<1, R>(out, out_step, columns, w + k * W.row_stride, W.row_stride, x + k, x_step);
}

// Weights that do not fit the second cache come as fast as they are prefetched, which long runs through a row help.
LOOPCAST_INLINE bool beyond_cache(const RowMatrix& W) { return W.rows * W.row_stride > 262144; }

// One row of numbers or several, `step` floats from one to the next; of a start, 0 where all have the same one.
struct Rows {
  float* data;
  size_t step;

  float* at(size_t row) const { return data + row * step; }
};
struct ConstRows {
  const float* data;
  size_t step;

  const float* at(size_t row) const { return data + row * step; }
};

// See row_product, for R rows.
template <int R>
void rows_product(Rows out, ConstRows start, size_t columns, const RowMatrix& W, int gate, ConstRows x) {
  if (beyond_cache(W)) {
    for (int r = 0; r < R; ++r) copy(out.at(r), start.at(r), columns);
    return stream<R>(out.data, out.step, columns, W, gate, x.data, x.step);
  }
  constexpr int most = R == 1 ? kRowVecs : kAccumulators / R;
  const Blocks blocks = split(columns / kWidth, most);
  for (size_t n = 0; n < columns / kWidth; n += blocks.width) {
    const size_t first = n * kWidth;
    const auto block =
        row_block_of<R>(smaller(blocks.width, columns / kWidth - n), std::make_integer_sequence<int, most>{});
    block(out.data + first, out.step, start.data + first, start.step, W.gate(gate) + first, W, x.data, x.step);
  }
}

// out[r][c] = start[r][c] + sum_k x[r][k] W[k][gate][c] for so many rows; the start may be the output itself. Each sum
// has the same order whatever the number of rows.
inline void row_product(Rows out, ConstRows start, size_t columns, const RowMatrix& W, int gate, ConstRows x,
                        size_t rows) {
  size_t r = 0;
  for (; r + kRowsAtOnce <= rows; r += kRowsAtOnce)
    rows_product<kRowsAtOnce>({out.at(r), out.step}, {start.at(r), start.step}, columns, W, gate, {x.at(r), x.step});
  for (; r < rows; ++r)
    rows_product<1>({out.at(r), out.step}, {start.at(r), start.step}, columns, W, gate, {x.at(r), x.step});
}

// The same for one row.
inline void row_product(float* out, const float* start, size_t columns, const RowMatrix& W, int gate, const float* x) {
  rows_product<1>({out, 0}, {start, 0}, columns, W, gate, {x, 0});
}

constexpr int kDotRows = 8;

// out[r] += sum over slots of W[r][gates[slot]] . dz[slot], for R rows.
template <int R, int S>
void dot_block(float* out, const float* w, const RowMatrix& W, const int* gates, const float* dz) {
  Vec sum[R] = {};
  for (int s = 0; s < S; ++s) {
    const float* const row = w + gates[s] * W.columns;
    for (size_t c = 0; c < W.columns; c += kWidth) {
      const Vec d = load(dz + s * W.columns + c);
      unroll<R>([&](auto r) __attribute__((always_inline)) { sum[r] += load(row + r * W.row_stride + c) * d; });
    }
  }
  unroll<R>([&](auto r) __attribute__((always_inline)) { out[r] += sum_of_lanes(sum[r]); });
}

// Adds the product with the transposed weights, without transposing them.
template <int S>
void dot_rows(float* out, const RowMatrix& W, const int* gates, const float* dz) {
  size_t r = 0;
  for (; r + kDotRows <= W.rows; r += kDotRows)
    dot_block<kDotRows, S>(out + r, W.data + r * W.row_stride, W, gates, dz);
  for (; r < W.rows; ++r) dot_block<1, S>(out + r, W.data + r * W.row_stride, W, gates, dz);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
