// Products of a weight matrix with vectors of lanes, and the gradient of such a product by its weights.
#pragma once

#include "loopcast/vector.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// How `columns` are cut into blocks that fit the registers, all but the last of the same width.
struct Blocks {
  size_t count, width;
};

LOOPCAST_INLINE Blocks cut(size_t columns, size_t most) {
  if (columns == 0) return {0, 1};
  const size_t count = divide_up(columns, most);
  return {count, divide_up(columns, count)};
}

constexpr int kColumns = kAccumulators / kParts;  // of a product's block

// together: groups that are taken side by side.
LOOPCAST_INLINE Blocks product_blocks(size_t columns, int together) { return cut(columns, kColumns / together); }

// A matrix [rows][columns], cut into column blocks: element (k, c) of block b lies at `at[b * block + k * row + c]`.
// So it views an ordinary row-major matrix (block = width) as well as a packed one (row = width).
struct Matrix {
  const float* at;
  size_t rows, row, block;
};

// One array of each of several groups, `apart` floats from one group's to the next one's.
struct Each {
  float* at;
  size_t apart;

  LOOPCAST_INLINE float* of(int group) const { return at + group * apart; }
  LOOPCAST_INLINE Each past(size_t floats) const { return {at + floats, apart}; }
};

constexpr Matrix kNothing = {nullptr, 0, 0, 0};  // the matrix of a product that is not wanted

// What a product is added to.
struct FromBias {
  const float* bias;  // [column]
  LOOPCAST_INLINE FromBias past(size_t columns) const { return {bias + columns}; }
  LOOPCAST_INLINE Part operator()(int, int c, int) const { return bias[c] - Part{}; }
};
struct FromLanes {
  Each lanes;  // [column][lane]; may be the product's own output
  LOOPCAST_INLINE FromLanes past(size_t columns) const { return {lanes.past(columns * kLanes)}; }
  LOOPCAST_INLINE Part operator()(int q, int c, int p) const { return load(lanes.of(q) + c * kLanes + p * kWidth); }
};
struct FromZero {
  LOOPCAST_INLINE FromZero past(size_t) const { return {}; }
  LOOPCAST_INLINE Part operator()(int, int, int) const { return Part{}; }
};

// out[c][lane] = start(c)[lane] + sum_k a[k][c] x[k][lane] + sum_k b[k][c] y[k][lane] for the M columns of a block
// and Q groups side by side.
template <int M, int Q, class Start>
void product_block(Each out, Start start, const float* a, const Matrix& A, Each x, const float* b, const Matrix& B,
                   Each y) {
  Part sum[Q][M][kParts];
  const auto each = [](auto f) __attribute__((always_inline)) {
    unroll<Q>([&](auto q) __attribute__((always_inline)) {
      unroll<M>([&](auto c) __attribute__((always_inline)) {
        unroll<kParts>([&](auto p) __attribute__((always_inline)) { f(q, c, p); });
      });
    });
  };
  each([&](auto q, auto c, auto p) __attribute__((always_inline)) { sum[q][c][p] = start(q, c, p); });
  const auto add = [&](const float* w, const Matrix& W, Each v) __attribute__((always_inline)) {
    for (size_t k = 0; k < W.rows; ++k, w += W.row, v.at += kLanes) {
      Part lanes[Q][kParts];
      unroll<Q>([&](auto q) __attribute__((always_inline)) {
        unroll<kParts>([&](auto p) __attribute__((always_inline)) { lanes[q][p] = load(v.of(q) + p * kWidth); });
      });
      unroll<M>([&](auto c) __attribute__((always_inline)) {
        unroll<Q>([&](auto q) __attribute__((always_inline)) {
          unroll<kParts>([&](auto p) __attribute__((always_inline)) { sum[q][c][p] += w[c] * lanes[q][p]; });
        });
      });
    }
  };
  add(a, A, x);
  add(b, B, y);
  each([&](auto q, auto c, auto p)
           __attribute__((always_inline)) { store(out.of(q) + c * kLanes + p * kWidth, sum[q][c][p]); });
}

template <class Start>
using ProductBlock = void (*)(Each, Start, const float*, const Matrix&, Each, const float*, const Matrix&, Each);

template <int Q, class Start, int... M>
constexpr ProductBlock<Start> product_block_of(size_t width, std::integer_sequence<int, M...>) {
  constexpr ProductBlock<Start> table[] = {product_block<M + 1, Q, Start>...};
  return table[width - 1];
}

// out[c][lane] = start[c][lane] + sum_k A[k][c] x[k][lane] + sum_k B[k][c] y[k][lane], c < columns, for Q groups.
// x and y are [row][lane]; out may overlap neither. blocks: how A and B are cut.
template <int Q, class Start>
void product(Each out, size_t columns, Blocks blocks, Start start, const Matrix& A, Each x, const Matrix& B, Each y) {
  for (size_t b = 0, first = 0; first < columns; ++b, first += blocks.width) {
    const auto block = product_block_of<Q, Start>(smaller(blocks.width, columns - first),
                                                  std::make_integer_sequence<int, kColumns / Q>{});
    block(out.past(first * kLanes), start.past(first), A.at + b * A.block, A, x, B.at + b * B.block, B, y);
  }
}

