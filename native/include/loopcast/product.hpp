// Products of a weight matrix with vectors of lanes, and the gradient of such a product by its weights.
#pragma once

#include "loopcast/vector.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// Some columns in blocks that fit the registers, all but the last of the same width.
struct Blocks {
  size_t count, width;
};

LOOPCAST_INLINE Blocks split(size_t columns, size_t max_width) {
  if (columns == 0) return {0, 1};
  const size_t count = divide_up(columns, max_width);
  return {count, divide_up(columns, count)};
}

constexpr int kBlockColumns = kAccumulators / kGroupVecs;  // of a product's block, if one group is computed at a time

// interleaved: how many groups are computed side by side.
LOOPCAST_INLINE Blocks product_blocks(size_t columns, int interleaved) {
  return split(columns, kBlockColumns / interleaved);
}

// A matrix [rows][columns] in column blocks. Element (k, c) of block b is
//   data[b * block_stride + k * row_stride + c].
// The blocks' width is the block_stride of an ordinary row-major matrix, and the row_stride of a packed one.
struct Matrix {
  const float* data;
  size_t rows, row_stride, block_stride;
};

constexpr Matrix kNoMatrix = {nullptr, 0, 0, 0};  // leaves a product out

// The same array of several groups, `stride` floats from one group's to the next group's.
struct StridedPtr {
  float* data;
  size_t stride;

  LOOPCAST_INLINE float* of(int group) const { return data + group * stride; }
  LOOPCAST_INLINE StridedPtr offset(size_t floats) const { return {data + floats, stride}; }
};

// The start of a sum, to which the products are added: lanes where there are some, else a bias where there is one, else
// zero. A value and no type, so that a block is compiled once and not for each kind of start.
struct Start {
  StridedPtr lanes;   // [column][lane]; may be the product's own output
  const float* bias;  // [column]

  LOOPCAST_INLINE Start offset(size_t columns) const {
    return {lanes.data ? lanes.offset(columns * kLanes) : lanes, bias ? bias + columns : bias};
  }
};
LOOPCAST_INLINE Start from_lanes(StridedPtr lanes) { return {lanes, nullptr}; }
LOOPCAST_INLINE Start from_bias(const float* bias) { return {{nullptr, 0}, bias}; }
LOOPCAST_INLINE Start from_zero() { return {{nullptr, 0}, nullptr}; }

// out[c][lane] = start[c][lane] + sum_k a[k][c] x[k][lane] + sum_k b[k][c] y[k][lane] for the M columns of a block
// and Q groups side by side.
template <int M, int Q>
void product_block(StridedPtr out, Start start, const float* a, const Matrix& A, StridedPtr x, const float* b,
                   const Matrix& B, StridedPtr y) {
  Vec sum[Q][M][kGroupVecs];
  const auto each = [](auto f) __attribute__((always_inline)) {
    unroll<Q>([&](auto q) __attribute__((always_inline)) {
      unroll<M>([&](auto c) __attribute__((always_inline)) {
        unroll<kGroupVecs>([&](auto p) __attribute__((always_inline)) { f(q, c, p); });
      });
    });
  };
  if (start.lanes.data)
    each([&](auto q, auto c, auto p) __attribute__((always_inline)) {
      sum[q][c][p] = load(start.lanes.of(q) + c * kLanes + p * kWidth);
    });
  else if (start.bias)
    each([&](auto q, auto c, auto p) __attribute__((always_inline)) { sum[q][c][p] = start.bias[c] - Vec{}; });
  else
    each([&](auto q, auto c, auto p) __attribute__((always_inline)) { sum[q][c][p] = Vec{}; });
  const auto add = [&](const float* w, const Matrix& W, StridedPtr v) __attribute__((always_inline)) {
    for (size_t k = 0; k < W.rows; ++k, w += W.row_stride, v.data += kLanes) {
      Vec lanes[Q][kGroupVecs];
      unroll<Q>([&](auto q) __attribute__((always_inline)) {
        unroll<kGroupVecs>([&](auto p) __attribute__((always_inline)) { lanes[q][p] = load(v.of(q) + p * kWidth); });
      });
      unroll<M>([&](auto c) __attribute__((always_inline)) {
        unroll<Q>([&](auto q) __attribute__((always_inline)) {
          unroll<kGroupVecs>([&](auto p) __attribute__((always_inline)) { sum[q][c][p] += w[c] * lanes[q][p]; });
        });
      });
    }
  };
  add(a, A, x);
  add(b, B, y);
  each([&](auto q, auto c, auto p)
           __attribute__((always_inline)) { store(out.of(q) + c * kLanes + p * kWidth, sum[q][c][p]); });
}

