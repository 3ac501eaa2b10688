// The arithmetic of each cell between its matrix products: one step forward, and one step back.
//
// Every array is [unit][lane], `size = units * kLanes` floats. A step's work arrays are its "slots", one behind the
// other. The first kProducts slots are matrix products: before `forward` they hold them, biases included; `forward`
// replaces them by what `backward` needs; `backward` replaces that by the loss's gradients by the products.
//
// `input_gate` and `recurrent_gate` say which gate of the kernel and of the recurrent kernel a slot is the product
// with, in Keras's order (LSTM: input, forget, candidate, output; GRU: update, reset, candidate), or kNoGate. The slots
// with an input gate lie side by side from kFirstInput on, those with a recurrent gate from kFirstRecurrent on.
//
// Where the reset gate comes before the product, the first kResetProducts slots take the slot behind all products, r h,
// in the place of h. `forward_reset` computes it when the other products are there; `backward_reset` receives the
// gradient by it in `dc`.
#pragma once

#include "loopcast/activations.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

constexpr int kNoGate = -1;

struct ForwardStep {
  size_t size;
  float* slots;
  const float *h, *c;      // the state before; c only where the cell has one
  float *h_next, *c_next;  // the state after; may be the state before
  const int32_t* mask;     // [lane], -1 where the step is observed, 0 where the state is held; null: all observed
};

struct BackwardStep {
  size_t size;
  float* slots;
  const float *h, *c, *h_next;  // as in the forward step
  float* dh;                    // in: gradient by h_next; out: by h, without the share that goes through the products
  float* dc;                    // in: gradient by c_next; out: by c
  const int32_t* mask;
};

// select(a, b) is a in observed lanes, else b.
struct SelectAll {
  LOOPCAST_INLINE Vec operator()(Vec a, Vec) const { return a; }
};
struct SelectObserved {
  VecMask mask;
  LOOPCAST_INLINE Vec operator()(Vec a, Vec b) const { return mask ? a : b; }
};

// Calls f(at, select) for each vector.
template <class F>
LOOPCAST_INLINE void for_each_vec(size_t size, const int32_t* mask, F f) {
  if (mask == nullptr) {
    for (size_t at = 0; at < size; at += kWidth) f(at, SelectAll{});
  } else {
    for (size_t at = 0; at < size; at += kWidth) f(at, SelectObserved{load_mask(mask + at % kLanes)});
  }
}

// h' = tanh(z)
struct Simple {
  static constexpr int kStates = 1, kSlots = 1, kProducts = 1, kBiasRows = 1, kGates = 1;
  static constexpr int input_gate[] = {0}, recurrent_gate[] = {0};
  static constexpr int kFirstInput = 0, kFirstRecurrent = 0, kResetProducts = 0;

  static void forward(const ForwardStep& s) {
    for_each_vec(s.size, s.mask, [&](size_t at, auto select) __attribute__((always_inline)) {
      store(s.h_next + at, select(tanh(load(s.slots + at)), load(s.h + at)));
    });
  }

  static void backward(const BackwardStep& s) {
    for_each_vec(s.size, s.mask, [&](size_t at, auto select) __attribute__((always_inline)) {
      const Vec h = load(s.h_next + at), dh = load(s.dh + at), zero = {};
      store(s.slots + at, select(dh * (1.0f - h * h), zero));
      store(s.dh + at, select(zero, dh));
    });
  }
};

// c' = f c + i g;  h' = o tanh(c').   Slots: i, f, g, o, tanh(c')
struct Lstm {
  static constexpr int kStates = 2, kSlots = 5, kProducts = 4, kBiasRows = 1, kGates = 4;
  static constexpr int input_gate[] = {0, 1, 2, 3}, recurrent_gate[] = {0, 1, 2, 3};
  static constexpr int kFirstInput = 0, kFirstRecurrent = 0, kResetProducts = 0;

  static void forward(const ForwardStep& s) {
    float *si = s.slots, *sf = si + s.size, *sg = sf + s.size, *so = sg + s.size, *st = so + s.size;
    // Two loops: one round of both is longer than what a processor looks ahead.
    for (size_t at = 0; at < s.size; at += kWidth) {
      const VecTriple gates = sigmoids(load(si + at), load(sf + at), load(so + at));
      store(sg + at, tanh(load(sg + at)));
      store(si + at, gates.a);
      store(sf + at, gates.b);
      store(so + at, gates.c);
    }
    for_each_vec(s.size, s.mask, [&](size_t at, auto select) __attribute__((always_inline)) {
      const Vec i = load(si + at), f = load(sf + at), g = load(sg + at), o = load(so + at);
      const Vec c_before = load(s.c + at), c = f * c_before + i * g, t = tanh(c);
      store(st + at, t);
      store(s.c_next + at, select(c, c_before));
      store(s.h_next + at, select(o * t, load(s.h + at)));
    });
  }

