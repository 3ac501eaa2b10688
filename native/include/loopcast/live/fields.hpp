// What lies where in a record, by name, so that what is written to a file can be read by a later version.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>

namespace loopcast::live {

// Fields, one after the other, as lines "name bytes"; what is between them is called "-".
class Fields {
 public:
  void add(const std::string& name, size_t bytes) {
    if (bytes == 0) return;
    text_ += prefix_ + name + " " + std::to_string(bytes) + "\n";
    at_ += bytes;
  }
  void doubles(const std::string& name, size_t count) { add(name, count * sizeof(double)); }
  // Numbers of eight bytes each, one after the other.
  void numbers(std::initializer_list<const char*> names) {
    for (const char* const name : names) doubles(name, 1);
  }
  void pad_to(size_t end) {
    const std::string prefix = prefix_;
    prefix_.clear();
    add("-", end - at_);
    prefix_ = prefix;
  }
  void begin(const std::string& prefix) { prefix_ = prefix; }
  size_t at() const { return at_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_, prefix_;
  size_t at_ = 0;
};

}  // namespace loopcast::live