using ProductBlock = void (*)(StridedPtr, Start, const float*, const Matrix&, StridedPtr, const float*, const Matrix&,
                              StridedPtr);

template <int Q, int... M>
constexpr ProductBlock product_block_of(size_t width, std::integer_sequence<int, M...>) {
  constexpr ProductBlock table[] = {product_block<M + 1, Q>...};
  return table[width - 1];
}

// out[c][lane] = start[c][lane] + sum_k A[k][c] x[k][lane] + sum_k B[k][c] y[k][lane], c < columns, for Q groups.
// x and y are [row][lane]; out may overlap neither. blocks: the column blocks of A and B.
template <int Q>
void product(StridedPtr out, size_t columns, Blocks blocks, Start start, const Matrix& A, StridedPtr x, const Matrix& B,
             StridedPtr y) {
  for (size_t b = 0, first = 0; first < columns; ++b, first += blocks.width) {
    const auto block = product_block_of<Q>(smaller(blocks.width, columns - first),
                                           std::make_integer_sequence<int, kBlockColumns / Q>{});
    block(out.offset(first * kLanes), start.offset(first), A.data + b * A.block_stride, A, x,
          B.data + b * B.block_stride, B, y);
  }
}

// Compiled in product.cc alone: both passes call them.
extern template void product<1>(StridedPtr, size_t, Blocks, Start, const Matrix&, StridedPtr, const Matrix&, StridedPtr);
#if defined(__AVX512F__)  // where groups are interleaved
extern template void product<2>(StridedPtr, size_t, Blocks, Start, const Matrix&, StridedPtr, const Matrix&, StridedPtr);
#endif

// The sum in a fixed order, ((0+8)+(4+12))+..., which depends on the instruction set alone.
LOOPCAST_INLINE float sum_of_lanes(Vec all) {
  typedef float Four __attribute__((vector_size(16)));
#if defined(__AVX512F__) || defined(__AVX2__)
  typedef float Eight __attribute__((vector_size(32)));
#if defined(__AVX512F__)
  const Eight eight = __builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7) +
                      __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15);
#else
  const Eight eight = all;
#endif
  const Four four =
      __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
#else
  const Four four = all;
#endif
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// An array that every group has at every step, and its strides from step to step and from group to group.
struct Sequence {
  const float* data;
  size_t step_stride, group_stride;
};

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kGradientRows = 5, kGradientColumns = 5;
#else
constexpr int kGradientRows = 3, kGradientColumns = 4;
#endif

// A tile of the gradient has at most kTileRows * kTileColumns sums, a vector each. They stay in memory while steps and
// groups are gone through in pieces that fit the caches.
constexpr size_t kTileRows = 32, kTileColumns = 40, kTileSteps = 64;