  static void backward(const BackwardStep& s) {
    float *si = s.slots, *sf = si + s.size, *sg = sf + s.size, *so = sg + s.size, *st = so + s.size;
    for_each_vec(s.size, s.mask, [&](size_t at, auto select) __attribute__((always_inline)) {
      const Vec i = load(si + at), f = load(sf + at), g = load(sg + at), o = load(so + at), t = load(st + at);
      const Vec dh = load(s.dh + at), dc_after = load(s.dc + at), zero = {};
      const Vec dc = dc_after + dh * o * (1.0f - t * t);
      store(si + at, select(dc * g * i * (1.0f - i), zero));
      store(sf + at, select(dc * load(s.c + at) * f * (1.0f - f), zero));
      store(sg + at, select(dc * i * (1.0f - g * g), zero));
      store(so + at, select(dh * t * o * (1.0f - o), zero));
      store(s.dc + at, select(dc * f, dc_after));
      store(s.dh + at, select(zero, dh));
    });
  }
};

// g = tanh(x W + r (h U + b));  h' = z h + (1 - z) g.   Slots: x W (later g), z, r, h U + b.
// In this order the products with the input lie side by side (g, z, r), and so do those with the state (z, r, h U).
struct Gru {
  static constexpr int kStates = 1, kSlots = 4, kProducts = 4, kBiasRows = 2, kGates = 3;
  static constexpr int input_gate[] = {2, 0, 1, kNoGate}, recurrent_gate[] = {kNoGate, 0, 1, 2};
  static constexpr int kFirstInput = 0, kFirstRecurrent = 1, kResetProducts = 0;

  static void forward(const ForwardStep& s) {
    float *sg = s.slots, *sz = sg + s.size, *sr = sz + s.size, *su = sr + s.size;
    for (size_t at = 0; at < s.size; at += kWidth) {
      const VecPair gates = sigmoids(load(sz + at), load(sr + at));
      store(sz + at, gates.a);
      store(sr + at, gates.b);
    }
    for_each_vec(s.size, s.mask, [&](size_t at, auto select) __attribute__((always_inline)) {
      const Vec z = load(sz + at), r = load(sr + at), h = load(s.h + at);
      const Vec g = tanh(load(sg + at) + r * load(su + at));
      store(sg + at, g);
      store(s.h_next + at, select(g + z * (h - g), h));
    });
  }

  static void backward(const BackwardStep& s) {
    float *sg = s.slots, *sz = sg + s.size, *sr = sz + s.size, *su = sr + s.size;
    for_each_vec(s.size, s.mask, [&](size_t at, auto select) __attribute__((always_inline)) {
      const Vec g = load(sg + at), z = load(sz + at), r = load(sr + at), u = load(su + at);
      const Vec dh = load(s.dh + at), zero = {};
      const Vec dg = dh * (1.0f - z) * (1.0f - g * g);
      store(sg + at, select(dg, zero));
      store(sz + at, select(dh * (load(s.h + at) - g) * z * (1.0f - z), zero));
      store(sr + at, select(dg * u * r * (1.0f - r), zero));
      store(su + at, select(dg * r, zero));
      store(s.dh + at, select(dh * z, dh));
    });
  }
};

// g = tanh(x W + (r h) U + b);  h' = z h + (1 - z) g.   Slots: g, z, r, r h.
struct GruResetBefore {
  static constexpr int kStates = 1, kSlots = 4, kProducts = 3, kBiasRows = 1, kGates = 3;
  static constexpr int input_gate[] = {2, 0, 1}, recurrent_gate[] = {2, 0, 1};
  static constexpr int kFirstInput = 0, kFirstRecurrent = 1, kResetProducts = 1;

  static void forward_reset(const ForwardStep& s) {
    float *sz = s.slots + s.size, *sr = sz + s.size, *sh = sr + s.size;
    for (size_t at = 0; at < s.size; at += kWidth) {
      const VecPair gates = sigmoids(load(sz + at), load(sr + at));
      store(sz + at, gates.a);
      store(sr + at, gates.b);
      store(sh + at, gates.b * load(s.h + at));
    }
  }

  static void forward(const ForwardStep& s) {
    float *sg = s.slots, *sz = sg + s.size;
    for_each_vec(s.size, s.mask, [&](size_t at, auto select) __attribute__((always_inline)) {
      const Vec g = tanh(load(sg + at)), z = load(sz + at), h = load(s.h + at);
      store(sg + at, g);
      store(s.h_next + at, select(g + z * (h - g), h));
    });
  }

  static void backward(const BackwardStep& s) {
    float *sg = s.slots, *sz = sg + s.size;
    for_each_vec(s.size, s.mask, [&](size_t at, auto select) __attribute__((always_inline)) {
      const Vec g = load(sg + at), z = load(sz + at), dh = load(s.dh + at), zero = {};
      store(sg + at, select(dh * (1.0f - z) * (1.0f - g * g), zero));
      store(sz + at, select(dh * (load(s.h + at) - g) * z * (1.0f - z), zero));
      store(s.dh + at, select(dh * z, dh));
    });
  }

  static void backward_reset(const BackwardStep& s) {
    float* const sr = s.slots + 2 * s.size;
    for_each_vec(s.size, s.mask, [&](size_t at, auto select) __attribute__((always_inline)) {
      const Vec r = load(sr + at), d = load(s.dc + at), dh = load(s.dh + at), zero = {};
      store(sr + at, select(d * load(s.h + at) * r * (1.0f - r), zero));
      store(s.dh + at, select(dh + d * r, dh));
    });
  }
};

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
