// Program: a traced function with the tensors it holds. Needs no Python: it is run from C++ as from Python, saved to
// one file and loaded from it (export/file.h).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/ref.h"
#include "export/sizes.h"
#include "graph/function.h"
#include "graph/program.h"

namespace weft::exported {

// A tensor that the program holds and may change.
struct State {
  enum class Kind : uint8_t { Parameter, Buffer, Constant };
  Kind kind = Kind::Constant;
  std::string name;
  std::vector<std::string> aliases{};  // other names of the same tensor
  Tensor tensor{};
  bool persistent = true;  // of a buffer: is it in state_dict()?
};

class Program : public RefCounted {
 public:
  // `traced`: inputs that are captured are tensors of `state`; every argument is an input. Raises ValueError unless.
  Program(graph::Program traced, std::vector<std::string> arguments, std::vector<State> state);

  // The results. Parameters and buffers that the program changes are changed, and arguments likewise. Results take no
  // part in autograd. Raises ValueError (TypeError for a dtype) that names an argument that does not fit.
  std::vector<Tensor> run(const std::vector<Tensor>& arguments) const;

  const graph::Program& traced() const { return traced_; }
  const graph::Graph& graph() const { return traced_.graph(); }
  const std::vector<std::string>& arguments() const { return arguments_; }
  const graph::Value& argument_type(size_t i) const;
  const std::vector<State>& state() const { return state_; }
  // The place in state() of the tensor behind an input of the graph; -1: an argument or a constant.
  int state_of(size_t input) const;
  // What is known of the signature beside the tensors, for whoever calls it: text of its own (Python keeps trees of
  // containers there).
  std::string signature{};

  // Has the program run for all sizes that these know of; its own graph is then that of an example. Raises ValueError
  // for what does not fit together.
  void set_sizes(const std::string& json);
  const Sizes* sizes() const { return sizes_.get(); }

 private:
  Tensor fitting(size_t i, const Tensor& given) const;
  void check_apart(const std::vector<Tensor>& given) const;
  const graph::Function& function() const;

  graph::Program traced_;
  std::vector<std::string> arguments_;
  std::vector<State> state_;
  std::vector<int> inputs_;     // of every argument
  std::vector<char> in_place_;  // of every argument: is its memory changed, or a part of a result?
  std::vector<char> updated_;
  std::unique_ptr<const Sizes> sizes_;
  mutable std::mutex mutex_;
  mutable Ref<graph::Function> function_;
};

// A traced function whose captured tensors are known by these states, each the original with its name. The program gets
// copies of them (with `share` themselves: to look at), and of tensors that have no name as constants. Raises
// ValueError for what a program cannot hold.
Ref<Program> make_program(const graph::Program& traced, std::vector<std::string> arguments, std::vector<State> state,
                          bool share = false);

}  // namespace weft::exported
