#include "op/grad_mode.h"

namespace weft {

constinit thread_local GradModeState grad_mode_state;

}  // namespace weft
