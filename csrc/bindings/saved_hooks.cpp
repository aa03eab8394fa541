// Hooks for saved tensors. weft.autograd.graph calls them; users do not.
#include "op/saved_hooks.h"

#include <vector>

#include "bindings/autograd.h"
#include "bindings/bindings.h"
#include "bindings/gil.h"
#include "op/interpreter.h"

namespace weft::python {

namespace {

// A Python object that the graph holds.
class HeldObject final : public RefCounted {
 public:
  explicit HeldObject(py::object o) : object(std::move(o)) {}
  ~HeldObject() override {
    if (!Py_IsInitialized()) {
      object.release();
      return;
    }
    GilAcquire gil;
    py::error_scope pending;
    object = py::object();
  }
  py::object object;
};

class PySavedHooks final : public SavedHooks {
 public:
  PySavedHooks(py::object pack, py::object unpack)
      : pack_(make_ref<HeldObject>(std::move(pack))), unpack_(make_ref<HeldObject>(std::move(unpack))) {}
  Ref<RefCounted> pack(const Tensor& t) override {
    GilAcquire gil;
    return make_ref<HeldObject>(call_python(pack_->object, py::make_tuple(t)));
  }
  Tensor unpack(RefCounted& packed) override {
    GilAcquire gil;
    py::object result = call_python(unpack_->object, py::make_tuple(static_cast<HeldObject&>(packed).object));
    check<ErrorKind::Type>(is_tensor(result.ptr()), "saved_tensors_hooks: unpack_hook must return a Tensor, got ",
                           Py_TYPE(result.ptr())->tp_name);
    return unwrap(result.ptr());
  }

 private:
  Ref<HeldObject> pack_, unpack_;
};

// The scopes that the thread is in. An entry without hooks is one of disable_saved_tensors_hooks.
struct Scope {
  Ref<SavedHooks> hooks;
  std::string refusal;
  int level = 0;
};
thread_local std::vector<Scope> scopes;

void set_innermost() {
  saved_hooks = scopes.empty() ? nullptr : scopes.back().hooks.get();
  saved_hooks_level = scopes.empty() ? 0 : scopes.back().level;
}

void enter(Ref<SavedHooks> hooks, std::string refusal) {
  scopes.push_back({std::move(hooks), std::move(refusal), saved_hook_depth});
  set_innermost();
}

}  // namespace

void bind_saved_hooks(Family& f) {
  f.function("_enter_saved_hooks", "(pack, unpack)", [](py::object pack, py::object unpack) {
    for (const Scope& scope : scopes) check(scope.refusal.empty(), scope.refusal);
    check(!(interpreter && interpreter->for_later()),
          "saved_tensors_hooks: a function that weft.jit compiles has no tensors for hooks; enter the scope around its "
          "call");
    enter(make_ref<PySavedHooks>(std::move(pack), std::move(unpack)), "");
  });
  f.function("_refuse_saved_hooks", "(message)", [](std::string message) { enter(nullptr, std::move(message)); });
  f.function("_leave_saved_hooks", "()", [] {
    check(!scopes.empty(), "saved_tensors_hooks: left a scope that was not entered");
    const Scope last = std::move(scopes.back());  // its end may run Python code
    scopes.pop_back();
    set_innermost();
  });
}

}  // namespace weft::python
