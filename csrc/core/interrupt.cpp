#include "core/interrupt.h"

namespace weft {

constinit std::atomic<void (*)()> interrupt_check{nullptr};
constinit thread_local int HoldInterrupts::depth = 0;

}  // namespace weft
