// tanh and sigmoid of vectors, within 3e-7 or 6 ulp of the true value, whichever is larger. NaN stays NaN.
#pragma once

#include "loopcast/vector.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// tanh as a ratio of polynomials: odd, degree 13 over degree 6 (the coefficients are Eigen's `ptanh_float`).
struct Ratio {
  Part over, under;
};

LOOPCAST_INLINE Ratio tanh_ratio(Part x) {
  x = clamp(x, 8.8f);  // here the ratio is 1 but for 5e-8; farther out it would grow past 1
  const Part y = x * x;
  Part over = y * -2.76076847742355e-16f + 2.00018790482477e-13f;
  over = over * y + -8.60467152213735e-11f;
  over = over * y + 5.12229709037114e-08f;
  over = over * y + 1.48572235717979e-05f;
  over = over * y + 6.37261928875436e-04f;
  over = over * y + 4.89352455891786e-03f;
  Part under = y * 1.19825839466702e-06f + 1.18534705686654e-04f;
  under = under * y + 2.26843463243900e-03f;
  under = under * y + 4.89352518554385e-03f;
  return {x * over, under};
}

LOOPCAST_INLINE Part tanh(Part x) {
  const Ratio r = tanh_ratio(x);
  return r.over / r.under;
}

LOOPCAST_INLINE Part sigmoid_of_half_tanh(Part t) { return t * 0.5f + 0.5f; }

// sigmoid(x) = (1 + tanh(x / 2)) / 2
LOOPCAST_INLINE Part sigmoid(Part x) { return sigmoid_of_half_tanh(tanh(x * 0.5f)); }

// Two divisions for the price of one: division is the slowest instruction here. `under` lies in [0.0048, 0.8],
// so products of four neither overflow nor lose precision.
struct Two {
  Part a, b;
};

LOOPCAST_INLINE Two divide(Ratio a, Ratio b) {
  const Part inverse = 1.0f / (a.under * b.under);
  return {a.over * (b.under * inverse), b.over * (a.under * inverse)};
}

struct Four {
  Part a, b, c, d;
};

LOOPCAST_INLINE Four divide(Ratio a, Ratio b, Ratio c, Ratio d) {
  const Part ab = a.under * b.under, cd = c.under * d.under;
  const Part inverse = 1.0f / (ab * cd);
  const Part for_ab = cd * inverse, for_cd = ab * inverse;
  return {a.over * (b.under * for_ab), b.over * (a.under * for_ab), c.over * (d.under * for_cd),
          d.over * (c.under * for_cd)};
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
