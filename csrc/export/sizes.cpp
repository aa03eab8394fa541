#include "export/sizes.h"

#include <algorithm>
#include <set>

#include "export/file.h"
#include "export/parse.h"
#include "export/reader.h"

namespace weft::exported {

namespace {

constexpr const char *kSize = "$size", *kRatio = "$ratio";
constexpr int64_t kLargest = int64_t{1} << 62;
constexpr int64_t kMostSize = int64_t{1} << 31;
constexpr size_t kKept = 64;  // programs for sizes

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int64_t polynomial(const Json& terms, const std::vector<int64_t>& atoms) {
  __int128 sum = 0;
  for (const Json& term : list(terms, "a size")) {
    check<ErrorKind::Value>(term.is_array() && !term.empty() && term.size() <= 8, "a size is no sum of products");
    __int128 product = integer(term[0], "a factor");
    for (size_t i = 1; i < term.size(); i++) {
      product *= atoms[static_cast<size_t>(integer_in(term[i], "an atom", 0, static_cast<int64_t>(atoms.size())))];
      check<ErrorKind::Value>(product < kLargest && product > -kLargest, "a size is too large");
    }
    sum += product;
  }
  check<ErrorKind::Value>(sum < kLargest && sum > -kLargest, "a size is too large");
  return static_cast<int64_t>(sum);
}

Json with_sizes(const Json& json, const std::vector<int64_t>& atoms) {
  if (json.is_object() && json.contains(kSize)) return polynomial(json[kSize], atoms);
  if (json.is_object() && json.contains(kRatio)) {
    check<ErrorKind::Value>(list(json[kRatio], "a ratio").size() == 2, "a ratio is not that of two numbers");
    const int64_t above = polynomial(json[kRatio][0], atoms), below = polynomial(json[kRatio][1], atoms);
    check<ErrorKind::Value>(below != 0, "a ratio is one to zero");
    return static_cast<double>(above) / static_cast<double>(below);
  }
  if (!json.is_structured()) return json;
  Json copy = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, item] : json.items()) {
    if (json.is_array())
      copy.push_back(with_sizes(item, atoms));
    else
      copy[key] = with_sizes(item, atoms);
  }
  return copy;
}

}  // namespace

struct Sizes::Case {
  std::vector<int64_t> fixed;  // -1: any from 2 on
  Json described;

  bool fits(const std::vector<int64_t>& sizes) const {
    for (size_t i = 0; i < sizes.size(); i++)
      if (fixed[i] < 0 ? sizes[i] < 2 : fixed[i] != sizes[i]) return false;
    return true;
  }
  std::vector<int64_t> atoms_of(const std::vector<int64_t>& sizes) const {
    std::vector<int64_t> atoms;
    for (const Json& atom : list(member(described, "atoms"), "atoms")) {
      check<ErrorKind::Value>(atom.is_array() && atom.size() == 3, "an atom is no size with two numbers");
      const int64_t size =
          sizes[static_cast<size_t>(integer_in(atom[0], "a size", 0, static_cast<int64_t>(sizes.size())))];
      const int64_t more = integer_in(atom[1], "what is added to a size", -kMostSize, kMostSize);
      atoms.push_back(floor_divide(size + more, integer_in(atom[2], "a divisor", 1, kMostSize)));
    }
    return atoms;
  }
};

Sizes::Sizes(const std::string& described, const std::vector<std::string>& arguments)
    : text_(described), arguments_(arguments) {
  const Json json = parse(described, "its sizes");
  std::set<std::string> names;
  for (const Json& d : list(member(json, "dims"), "dims")) {
    Dim dim{text(member(d, "name"), "the name of a dimension")};
    dim.least = integer_in(member(d, "min"), "the smallest size", 0, kMostSize);
    dim.most = integer_in(member(d, "max"), "the largest size", dim.least, kMostSize);
    check<ErrorKind::Value>(names.insert(dim.name).second, "two dimensions have the name ", dim.name.substr(0, 100));
    dims_.push_back(std::move(dim));
  }
  std::vector<char> placed(dims_.size(), 0);
  for (const Json& p : list(member(json, "places"), "places")) {
    check<ErrorKind::Value>(p.is_array() && p.size() == 3, "a place of a size is not three numbers");
    Place place;
    place.argument = static_cast<size_t>(integer_in(p[0], "an argument", 0, static_cast<int64_t>(arguments_.size())));
    place.dim = static_cast<int>(integer_in(p[1], "a dimension", 0, kMaxDims));
    place.size = static_cast<size_t>(integer_in(p[2], "a size", 0, static_cast<int64_t>(dims_.size())));
    placed[place.size] = 1;
    places_.push_back(place);
  }
  check<ErrorKind::Value>(std::find(placed.begin(), placed.end(), 0) == placed.end(), "a size is that of no argument");
  for (const Json& c : list(member(json, "cases"), "cases")) {
    Case one;
    for (const Json& fixed : list(member(c, "fixed"), "fixed sizes"))
      one.fixed.push_back(fixed.is_null() ? -1 : integer_in(fixed, "a fixed size", 0, kMostSize));
    check<ErrorKind::Value>(one.fixed.size() == dims_.size(), "a case does not say which sizes it is for");
    one.described = c;
    cases_.push_back(std::move(one));
  }
}