// sums[r][c] += x[r] dz[c] over some steps and over a group's vectors, with all sums in registers.
template <int R, int C>
void gradient_block(float* sums, size_t row_stride, const float* x, size_t x_step, const float* dz, size_t dz_step,
                    size_t steps) {
  Vec sum[R][C];
  unroll<R>([&](auto r) __attribute__((always_inline)) {
    unroll<C>([&](auto c) __attribute__((always_inline)) { sum[r][c] = load(sums + r * row_stride + c * kWidth); });
  });
  for (size_t t = 0; t < steps; ++t, x += x_step, dz += dz_step)
    unroll<kGroupVecs>([&](auto p) __attribute__((always_inline)) {
      Vec lanes[C];
      unroll<C>([&](auto c) __attribute__((always_inline)) { lanes[c] = load(dz + c * kLanes + p * kWidth); });
      unroll<R>([&](auto r) __attribute__((always_inline)) {
        const Vec value = load(x + r * kLanes + p * kWidth);
        unroll<C>([&](auto c) __attribute__((always_inline)) { sum[r][c] += value * lanes[c]; });
      });
    });
  unroll<R>([&](auto r) __attribute__((always_inline)) {
    unroll<C>([&](auto c) __attribute__((always_inline)) { store(sums + r * row_stride + c * kWidth, sum[r][c]); });
  });
}

using GradientBlock = void (*)(float*, size_t, const float*, size_t, const float*, size_t, size_t);

template <int... I>
constexpr GradientBlock gradient_block_of(size_t rows, size_t columns, std::integer_sequence<int, I...>) {
  constexpr GradientBlock table[] = {gradient_block<I / kGradientColumns + 1, I % kGradientColumns + 1>...};
  return table[(rows - 1) * kGradientColumns + columns - 1];
}

// The same for a whole tile. Columns come first, so that a column block of dz stays in the first cache for all rows.
inline void gradient_tile(float* sums, const float* x, size_t x_step, size_t rows, const float* dz, size_t dz_step,
                          size_t columns, size_t steps) {
  for (size_t c = 0; c < columns; c += kGradientColumns)
    for (size_t r = 0; r < rows; r += kGradientRows) {
      const auto block =
          gradient_block_of(smaller(kGradientRows, rows - r), smaller(kGradientColumns, columns - c),
                            std::make_integer_sequence<int, kGradientRows * kGradientColumns>{});
      block(sums + (r * columns + c) * kWidth, columns * kWidth, x + r * kLanes, x_step, dz + c * kLanes, dz_step,
            steps);
    }
}

// out[r * stride + c] = sum over groups, steps and lanes of x[r][lane] dz[c][lane], in that order for any number of
// threads; columns <= kTileColumns.
inline void gradient(float* out, size_t stride, Sequence x, size_t rows, Sequence dz, size_t columns, size_t steps,
                     size_t groups) {
  float sums[kTileRows * kTileColumns * kWidth];
  for (size_t first = 0; first < rows; first += kTileRows) {
    const size_t count = smaller(kTileRows, rows - first);
    for (size_t i = 0; i < count * columns * kWidth; ++i) sums[i] = 0.0f;
    for (size_t g = 0; g < groups; ++g)
      for (size_t t = 0; t < steps; t += kTileSteps)
        gradient_tile(sums, x.data + g * x.group_stride + t * x.step_stride + first * kLanes, x.step_stride, count,
                      dz.data + g * dz.group_stride + t * dz.step_stride, dz.step_stride, columns,
                      smaller(kTileSteps, steps - t));
    for (size_t r = 0; r < count; ++r)
      for (size_t c = 0; c < columns; ++c)
        out[(first + r) * stride + c] = sum_of_lanes(load(sums + (r * columns + c) * kWidth));
  }
}

// The gradient by a bias: the sum of one column of dz over groups, steps and lanes.
inline float gradient_of_bias(Sequence dz, size_t steps, size_t groups) {
  Vec sum[kGroupVecs] = {};
  for (size_t g = 0; g < groups; ++g)
    for (size_t t = 0; t < steps; ++t)
      unroll<kGroupVecs>([&](auto p) __attribute__((always_inline)) {
        sum[p] += load(dz.data + g * dz.group_stride + t * dz.step_stride + p * kWidth);
      });
  float total = 0.0f;
  for (int p = 0; p < kGroupVecs; ++p) total += sum_of_lanes(sum[p]);
  return total;
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