// ((0+8)+(4+12))+..., a fixed order for each instruction set.
LOOPCAST_INLINE float sum_of_lanes(Part all) {
  typedef float Four __attribute__((vector_size(16)));
#if defined(__AVX512F__) || defined(__AVX2__)
  typedef float Eight __attribute__((vector_size(32)));
#if defined(__AVX512F__)
  const Eight eight = __builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7) +
                      __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15);
#else
  const Eight eight = all;
#endif
  const Four four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
#else
  const Four four = all;
#endif
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// Sequences of one group's vectors, and how far apart two groups and two steps of it lie.
struct Series {
  const float* at;
  size_t step, group;
};

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kGradientRows = 5, kGradientColumns = 5;
#else
constexpr int kGradientRows = 3, kGradientColumns = 4;
#endif

// A tile of the gradient: its sums, a vector each, stay in memory while steps and groups go by in pieces that the
// caches hold. At most kTileRows * kTileColumns of them.
constexpr size_t kTileRows = 32, kTileColumns = 40, kTileSteps = 64;

// sums[r][c] += x[r] dz[c] over some steps, the parts of a group added up; all sums in the registers.
template <int R, int C>
void gradient_block(float* sums, size_t row, const float* x, size_t x_step, const float* dz, size_t dz_step,
                    size_t steps) {
  Part sum[R][C];
  unroll<R>([&](auto r) __attribute__((always_inline)) {
    unroll<C>([&](auto c) __attribute__((always_inline)) { sum[r][c] = load(sums + r * row + c * kWidth); });
  });
  for (size_t t = 0; t < steps; ++t, x += x_step, dz += dz_step)
    unroll<kParts>([&](auto p) __attribute__((always_inline)) {
      Part lanes[C];
      unroll<C>([&](auto c) __attribute__((always_inline)) { lanes[c] = load(dz + c * kLanes + p * kWidth); });
      unroll<R>([&](auto r) __attribute__((always_inline)) {
        const Part value = load(x + r * kLanes + p * kWidth);
        unroll<C>([&](auto c) __attribute__((always_inline)) { sum[r][c] += value * lanes[c]; });
      });
    });
  unroll<R>([&](auto r) __attribute__((always_inline)) {
    unroll<C>([&](auto c) __attribute__((always_inline)) { store(sums + r * row + c * kWidth, sum[r][c]); });
  });
}

using GradientBlock = void (*)(float*, size_t, const float*, size_t, const float*, size_t, size_t);

template <int... I>
constexpr GradientBlock gradient_block_of(size_t rows, size_t columns, std::integer_sequence<int, I...>) {
  constexpr GradientBlock table[] = {gradient_block<I / kGradientColumns + 1, I % kGradientColumns + 1>...};
  return table[(rows - 1) * kGradientColumns + columns - 1];
}

// The same for a whole tile; a column block of dz stays in the first cache while the rows go by.
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

// out[r * stride + c] = sum over groups, steps and lanes of x[r][lane] dz[c][lane], in that order whatever the
// threads; columns <= kTileColumns.
inline void gradient(float* out, size_t stride, Series x, size_t rows, Series dz, size_t columns, size_t steps,
                     size_t groups) {
  float sums[kTileRows * kTileColumns * kWidth];
  for (size_t first = 0; first < rows; first += kTileRows) {
    const size_t some = smaller(kTileRows, rows - first);
    for (size_t i = 0; i < some * columns * kWidth; ++i) sums[i] = 0.0f;
    for (size_t g = 0; g < groups; ++g)
      for (size_t t = 0; t < steps; t += kTileSteps)
        gradient_tile(sums, x.at + g * x.group + t * x.step + first * kLanes, x.step, some,
                      dz.at + g * dz.group + t * dz.step, dz.step, columns, smaller(kTileSteps, steps - t));
    for (size_t r = 0; r < some; ++r)
      for (size_t c = 0; c < columns; ++c)
        out[(first + r) * stride + c] = sum_of_lanes(load(sums + (r * columns + c) * kWidth));
  }
}

// The gradient by a bias: the sum of one column of dz over groups, steps and lanes.
inline float gradient_of_bias(Series dz, size_t steps, size_t groups) {
  Part sum[kParts] = {};
  for (size_t g = 0; g < groups; ++g)
    for (size_t t = 0; t < steps; ++t)
      unroll<kParts>([&](auto p) __attribute__((always_inline)) {
        sum[p] += load(dz.at + g * dz.group + t * dz.step + p * kWidth);
      });
  float total = 0.0f;
  for (int p = 0; p < kParts; ++p) total += sum_of_lanes(sum[p]);
  return total;
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
