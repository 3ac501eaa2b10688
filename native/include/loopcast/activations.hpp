// tanh and sigmoid of vectors, within 4 ulp or 1e-7 of the true value, whichever is larger. NaN stays NaN.
//
// Both are ratios of e^kx: sigmoid(x) = 1 / (1 + e^-x) and tanh(x) = (1 - e^-2x) / (1 + e^-2x).
#pragma once

#include "loopcast/vector.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// 2^t as a power of two times a number near 1; t is held within 30 of 0, where both functions have long reached
// their limits and products of three denominators do not overflow.
struct Power {
  Part near_one, two_to_n;
};

// Adding kRound rounds t to a whole number n, and leaves n + 127 in the lowest bits, where shifting makes it 2^n.
constexpr float kRound = 12582912.0f + 127.0f;

LOOPCAST_INLINE Power power_of_two(Part t) {
  t = clamp(t, 30.0f);
  const Part rounded = t + kRound;
  const Part r = t - (rounded - kRound), r2 = r * r;
  // 2^r for |r| <= 1/2, off by 9e-8 of it at most, and exact at 0: tanh of small numbers is a difference from 1
  const Part low = r * 0.693147004f + 1.0f, middle = r * 0.0555073358f + 0.240222424f;
  const Part high = r * 0.00132647273f + 0.00967151299f;
  return {r2 * (r2 * high + middle) + low, shifted_left<23>(rounded)};
}

constexpr float kLog2OfE = 1.44269504f;

// 1 / sigmoid(x)
LOOPCAST_INLINE Part under_sigmoid(Part x) {
  const Power e = power_of_two(x * -kLog2OfE);
  return e.near_one * e.two_to_n + 1.0f;
}

LOOPCAST_INLINE Part tanh(Part x) {
  const Power e = power_of_two(x * (-2.0f * kLog2OfE));
  return (1.0f - e.near_one * e.two_to_n) / (e.near_one * e.two_to_n + 1.0f);
}

// Several divisions for the price of one, the slowest instruction here.
struct Two {
  Part a, b;
};

LOOPCAST_INLINE Two sigmoids(Part a, Part b) {
  const Part under_a = under_sigmoid(a), under_b = under_sigmoid(b), both = 1.0f / (under_a * under_b);
  return {under_b * both, under_a * both};
}

struct Three {
  Part a, b, c;
};

LOOPCAST_INLINE Three sigmoids(Part a, Part b, Part c) {
  const Part under_a = under_sigmoid(a), under_b = under_sigmoid(b), under_c = under_sigmoid(c);
  const Part ab = under_a * under_b, all = 1.0f / (ab * under_c), for_ab = under_c * all;
  return {under_b * for_ab, under_a * for_ab, ab * all};
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
