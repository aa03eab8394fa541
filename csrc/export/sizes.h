// Sizes: a program for a range of sizes. Its graph is kept as a template, whose numbers are polynomials of the sizes of
// a call; a graph for given sizes is made of it, and checked like any other that comes from a file.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/ref.h"
#include "tensor/tensor.h"

namespace weft::exported {

class Program;

class Sizes {
 public:
  struct Dim {
    std::string name;
    int64_t least = 1, most = 1;
  };
  // Dimension `dim` of an argument has the size number `size`.
  struct Place {
    size_t argument = 0;
    int dim = 0;
    size_t size = 0;
  };

  // JSON: {"dims": [{"name", "min", "max"}], "places": [[argument, dim, size]], "cases": [case]}. A case is for sizes
  // that are `fixed`, each a size or null for one from 2 on: {"fixed", "atoms", "ops", "graph"}. An atom [size, add,
  // divisor] is floor((size + add) / divisor); in the graph {"$size": [[factor, atom, ...], ...]} is a sum of products
  // of atoms, {"$ratio": [sum, sum]} a quotient. Raises ValueError for anything else.
  Sizes(const std::string& json, const std::vector<std::string>& arguments);
  ~Sizes();

  const std::string& json() const { return text_; }
  const std::vector<Dim>& dims() const { return dims_; }
  const std::vector<Place>& places() const { return places_; }

  // Raises ValueError that names an argument whose size is out of range, or another one than an argument's before it.
  std::vector<int64_t> of(const std::vector<Tensor>& given) const;
  // The program for these sizes, with the tensors of `base`. The last ones used are kept.
  Ref<Program> at(const std::vector<int64_t>& sizes, const Program& base) const;
  // One program of each case. Raises what is wrong with it.
  void check_cases(const Program& base) const;

 private:
  struct Case;
  const Case& case_of(const std::vector<int64_t>& sizes) const;
  Ref<Program> make(const std::vector<int64_t>& sizes, const Program& base) const;

  std::string text_;
  std::vector<std::string> arguments_;
  std::vector<Dim> dims_;
  std::vector<Place> places_;
  std::vector<Case> cases_;
  mutable std::mutex mutex_;
  struct Made {
    Ref<Program> program;
    uint64_t last_use = 0;
  };
  mutable std::map<std::vector<int64_t>, Made> made_;
  mutable uint64_t uses_ = 0;
};

}  // namespace weft::exported
