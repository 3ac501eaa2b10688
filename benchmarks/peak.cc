// How many float32 multiply-adds one core does a second: ten independent chains, in registers. Prints one number.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#elif defined(__AVX__)
constexpr int kWidth = 8;
#else
constexpr int kWidth = 4;
#endif

typedef float Vector __attribute__((vector_size(4 * kWidth)));

int main(int count, char** arguments) {
  const float given = count > 1 ? static_cast<float>(std::atof(arguments[1])) : 0.999f;  // unknown to the compiler
  const Vector by = given - Vector{}, plus = 1.0f - given - Vector{};
  constexpr int kSteps = 200000;
  double best = 1e9;
  float kept = 0.0f;
  for (int run = 0; run < 50; ++run) {
    Vector a = by, b = by, c = by, d = by, e = by, f = by, g = by, h = by, i = by, j = by;
    const auto begin = std::chrono::steady_clock::now();
    for (int step = 0; step < kSteps; ++step) {
      a = a * by + plus, b = b * by + plus, c = c * by + plus, d = d * by + plus, e = e * by + plus;
      f = f * by + plus, g = g * by + plus, h = h * by + plus, i = i * by + plus, j = j * by + plus;
      asm volatile("" : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e));  // not ten times the same chain
      asm volatile("" : "+v"(f), "+v"(g), "+v"(h), "+v"(i), "+v"(j));
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    best = seconds < best ? seconds : best;
    kept += (a + b + c + d + e + f + g + h + i + j)[0];
  }
  std::fprintf(stderr, "(%g)\n", kept);
  std::printf("%.4g\n", 10.0 * kWidth * kSteps / best);
}
