// tanh and sigmoid of vectors, within 4 ulp or 1e-7 of the true value, whichever is larger. NaN stays NaN.
//
// Both are ratios of e^kx: sigmoid(x) = 1 / (1 + e^-x) and tanh(x) = (1 - e^-2x) / (1 + e^-2x).
#pragma once

#include "loopcast/vector.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// 2^(k x) with a relative error of 1e-7 at most, and exact at 0, since tanh of small numbers is a difference from 1.
// k x is clamped to [-30, 30]: there both functions have long reached their limits, and products of three denominators
// do not overflow.
//
// Adding kRound rounds to an integer and leaves it in the lowest bits, where a shift turns it into a power of two.
#if defined(__AVX512F__)
// 2^(i / 32)
alignas(64) constexpr float kPowers[32] = {
    1.0f, 1.0218972f, 1.04427373f, 1.06714046f, 1.09050775f, 1.1143868f, 1.13878858f, 1.1637249f,
    1.18920708f, 1.21524739f, 1.24185777f, 1.26905096f, 1.29683959f, 1.32523668f, 1.35425556f, 1.38390994f,
    1.41421354f, 1.44518077f, 1.47682619f, 1.50916445f, 1.54221082f, 1.5759809f, 1.61049032f, 1.64575553f,
    1.68179286f, 1.71861935f, 1.75625217f, 1.79470909f, 1.8340081f, 1.87416768f, 1.91520655f, 1.95714414f};

// k x = n + i / 32 + r / 32: a table of 32 numbers in two registers gives 2^(i / 32), a short polynomial 2^(r / 32).
LOOPCAST_INLINE Vec power_of_two(Vec x, float k) {
  constexpr float kRound = 12582912.0f;
  x = clamp(x, 30.0f / (k < 0 ? -k : k));
  const Vec rounded = x * (32.0f * k) + kRound;
  const Vec r = x * (32.0f * k) - (rounded - kRound);
  const __m512i bits = _mm512_castps_si512(rounded);
  const Vec table = _mm512_permutex2var_ps(_mm512_load_ps(kPowers), bits, _mm512_load_ps(kPowers + 16));
  const __m512i two_to_n = _mm512_slli_epi32(_mm512_srli_epi32(bits, 5), 23);
  const Vec whole = _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(table), two_to_n));
  return whole + whole * (r * (r * 0.000234598316f + 0.021661167f));
}
#else
LOOPCAST_INLINE Vec power_of_two(Vec x, float k) {
  constexpr float kRound = 12582912.0f + 127.0f;
  const Vec t = clamp(x * k, 30.0f), rounded = t + kRound;
  const Vec r = t - (rounded - kRound), r2 = r * r;
  const Vec low = r * 0.693147004f + 1.0f, middle = r * 0.0555073358f + 0.240222424f;
  const Vec high = r * 0.00132647273f + 0.00967151299f;
  return (r2 * (r2 * high + middle) + low) * shifted_left<23>(rounded);
}
#endif

constexpr float kLog2OfE = 1.44269504f;

// 1 / sigmoid(x)
LOOPCAST_INLINE Vec sigmoid_denominator(Vec x) { return power_of_two(x, -kLog2OfE) + 1.0f; }

LOOPCAST_INLINE Vec tanh(Vec x) {
  const Vec e = power_of_two(x, -2.0f * kLog2OfE);
  return (1.0f - e) / (e + 1.0f);
}

// Several sigmoids with one division, which is the slowest instruction here: 1 / a = b / (a b).
struct VecPair {
  Vec a, b;
};

LOOPCAST_INLINE VecPair sigmoids(Vec a, Vec b) {
  const Vec under_a = sigmoid_denominator(a), under_b = sigmoid_denominator(b), inverse = 1.0f / (under_a * under_b);
  return {under_b * inverse, under_a * inverse};
}

struct VecTriple {
  Vec a, b, c;
};

LOOPCAST_INLINE VecTriple sigmoids(Vec a, Vec b, Vec c) {
  const Vec under_a = sigmoid_denominator(a), under_b = sigmoid_denominator(b), under_c = sigmoid_denominator(c);
  const Vec under_ab = under_a * under_b, inverse = 1.0f / (under_ab * under_c), inverse_ab = under_c * inverse;
  return {under_b * inverse_ab, under_a * inverse_ab, under_ab * inverse};
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
