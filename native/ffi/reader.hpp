// Reads the arguments and results of an XLA FFI call one by one and checks each; the first error is kept.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "pages.hpp"
#include "xla/ffi/api/ffi.h"

namespace loopcast {

namespace ffi = xla::ffi;

// Whether a call is valid so far. Keeps the first error; later ones are not reported.
class Status {
 public:
  bool failed() const { return !text_.empty(); }
  void fail(std::string text) {
    if (!failed()) text_ = std::move(text);
  }
  ffi::Error error() const { return failed() ? ffi::Error::InvalidArgument("loopcast: " + text_) : ffi::Error(); }

 private:
  std::string text_;
};

inline std::string to_text(ffi::Span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

inline std::string to_text(std::initializer_list<int64_t> shape) {
  return to_text(ffi::Span<const int64_t>(shape.begin(), shape.size()));
}

// Hands out arguments or results one by one, each checked.
template <class Source>
class Reader {
 public:
  Reader(const char* what, Source source, Status& status) : what_(what), source_(source), status_(status) {}

  // The next buffer's shape if it has this many axes, else an empty one.
  ffi::Span<const int64_t> peek(size_t rank) {
    const auto buffer = at(next_);
    if (buffer.dimensions().size() != rank) {
      status_.fail(name(next_) + " should have " + std::to_string(rank) + " axes, got " +
                   to_text(buffer.dimensions()));
      return {};
    }
    return buffer.dimensions();
  }

  // The next buffer's data, which should have this type and shape.
  template <class T>
  T* take(ffi::DataType type, std::initializer_list<int64_t> shape) {
    const auto buffer = at(next_);
    if (status_.failed()) return nullptr;
    if (buffer.element_type() != type)
      status_.fail(name(next_) + " should have type number " + std::to_string(static_cast<int>(type)) + ", got " +
                   std::to_string(static_cast<int>(buffer.element_type())));
    const auto actual = buffer.dimensions();
    if (actual.size() != shape.size() || !std::equal(shape.begin(), shape.end(), actual.begin()))
      status_.fail(name(next_) + " should have shape " + to_text(shape) + ", got " + to_text(actual));
    ++next_;
    if (std::is_same_v<Source, ffi::RemainingRets> && !status_.failed())
      prefer_large_pages(buffer.untyped_data(), buffer.size_bytes());
    return static_cast<T*>(buffer.untyped_data());
  }

  float* floats(std::initializer_list<int64_t> shape) { return take<float>(ffi::F32, shape); }

  // All buffers should have been taken.
  void finish() {
    if (next_ != source_.size())
      status_.fail("expected " + std::to_string(next_) + " " + what_ + "s, got " + std::to_string(source_.size()));
  }

 private:
  ffi::AnyBuffer at(size_t index) {
    if (index < source_.size()) return buffer(index);
    status_.fail("expected at least " + std::to_string(index + 1) + " " + what_ + "s, got " +
                 std::to_string(source_.size()));
    return ffi::AnyBuffer(&no_buffer_);
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
  Status& status_;
  size_t next_ = 0;
  XLA_FFI_Buffer no_buffer_ = {};
};

using Arguments = Reader<ffi::RemainingArgs>;
using Results = Reader<ffi::RemainingRets>;

}  // namespace loopcast
