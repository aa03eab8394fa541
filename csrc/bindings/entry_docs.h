// Docstrings of the functions in the lists of elementwise functions (kernels/scalar/unary.h, binary.h): what an entry
// says of itself, what follows from its columns, and its example. Empty where an entry says nothing.
#pragma once

#include <string>

#include "kernels/scalar/binary.h"

namespace weft::python {

struct EntryDocs {
  std::string function, method, in_place;
};

struct EntryFacts {
  const char *doc, *given, *other, *printed;  // other: "" of functions of one tensor
  bool complex, complex_in_place;             // is it defined for complex numbers?
};
EntryDocs unary_docs(const EntryFacts& facts, scalar::Result result, const std::string& name, const char* place);
EntryDocs binary_docs(const EntryFacts& facts, scalar::BinaryResult result, const std::string& name);
EntryDocs activation_docs(const EntryFacts& facts, scalar::Result result, const std::string& name);

template <class Entry>
EntryFacts unary_facts() {
  using namespace scalar;
  constexpr bool complex = contains<Entry>(ComplexUnaryList{});
  // of_complex() in ops/complex.h knows these two, but not in place.
  return {Entry::doc, Entry::given, "", Entry::printed, complex || contains<Entry>(EntryList<Abs, Softsign>{}),
          complex};
}

// Of weft.<name>, Tensor.<name> and Tensor.<name>_. `place` is what stands in front of the function's name.
template <class Entry>
EntryDocs unary_docs(const char* place = "weft.") {
  return unary_docs(unary_facts<Entry>(), Entry::result, Entry::name, place);
}
template <class Entry>
EntryDocs binary_docs(const char* name = Entry::name) {
  using namespace scalar;
  constexpr bool complex = contains<Entry>(ComplexBinaryList{});
  return binary_docs({Entry::doc, Entry::given, Entry::other, Entry::printed,
                      complex || contains<Entry>(EntryList<Logaddexp>{}), complex},
                     Entry::result, name);
}
// Of weft.nn.functional.<name> and <name>_.
template <class Entry>
EntryDocs activation_docs(const char* name) {
  return activation_docs(unary_facts<Entry>(), Entry::result, name);
}

}  // namespace weft::python
