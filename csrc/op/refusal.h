// Refusals: errors that only a traced program meets, eager mode would not raise them. A program that catches one and
// goes on has taken another way than it takes eagerly, so what it did must not be compiled.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/error.h"

namespace weft {

// The run of a program under a trace, for the thread. It remembers the first refusal; `here` says at which line.
class RefusalScope {
 public:
  explicit RefusalScope(std::function<std::string()> here);
  ~RefusalScope();
  RefusalScope(const RefusalScope&) = delete;

  // Raises the first refusal anew: the program has come to its end nevertheless.
  void check_none() const;

 private:
  friend void note_refusal(const std::string& message);
  std::function<std::string()> here_;
  RefusalScope* outer_;
  std::optional<std::string> first_;
};

void note_refusal(const std::string& message);

template <class... Parts>
[[noreturn]] __attribute__((cold, noinline)) void refuse(const Parts&... parts) {
  const std::string message = concat(parts...);
  note_refusal(message);
  fail(message);
}

// As check(), for what only a trace must not do.
template <class... Parts>
inline void check_traceable(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    refuse(parts...);
}

}  // namespace weft
