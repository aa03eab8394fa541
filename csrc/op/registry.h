// The ops that programs are saved with, by name and version. WEFT_OP(Softmax) beside the op registers it: its fields
// (WEFT_FIELDS) say how it is written and read, its check_inputs() what a file that may be damaged must not hold.
#pragma once

#include <memory>
#include <string>
#include <typeinfo>

#include "op/input_check.h"
#include "op/op.h"
#include "op/saved_field.h"

namespace weft {

struct OpEntry {
  const char* name;
  int version;  // rises when what is saved changes its meaning
  const std::type_info* type;
  SavedFields (*save)(const Op& op);
  Ref<const Op> (*load)(const SavedFields& fields);
  // Raises unless run() may be called with such inputs: their number, dtypes and shapes, and the values of the fields.
  // Functions check what they are given before they make an op; what comes from a file is checked with this.
  void (*check)(const Op& op, const InputCheck& in);
};

// nullptr where there is none. An op that only passes make has no entry.
const OpEntry* entry_of(const Op& op);
const OpEntry* entry_named(std::string_view name);
std::vector<const OpEntry*> all_entries();

struct OpRegistrar {  // does nothing where the name is taken: such an op cannot be saved
  explicit OpRegistrar(const OpEntry& entry);
};

template <class Self>
OpEntry entry_for(const char* name, int version) {
  return {name,
          version,
          &typeid(Self),
          [](const Op& op) { return save_fields(static_cast<const Self&>(op)); },
          [](const SavedFields& saved) {
            return std::apply([](auto&&... field) { return Ref<const Op>(new Self(std::move(field)...)); },
                              load_fields<Self>(saved));
          },
          [](const Op& op, const InputCheck& in) { static_cast<const Self&>(op).check_inputs(in); }};
}

#define WEFT_OP_JOIN(a, b) a##b
#define WEFT_OP_VARIABLE(number) WEFT_OP_JOIN(registered_op_, number)
#define WEFT_OP_AS(Self, name, version) \
  static const ::weft::OpRegistrar WEFT_OP_VARIABLE(__COUNTER__)(::weft::entry_for<Self>(name, version))
#define WEFT_OP(Self) WEFT_OP_AS(Self, Self::kName, 1)

}  // namespace weft