Sizes::~Sizes() = default;

std::vector<int64_t> Sizes::of(const std::vector<Tensor>& given) const {
  std::vector<int64_t> sizes(dims_.size(), -1);
  std::vector<size_t> from(dims_.size(), 0);
  for (const Place& place : places_) {
    const Tensor& t = given[place.argument];
    const std::string& name = arguments_[place.argument];
    const Dim& dim = dims_[place.size];
    check<ErrorKind::Type>(t.defined(), "program: argument '", name, "' is not given");
    check<ErrorKind::Value>(place.dim < t.ndim(), "program: argument '", name, "' has no dimension ", place.dim, " (",
                            dim.name, "), its shape is ", t.shape());
    const int64_t size = t.size(place.dim);
    int64_t& known = sizes[place.size];
    check<ErrorKind::Value>(known < 0 || known == size, "program: argument '", name, "' has ", dim.name, "=", size,
                            " in dimension ", place.dim, ", but argument '", arguments_[from[place.size]], "' has ",
                            known);
    check<ErrorKind::Value>(size >= dim.least && size <= dim.most, "program: argument '", name, "' has ", dim.name, "=",
                            size, " in dimension ", place.dim, "; the program was exported for ", dim.least, " to ",
                            dim.most);
    if (known < 0) from[place.size] = place.argument;
    known = size;
  }
  return sizes;
}

const Sizes::Case& Sizes::case_of(const std::vector<int64_t>& sizes) const {
  for (const Case& c : cases_)
    if (c.fits(sizes)) return c;
  std::string text;
  for (size_t i = 0; i < sizes.size(); i++) text += concat(text.empty() ? "" : ", ", dims_[i].name, "=", sizes[i]);
  fail<ErrorKind::Value>("program: there is no graph for ", text);
}

Ref<Program> Sizes::make(const std::vector<int64_t>& sizes, const Program& base) const {
  const Case& c = case_of(sizes);
  Json json = parse(to_json(base), "the program");
  json.erase("dynamic");
  json["ops"] = member(c.described, "ops");
  json["graph"] = with_sizes(member(c.described, "graph"), c.atoms_of(sizes));
  const std::vector<std::pair<std::string, Tensor>> tensors = tensors_of(base);
  return program_from_json(json.dump(), [&](const std::string& name, const graph::Value& type) {
    for (const auto& [own, tensor] : tensors)
      if (own == name && same_type(graph::type_of(tensor), type)) return tensor;
    fail<ErrorKind::Value>("the tensor ", name.substr(0, 200), " is missing");
  });
}

Ref<Program> Sizes::at(const std::vector<int64_t>& sizes, const Program& base) const {
  std::lock_guard lock(mutex_);
  Made& made = made_[sizes];
  made.last_use = ++uses_;
  if (made.program) return made.program;
  try {
    made.program = make(sizes, base);
  } catch (...) {
    made_.erase(sizes);
    throw;
  }
  const Ref<Program> program = made.program;
  if (made_.size() > kKept)
    made_.erase(std::min_element(made_.begin(), made_.end(),
                                 [](const auto& a, const auto& b) { return a.second.last_use < b.second.last_use; }));
  return program;
}

void Sizes::check_cases(const Program& base) const {
  for (const Case& c : cases_) {
    std::vector<int64_t> sizes;
    for (size_t i = 0; i < dims_.size(); i++)
      sizes.push_back(c.fixed[i] >= 0 ? c.fixed[i] : std::max<int64_t>(dims_[i].least, 2));
    const Ref<Program> program = make(sizes, base);
    for (const Place& place : places_) {
      const graph::Value& type = program->argument_type(place.argument);
      check<ErrorKind::Value>(place.dim < type.shape.size() && type.shape[place.dim] == sizes[place.size],
                              "its sizes are not those of its arguments");
    }
  }
}

}  // namespace weft::exported
