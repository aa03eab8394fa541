#include "bindings/entry_docs.h"

#include <string_view>
#include <utility>

namespace weft::python {

namespace {

constexpr const char* kNoComplex = "NotImplementedError for complex tensors.";

std::string with_example(const std::string& text, const std::string& raises, const std::string& call,
                         const char* printed) {
  return text + (raises.empty() ? "" : "\n\n" + raises) + "\n\n>>> import weft\n>>> " + call + "\n" + printed + "\n";
}

// What an entry says of errors joins what its columns say of them.
std::string described(std::string doc, const std::string& dtypes, std::string& raises) {
  if (const size_t own = doc.find(" Raises "); own != std::string::npos) {
    constexpr std::string_view kStart = "Raises RuntimeError ";
    std::string errors = doc.substr(own + 1);
    if (errors.starts_with(kStart) && raises.starts_with(kStart))
      errors = errors.substr(0, errors.size() - 1) + ", and " + raises.substr(kStart.size());
    else if (!raises.empty())
      errors += " " + raises;
    raises = std::move(errors);
    doc.erase(own);
  }
  return doc + dtypes;
}

EntryDocs docs_of(const EntryFacts& facts, const std::string& dtypes, std::string raises,
                  const std::string& raises_in_place, bool truth, const std::string& name, const char* place) {
  if (!*facts.doc) return {};
  const std::string doc = described(facts.doc, dtypes, raises), given = facts.given, other = facts.other;
  const std::string in_place =
      name + "() in place" + (truth ? ": 1 where it holds and 0 elsewhere, in the dtype of this tensor." : ".");
  const std::string both = given + (other.empty() ? "" : ", ") + other;
  return {
      with_example(doc, raises, place + name + "(" + both + ")", facts.printed),
      with_example(doc, raises, given + "." + name + "(" + other + ")", facts.printed),
      with_example(in_place, raises_in_place, given + "." + name + "_(" + other + ")" + (truth ? ".bool()" : ""),
                   facts.printed),
  };
}

}  // namespace

EntryDocs unary_docs(const EntryFacts& facts, scalar::Result result, const std::string& name, const char* place) {
  const std::string no_complex = std::string("Raises ") + kNoComplex;
  std::string dtypes, raises_in_place = facts.complex_in_place ? "" : no_complex;
  if (result == scalar::Result::Bool) dtypes = " The result is bool.";
  if (result == scalar::Result::Float) {
    dtypes = " Integers and bools give floats of the default dtype";
    dtypes += facts.complex ? "; complex numbers stay complex." : ".";
    raises_in_place = "Raises RuntimeError for integers and bools, whose dtype cannot hold floats";
    raises_in_place += facts.complex_in_place ? "." : std::string(", ") + kNoComplex;
  }
  return docs_of(facts, dtypes, facts.complex ? "" : no_complex, raises_in_place, result == scalar::Result::Bool, name,
                 place);
}

EntryDocs binary_docs(const EntryFacts& facts, scalar::BinaryResult result, const std::string& name) {
  const bool truth = result == scalar::BinaryResult::Bool, whole = result == scalar::BinaryResult::Integer;
  std::string dtypes = " The operands are broadcast",
              raises = "Raises RuntimeError for shapes that cannot be broadcast";
  dtypes += truth                                     ? "; the result is bool."
            : result == scalar::BinaryResult::Divided ? "; integers and bools give floats of the default dtype."
                                                      : " and promoted to one dtype.";
  if (whole) raises += " and for floating point tensors";
  raises += facts.complex ? "." : std::string(", ") + kNoComplex;
  std::string raises_in_place = "Raises RuntimeError where the result has another shape than this tensor";
  raises_in_place += truth ? "." : ", or a dtype that cannot be stored in it.";
  return docs_of(facts, dtypes, raises, raises_in_place, truth, name, "weft.");
}

EntryDocs activation_docs(const EntryFacts& facts, scalar::Result result, const std::string& name) {
  constexpr const char* kPlace = "weft.nn.functional.";
  std::string raises = std::string("Raises ") + kNoComplex;
  if (result == scalar::Result::Float)
    raises = "Raises RuntimeError for integers and bools" + (facts.complex ? "." : std::string(", ") + kNoComplex);
  EntryDocs docs = docs_of(facts, " inplace=True writes the result over input.", raises, "", false, name, kPlace);
  docs.in_place = docs_of(facts, " Written over input.", raises, "", false, name + "_", kPlace).function;
  return docs;
}

}  // namespace weft::python
