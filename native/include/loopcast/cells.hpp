// The arithmetic of each cell between its products: one step forward, and back.
//
// Every array is [unit][lane], `size = units * kLanes` numbers; a step's work arrays ("slots") follow one another,
// `size` apart. Before `advance`, a slot that takes part in a product holds it, bias included; after, what
// `retreat` needs; after `retreat`, the loss's gradient by that product.
// `input_gate` and `recurrent_gate` say which gate of the kernel and the recurrent kernel a slot is the product
// with, in Keras's order (LSTM: input, forget, candidate, output; GRU: update, reset, candidate), or kNone.
//
// The first `kLate` slots are products with the input and, in place of the state, with the slot behind the products,
// which `reset` makes of the other products. On the way back their gradient by that slot goes to `retreat_reset`.
#pragma once

#include "loopcast/activations.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

constexpr int kNone = -1;

struct Advance {
  size_t size;
  float* slots;
  const float *h, *c;          // the state before; c only where the cell has one
  float *h_next, *c_next;      // the state after; may be the state before
  const int32_t* keep;         // [lane], -1 where the step counts and 0 where the state is held; may be null
};

struct Retreat {
  size_t size;
  float* slots;
  const float *h, *c, *h_next;  // what `advance` had and made
  float* dh;                    // in: gradient by h_next; out: by h, but for the share through the products
  float* dc;                    // in: gradient by c_next; out: by c. For `retreat_reset` in: by the slot that `reset` made
  const int32_t* keep;
};

// Calls f(at, kept) for each vector; `kept(a, b)` is a in lanes whose step counts, else b.
struct All {
  LOOPCAST_INLINE Part operator()(Part a, Part) const { return a; }
};
struct Some {
  PartMask mask;
  LOOPCAST_INLINE Part operator()(Part a, Part b) const { return mask ? a : b; }
};

template <class F>
LOOPCAST_INLINE void each_vector(size_t size, const int32_t* keep, F f) {
  if (keep == nullptr) {
    for (size_t at = 0; at < size; at += kWidth) f(at, All{});
  } else {
    for (size_t at = 0; at < size; at += kWidth) f(at, Some{load_mask(keep + at % kLanes)});
  }
}

// h' = tanh(z)
struct Simple {
  static constexpr int kStates = 1, kSlots = 1, kProducts = 1, kBiasRows = 1, kGates = 1;
  static constexpr int input_gate[] = {0}, recurrent_gate[] = {0};
  static constexpr int kFirstInput = 0, kFirstRecurrent = 0;  // the slots from here, kGates of them (but for late ones)
  static constexpr int kLate = 0;

  static void advance(const Advance& s) {
    each_vector(s.size, s.keep, [&](size_t at, auto kept) __attribute__((always_inline)) {
      store(s.h_next + at, kept(tanh(load(s.slots + at)), load(s.h + at)));
    });
  }

  static void retreat(const Retreat& s) {
    each_vector(s.size, s.keep, [&](size_t at, auto kept) __attribute__((always_inline)) {
      const Part h = load(s.h_next + at), dh = load(s.dh + at), zero = {};
      store(s.slots + at, kept(dh * (1.0f - h * h), zero));
      store(s.dh + at, kept(zero, dh));
    });
  }
};

// c' = f c + i g;  h' = o tanh(c').   Slots: i, f, g, o, tanh(c')
struct Lstm {
  static constexpr int kStates = 2, kSlots = 5, kProducts = 4, kBiasRows = 1, kGates = 4;
  static constexpr int input_gate[] = {0, 1, 2, 3}, recurrent_gate[] = {0, 1, 2, 3};
  static constexpr int kFirstInput = 0, kFirstRecurrent = 0, kLate = 0;

  static void advance(const Advance& s) {
    float *si = s.slots, *sf = si + s.size, *sg = sf + s.size, *so = sg + s.size, *st = so + s.size;
    // Two loops: a processor looks only so far ahead, and one round of both together is farther.
    for (size_t at = 0; at < s.size; at += kWidth) {
      const Three gates = sigmoids(load(si + at), load(sf + at), load(so + at));
      store(sg + at, tanh(load(sg + at)));
      store(si + at, gates.a);
      store(sf + at, gates.b);
      store(so + at, gates.c);
    }
    each_vector(s.size, s.keep, [&](size_t at, auto kept) __attribute__((always_inline)) {
      const Part i = load(si + at), f = load(sf + at), g = load(sg + at), o = load(so + at);
      const Part c_before = load(s.c + at), c = f * c_before + i * g, t = tanh(c);
      store(st + at, t);
      store(s.c_next + at, kept(c, c_before));
      store(s.h_next + at, kept(o * t, load(s.h + at)));
    });
  }

