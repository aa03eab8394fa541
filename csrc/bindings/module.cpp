// The extension module weft._C: every family, in one place.
#include "bindings/argument_errors.h"
#include "bindings/tensor_object.h"

PYBIND11_MODULE(_C, m) {
  using namespace weft::python;
  bind_runtime(m);
  bind_memory(m);
  bind_dtype(m);
  bind_device(m);
  bind_devices(m);
  bind_tensor_type(m);
  Family f(m);
  Family nn(m.def_submodule("nn", "Functions of weft.nn.functional."));
  bind_tensor_data(f);
  bind_arrays(f);
  bind_tensor_methods(f);
  bind_autograd(f);
  bind_function(m);
  bind_jit(m);
#define WEFT_X(family) bind_##family(f, nn);
  WEFT_FAMILIES(WEFT_X)
#undef WEFT_X
  shorten_argument_errors(m);
}
