// Errors: one exception type with a kind, and check(), the one way to raise it.
// The message is put together only when the check fails; pieces are anything with an append_text overload.
#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace weft {

// Which Python exception the error becomes.
enum class ErrorKind : uint8_t { Runtime, Value, Type, Index, OutOfMemory, NotImplemented, Key, Buffer, Overflow };

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }
  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }

 private:
  ErrorKind kind_;
  std::string message_;
};

inline void append_text(std::string& out, std::string_view text) { out += text; }
inline void append_text(std::string& out, const char* text) { out += text; }
inline void append_text(std::string& out, const std::string& text) { out += text; }
inline void append_text(std::string& out, char c) { out += c; }
inline void append_text(std::string& out, bool value) { out += value ? "True" : "False"; }
template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>)
void append_text(std::string& out, T value) {
  out += std::to_string(value);
}
void append_text(std::string& out, double value);

template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (append_text(out, parts), ...);
  return out;
}

template <ErrorKind kind = ErrorKind::Runtime, class... Parts>
[[noreturn]] __attribute__((cold, noinline)) void fail(const Parts&... parts) {
  throw Error(kind, concat(parts...));
}

// check(ok, "softmax: expected ...", shape) throws Error(kind) with the joined text unless ok.
template <ErrorKind kind = ErrorKind::Runtime, class... Parts>
inline void check(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    fail<kind>(parts...);
}

}  // namespace weft