  static void retreat(const Retreat& s) {
    float *si = s.slots, *sf = si + s.size, *sg = sf + s.size, *so = sg + s.size, *st = so + s.size;
    each_vector(s.size, s.keep, [&](size_t at, auto kept) __attribute__((always_inline)) {
      const Part i = load(si + at), f = load(sf + at), g = load(sg + at), o = load(so + at), t = load(st + at);
      const Part dh = load(s.dh + at), dc_after = load(s.dc + at), zero = {};
      const Part dc = dc_after + dh * o * (1.0f - t * t);
      store(si + at, kept(dc * g * i * (1.0f - i), zero));
      store(sf + at, kept(dc * load(s.c + at) * f * (1.0f - f), zero));
      store(sg + at, kept(dc * i * (1.0f - g * g), zero));
      store(so + at, kept(dh * t * o * (1.0f - o), zero));
      store(s.dc + at, kept(dc * f, dc_after));
      store(s.dh + at, kept(zero, dh));
    });
  }
};

// g = tanh(x W + r (h U + b));  h' = z h + (1 - z) g.   Slots: x W (later g), z, r, h U + b.
// In this order the products with the input stand together (g, z, r), and those with the state (z, r, h U).
struct Gru {
  static constexpr int kStates = 1, kSlots = 4, kProducts = 4, kBiasRows = 2, kGates = 3;
  static constexpr int input_gate[] = {2, 0, 1, kNone}, recurrent_gate[] = {kNone, 0, 1, 2};
  static constexpr int kFirstInput = 0, kFirstRecurrent = 1, kLate = 0;

  static void advance(const Advance& s) {
    float *sg = s.slots, *sz = sg + s.size, *sr = sz + s.size, *su = sr + s.size;
    for (size_t at = 0; at < s.size; at += kWidth) {
      const Two gates = sigmoids(load(sz + at), load(sr + at));
      store(sz + at, gates.a);
      store(sr + at, gates.b);
    }
    each_vector(s.size, s.keep, [&](size_t at, auto kept) __attribute__((always_inline)) {
      const Part z = load(sz + at), r = load(sr + at), h = load(s.h + at);
      const Part g = tanh(load(sg + at) + r * load(su + at));
      store(sg + at, g);
      store(s.h_next + at, kept(g + z * (h - g), h));
    });
  }

  static void retreat(const Retreat& s) {
    float *sg = s.slots, *sz = sg + s.size, *sr = sz + s.size, *su = sr + s.size;
    each_vector(s.size, s.keep, [&](size_t at, auto kept) __attribute__((always_inline)) {
      const Part g = load(sg + at), z = load(sz + at), r = load(sr + at), u = load(su + at);
      const Part dh = load(s.dh + at), zero = {};
      const Part dg = dh * (1.0f - z) * (1.0f - g * g);
      store(sg + at, kept(dg, zero));
      store(sz + at, kept(dh * (load(s.h + at) - g) * z * (1.0f - z), zero));
      store(sr + at, kept(dg * u * r * (1.0f - r), zero));
      store(su + at, kept(dg * r, zero));
      store(s.dh + at, kept(dh * z, dh));
    });
  }
};

// g = tanh(x W + (r h) U + b);  h' = z h + (1 - z) g.   Slots: g, z, r, r h.
struct GruResetBefore {
  static constexpr int kStates = 1, kSlots = 4, kProducts = 3, kBiasRows = 1, kGates = 3;
  static constexpr int input_gate[] = {2, 0, 1}, recurrent_gate[] = {2, 0, 1};
  static constexpr int kFirstInput = 0, kFirstRecurrent = 1, kLate = 1;

  static void reset(const Advance& s) {
    float *sz = s.slots + s.size, *sr = sz + s.size, *sh = sr + s.size;
    for (size_t at = 0; at < s.size; at += kWidth) {
      const Two gates = sigmoids(load(sz + at), load(sr + at));
      store(sz + at, gates.a);
      store(sr + at, gates.b);
      store(sh + at, gates.b * load(s.h + at));
    }
  }

  static void advance(const Advance& s) {
    float *sg = s.slots, *sz = sg + s.size;
    each_vector(s.size, s.keep, [&](size_t at, auto kept) __attribute__((always_inline)) {
      const Part g = tanh(load(sg + at)), z = load(sz + at), h = load(s.h + at);
      store(sg + at, g);
      store(s.h_next + at, kept(g + z * (h - g), h));
    });
  }

  static void retreat(const Retreat& s) {
    float *sg = s.slots, *sz = sg + s.size;
    each_vector(s.size, s.keep, [&](size_t at, auto kept) __attribute__((always_inline)) {
      const Part g = load(sg + at), z = load(sz + at), dh = load(s.dh + at), zero = {};
      store(sg + at, kept(dh * (1.0f - z) * (1.0f - g * g), zero));
      store(sz + at, kept(dh * (load(s.h + at) - g) * z * (1.0f - z), zero));
      store(s.dh + at, kept(dh * z, dh));
    });
  }

  static void retreat_reset(const Retreat& s) {
    float* const sr = s.slots + 2 * s.size;
    each_vector(s.size, s.keep, [&](size_t at, auto kept) __attribute__((always_inline)) {
      const Part r = load(sr + at), d = load(s.dc + at), dh = load(s.dh + at), zero = {};
      store(sr + at, kept(d * load(s.h + at) * r * (1.0f - r), zero));
      store(s.dh + at, kept(dh + d * r, dh));
    });
  }
};

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
