// Takes the arguments and results of an XLA FFI call one by one, each checked; the first thing wrong is kept.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "pages.hpp"
#include "xla/ffi/api/ffi.h"

namespace loopcast {

namespace ffi = xla::ffi;

// The first thing found wrong; later ones are not reported.
class Problem {
 public:
  bool found() const { return !text_.empty(); }
  void report(std::string text) {
    if (!found()) text_ = std::move(text);
  }
  ffi::Error error() const { return found() ? ffi::Error::InvalidArgument("loopcast: " + text_) : ffi::Error(); }

 private:
  std::string text_;
};

inline std::string shown(ffi::Span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

inline std::string shown(std::initializer_list<int64_t> shape) {
  return shown(ffi::Span<const int64_t>(shape.begin(), shape.size()));
}

// Hands out arguments or results one by one, each checked.
template <class Source>
class Reader {
 public:
  Reader(const char* what, Source source, Problem& problem) : what_(what), source_(source), problem_(problem) {}

  // The next buffer's dimensions if it is of this type and rank, else nothing.
  ffi::Span<const int64_t> peek(size_t rank) {
    const auto buffer = at(next_);
    if (buffer.dimensions().size() != rank) {
      problem_.report(name(next_) + " should have " + std::to_string(rank) + " axes, got " +
                      shown(buffer.dimensions()));
      return {};
    }
    return buffer.dimensions();
  }

  template <class T>
  T* take(ffi::DataType type, std::initializer_list<int64_t> shape) {
    const auto buffer = at(next_);
    if (problem_.found()) return nullptr;
    if (buffer.element_type() != type)
      problem_.report(name(next_) + " should have type number " + std::to_string(static_cast<int>(type)) + ", got " +
                      std::to_string(static_cast<int>(buffer.element_type())));
    const auto have = buffer.dimensions();
    if (have.size() != shape.size() || !std::equal(shape.begin(), shape.end(), have.begin()))
      problem_.report(name(next_) + " should have shape " + shown(shape) + ", got " + shown(have));
    ++next_;
    if (std::is_same_v<Source, ffi::RemainingRets> && !problem_.found())
      prefer_large_pages(buffer.untyped_data(), buffer.size_bytes());
    return static_cast<T*>(buffer.untyped_data());
  }

  float* floats(std::initializer_list<int64_t> shape) { return take<float>(ffi::F32, shape); }

  void finish() {
    if (next_ != source_.size())
      problem_.report("expected " + std::to_string(next_) + " " + what_ + "s, got " + std::to_string(source_.size()));
  }

 private:
  ffi::AnyBuffer at(size_t index) {
    if (index < source_.size()) return buffer(index);
    problem_.report("expected at least " + std::to_string(index + 1) + " " + what_ + "s, got " +
                    std::to_string(source_.size()));
    return ffi::AnyBuffer(&nothing_);
  }
  ffi::AnyBuffer buffer(size_t index) {
    if constexpr (std::is_same_v<Source, ffi::RemainingArgs>)
      return *source_.template get<ffi::AnyBuffer>(index);
    else
      return **source_.template get<ffi::AnyBuffer>(index);
  }
  std::string name(size_t index) const { return std::string(what_) + " " + std::to_string(index); }

  const char* what_;
  Source source_;
  Problem& problem_;
  size_t next_ = 0;
  XLA_FFI_Buffer nothing_ = {};
};

using Arguments = Reader<ffi::RemainingArgs>;
using Results = Reader<ffi::RemainingRets>;

}  // namespace loopcast
