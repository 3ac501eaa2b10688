// Logarithms of vectors, and what is made of them, within 2 ulp for ordinary arguments. NaN is not looked after.
#pragma once

#include "loopcast/vector.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

LOOPCAST_INLINE VecMask bits_of(Vec value) {
  VecMask bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

LOOPCAST_INLINE Vec from_bits(VecMask bits) {
  Vec value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

LOOPCAST_INLINE Vec absolute(Vec value) { return from_bits(bits_of(value) & 0x7fffffff); }

LOOPCAST_INLINE Vec with_sign(Vec size, Vec sign) {
  return from_bits((bits_of(size) & 0x7fffffff) | (bits_of(sign) & static_cast<int32_t>(0x80000000)));
}

LOOPCAST_INLINE Vec square_root(Vec value) {
#if defined(__AVX512F__)
  return _mm512_sqrt_ps(value);
#elif defined(__AVX2__)
  return _mm256_sqrt_ps(value);
#elif defined(__SSE2__)
  return _mm_sqrt_ps(value);
#else
  for (int i = 0; i < kWidth; ++i) value[i] = __builtin_sqrtf(value[i]);
  return value;
#endif
}

// The logarithm of positive, normal numbers: x = 2^e m with m in [2/3, 4/3], and a polynomial of m - 1.
LOOPCAST_INLINE Vec log(Vec x) {
  constexpr int32_t kTwoThirds = 0x3f2aaaab;
  const VecMask bits = bits_of(x), whole = (bits - kTwoThirds) >> 23;
  const Vec e = __builtin_convertvector(whole, Vec), m = from_bits(bits - (whole << 23)) - 1.0f, s = m * m;
  Vec r = s * -0.130310059f - 0.121484190f, t = s * 0.140869141f + 0.139814854f;
  r = r * s - 0.166846052f;
  t = t * s + 0.200120345f;
  r = r * s - 0.249996200f;
  r = t * m + r;
  r = r * m + 0.333331972f;
  r = r * m - 0.5f;
  r = r * s + m;
  return e * 0.693147182f + r;
}

// log(1 + x), x at least 0: what is lost where 1 is added is put back.
LOOPCAST_INLINE Vec log1p(Vec x) {
  const Vec sum = x + 1.0f;
  return log(sum) + (x - (sum - 1.0f)) / sum;
}

// asinh(x), |x| at most 1e18: log(1 + |x| + x^2 / (1 + sqrt(1 + x^2))) with the sign of x.
LOOPCAST_INLINE Vec asinh(Vec x) {
  const Vec size = absolute(x), square = size * size;
  return with_sign(log1p(size + square / (square_root(square + 1.0f) + 1.0f)), x);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
