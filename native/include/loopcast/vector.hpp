// Vectors of the instruction set being compiled for. A group is kLanes series side by side, one number of each.
//
// This header and those that include it are compiled once per instruction set, each time in its own namespace. They
// use no functions of the standard library: the linker keeps one copy of an inline function, and that might be one
// compiled for a newer processor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>  // std::integer_sequence, a type without functions

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#ifndef LOOPCAST_INSTRUCTIONS
#define LOOPCAST_INSTRUCTIONS plain
#endif

namespace loopcast::LOOPCAST_INSTRUCTIONS {

constexpr int kLanes = 16;  // series in a group; the same for every instruction set, so that buffers are laid out alike

// kWidth: floats in a vector. kAccumulators: vectors that a product sums in registers at once.
#if defined(__AVX512F__)
constexpr int kWidth = 16;
constexpr int kAccumulators = 24;  // of 32 registers
#elif defined(__AVX2__)
constexpr int kWidth = 8;
constexpr int kAccumulators = 12;  // of 16 registers
#elif defined(__aarch64__)
constexpr int kWidth = 4;
constexpr int kAccumulators = 24;
#else
constexpr int kWidth = 4;
constexpr int kAccumulators = 12;
#endif
constexpr int kGroupVecs = kLanes / kWidth;
// Groups that one thread computes side by side: each weight is then read once for both. This pays where a group is a
// single vector; elsewhere a group's own vectors share the weight already.
constexpr int kGroupsInterleaved = kGroupVecs == 1 ? 2 : 1;

typedef float Vec __attribute__((vector_size(4 * kWidth)));
typedef int32_t VecMask __attribute__((vector_size(4 * kWidth)));
typedef float UnalignedVec __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));
typedef int32_t UnalignedVecMask __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));

#define LOOPCAST_INLINE inline __attribute__((always_inline))

template <class F, int... I>
LOOPCAST_INLINE void unroll_indices(F f, std::integer_sequence<int, I...>) {
  (f(std::integral_constant<int, I>{}), ...);
}

// Calls f(0), f(1), ... f(N - 1) with each index a constant, so that arrays indexed by it live in registers.
template <int N, class F>
LOOPCAST_INLINE void unroll(F f) {
  unroll_indices(f, std::make_integer_sequence<int, N>{});
}

// Buffers may begin at any float: JAX promises no more for arrays that come from NumPy.
LOOPCAST_INLINE Vec load(const float* from) { return *reinterpret_cast<const UnalignedVec*>(from); }
LOOPCAST_INLINE void store(float* to, Vec value) { *reinterpret_cast<UnalignedVec*>(to) = value; }
LOOPCAST_INLINE VecMask load_mask(const int32_t* from) { return *reinterpret_cast<const UnalignedVecMask*>(from); }

// `value` limited to [-limit, limit]; NaN stays NaN. (Intrinsics: compilers make two instructions of each comparison.)
LOOPCAST_INLINE Vec clamp(Vec value, float limit) {
  const Vec high = limit - Vec{}, low = -high;
#if defined(__AVX512F__)
  return _mm512_max_ps(low, _mm512_min_ps(high, value));
#elif defined(__AVX2__)
  return _mm256_max_ps(low, _mm256_min_ps(high, value));
#elif defined(__SSE2__)
  return _mm_max_ps(low, _mm_min_ps(high, value));
#else
  const Vec below = value > high ? high : value;
  return below < low ? low : below;
#endif
}

// Each lane's bits shifted left by N.
template <int N>
LOOPCAST_INLINE Vec shifted_left(Vec value) {
  VecMask bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  bits <<= N;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

LOOPCAST_INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
LOOPCAST_INLINE void copy(float* to, const float* from, size_t floats) {
  for (size_t i = 0; i < floats; ++i) to[i] = from[i];
}
LOOPCAST_INLINE size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
