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

// out = start + sum_k x[k] a[k] + sum_k y[k] b[k], for N vectors of a row.
template <int N>
void row_block(float* out, const float* start, const float* a, const RowMatrix& A, const float* x, const float* b,
               const RowMatrix& B, const float* y) {
  Vec sum[N];
  unroll<N>([&](auto n) __attribute__((always_inline)) { sum[n] = load(start + n * kWidth); });
  const auto add = [&](const float* w, const RowMatrix& W, const float* v) __attribute__((always_inline)) {
    for (size_t k = 0; k < W.rows; ++k, w += W.row_stride)
      unroll<N>([&](auto n) __attribute__((always_inline)) { sum[n] += v[k] * load(w + n * kWidth); });
  };
  add(a, A, x);
  add(b, B, y);
  unroll<N>([&](auto n) __attribute__((always_inline)) { store(out + n * kWidth, sum[n]); });
}

using RowBlock = void (*)(float*, const float*, const float*, const RowMatrix&, const float*, const float*,
                          const RowMatrix&, const float*);

template <int... N>
constexpr RowBlock row_block_of(size_t vecs, std::integer_sequence<int, N...>) {
  constexpr RowBlock table[] = {row_block<N + 1>...};
  return table[vecs - 1];
}

// out[c] += sum_k x[k] w[k][c] for K rows of w: all columns of these rows before the next rows.
template <int K>
void stream_block(float* out, size_t columns, const float* w, size_t row_stride, const float* x) {
  for (size_t c = 0; c < columns; c += kWidth) {
    Vec sum = load(out + c);
    unroll<K>([&](auto k) __attribute__((always_inline)) { sum += x[k] * load(w + k * row_stride + c); });
    store(out + c, sum);
  }
}

constexpr int kStreamRows = 8;

inline void stream(float* out, size_t columns, const RowMatrix& W, int gate, const float* x) {
  if (gate == kNoGate) return;
  size_t k = 0;
  for (; k + kStreamRows <= W.rows; k += kStreamRows)
    stream_block<kStreamRows>(out, columns, W.gate(gate) + k * W.row_stride, W.row_stride, x + k);
  for (; k < W.rows; ++k) stream_block<1>(out, columns, W.gate(gate) + k * W.row_stride, W.row_stride, x + k);
}

// Weights that do not fit the second cache come as fast as they are prefetched, which long runs through a row help.
LOOPCAST_INLINE bool beyond_cache(const RowMatrix& W) { return W.rows * W.row_stride > 262144; }

// out[c] = start[c] + sum_k x[k] A[k][gate a][c] + sum_k y[k] B[k][gate b][c]; kNoGate leaves a term out.
inline void row_product(float* out, const float* start, size_t columns, const RowMatrix& A, int a, const float* x,
                        const RowMatrix& B, int b, const float* y) {
  if (beyond_cache(A) || beyond_cache(B)) {
    copy(out, start, columns);
    stream(out, columns, A, a, x);
    stream(out, columns, B, b, y);
    return;
  }
  const RowMatrix none = {nullptr, 0, 0, 0};
  const Blocks blocks = split(columns / kWidth, kRowVecs);
  for (size_t n = 0; n < columns / kWidth; n += blocks.width) {
    const size_t first = n * kWidth;
    const auto block =
        row_block_of(smaller(blocks.width, columns / kWidth - n), std::make_integer_sequence<int, kRowVecs>{});
    block(out + first, start + first, a == kNoGate ? nullptr : A.gate(a) + first, a == kNoGate ? none : A, x,
          b == kNoGate ? nullptr : B.gate(b) + first, b == kNoGate ? none : B, y);
  }
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
