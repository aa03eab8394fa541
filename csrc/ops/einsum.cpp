// einsum, tensordot and kron: sums of products by named dims, as permutations around matmul.
#include <algorithm>
#include <array>

#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/reduction.h"

namespace weft {

namespace {

// Labels: 0..51 are the letters, the dims of an ellipsis follow, counted from the right.
constexpr int kLetters = 52;
constexpr int kLabels = kLetters + kMaxDims;
using Labels = std::vector<int>;

int letter_label(char c) {
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 26;
  return -1;
}
std::string label_name(int label) {
  if (label >= kLetters) return "...";
  return std::string(1, static_cast<char>(label < 26 ? 'a' + label : 'A' + label - 26));
}

bool contains(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

// One side of a product: a tensor and the label of each of its dims.
struct Term {
  Tensor tensor;
  Labels labels;

  int dim_of(int label) const {
    return static_cast<int>(std::find(labels.begin(), labels.end(), label) - labels.begin());
  }
  void drop(int dim) { labels.erase(labels.begin() + dim); }
};

class Equation {
 public:
  Equation(const std::string& text, const std::vector<Tensor>& operands) : text_(text) {
    sizes_.fill(-1);
    std::string compact;
    for (char c : text)
      if (c != ' ') compact += c;
    const size_t arrow = compact.find("->");
    read_operands(compact.substr(0, arrow), operands);
    if (arrow != std::string::npos)
      read_result(compact.substr(arrow + 2));
    else
      imply_result();
  }
  std::vector<Term> terms;
  Labels result;
  int64_t size(int label) const { return sizes_[static_cast<size_t>(label)]; }

 private:
  template <class... Parts>
  [[noreturn]] void fail_here(const Parts&... parts) const {
    fail("einsum: ", parts..., " (equation '", text_, "')");
  }

  // Reads one list of letters; an ellipsis stands for `ellipsis` dims.
  Labels read_labels(const std::string& part, int ellipsis) const {
    Labels labels;
    bool seen = false;
    for (size_t i = 0; i < part.size(); i++) {
      if (part.compare(i, 3, "...") == 0) {
        if (seen) fail_here("'...' appears twice in '", part, "'");
        seen = true;
        for (int d = ellipsis; d > 0; d--) labels.push_back(kLetters + d - 1);
        i += 2;
        continue;
      }
      const int label = letter_label(part[i]);
      if (label < 0) fail_here("expected letters, ',', '->' and '...', got '", part[i], "'");
      labels.push_back(label);
    }
    return labels;
  }

  void read_operands(const std::string& left, const std::vector<Tensor>& operands) {
    std::vector<std::string> parts(1);
    for (char c : left)
      if (c == ',')
        parts.emplace_back();
      else
        parts.back() += c;
    if (parts.size() != operands.size()) fail_here("expected ", parts.size(), " operands, got ", operands.size());
    for (size_t i = 0; i < parts.size(); i++) {
      const Tensor& x = operands[i];
      const int letters =
          static_cast<int>(std::count_if(parts[i].begin(), parts[i].end(), [](char c) { return c != '.'; }));
      const bool has_ellipsis = parts[i].find("...") != std::string::npos;
      const int ellipsis = has_ellipsis ? x.ndim() - letters : 0;
      Term term{x, read_labels(parts[i], std::max(ellipsis, 0))};
      if (ellipsis < 0 || static_cast<int>(term.labels.size()) != x.ndim())
        fail_here("'", parts[i], "' does not name the ", x.ndim(), " dims of operand ", i, " of shape ", x.shape());
      ellipsis_ = std::max(ellipsis_, ellipsis);
      for (int d = 0; d < x.ndim(); d++) set_size(term.labels[static_cast<size_t>(d)], x.size(d), i, x);
      terms.push_back(std::move(term));
    }
  }

  void set_size(int label, int64_t size, size_t operand, const Tensor& x) {
    int64_t& known = sizes_[static_cast<size_t>(label)];
    if (known == -1 || known == 1) {
      known = size;
    } else if (size != 1 && size != known) {
      fail_here("'", label_name(label), "' has size ", known, " in an operand before, but ", size, " in operand ",
                operand, " of shape ", x.shape());
    }
  }

  void read_result(const std::string& right) {
    result = read_labels(right, ellipsis_);
    for (size_t i = 0; i < result.size(); i++) {
      if (size(result[i]) < 0) fail_here("'", label_name(result[i]), "' of the result is in no operand");
      if (std::count(result.begin(), result.end(), result[i]) > 1)
        fail_here("'", label_name(result[i]), "' appears twice in the result");
    }
  }

  // The ellipsis, then the letters that appear once, in alphabetical order (capitals first, as in ASCII).
  void imply_result() {
    for (int d = ellipsis_; d > 0; d--) result.push_back(kLetters + d - 1);
    for (int i = 0; i < kLetters; i++) {
      const int label = i < 26 ? i + 26 : i - 26;
      size_t uses = 0;
      for (const Term& t : terms) uses += static_cast<size_t>(std::count(t.labels.begin(), t.labels.end(), label));
      if (uses == 1) result.push_back(label);
    }
  }

  std::string text_;
  int ellipsis_ = 0;
  std::array<int64_t, kLabels> sizes_;
};

// The diagonal of two dims of equal size, as the last dim.
Tensor diagonal_to_end(const Tensor& x, int dim0, int dim1) {
  Shape shape = x.shape();
  Strides strides = x.strides();
  const int64_t size = shape[dim0], stride = strides[dim0] + strides[dim1];
  shape.erase(dim1), strides.erase(dim1);
  shape.erase(dim0), strides.erase(dim0);
  shape.push_back(size), strides.push_back(stride);
  return as_strided(x, shape, strides, x.offset());
}

// Takes the diagonal of labels that appear twice in a term.
void take_diagonals(Term& term) {
  for (size_t i = 0; i < term.labels.size(); i++)
    for (size_t j = i + 1; j < term.labels.size(); j++) {
      if (term.labels[i] != term.labels[j]) continue;
      const int label = term.labels[i];
      check(term.tensor.size(static_cast<int>(i)) == term.tensor.size(static_cast<int>(j)), "einsum: '",
            label_name(label), "' names dims of sizes ", term.tensor.size(static_cast<int>(i)), " and ",
            term.tensor.size(static_cast<int>(j)), " of one operand");
      term.tensor = diagonal_to_end(term.tensor, static_cast<int>(i), static_cast<int>(j));
      term.drop(static_cast<int>(j));
      term.drop(static_cast<int>(i));
      term.labels.push_back(label);
      i--;
      break;
    }
}

// Dims of size 1 that are broadcast to other operands' size take no part in products.
void drop_broadcast_dims(Term& term, const Equation& equation) {
  for (int d = static_cast<int>(term.labels.size()) - 1; d >= 0; d--)
    if (term.tensor.size(d) == 1 && equation.size(term.labels[static_cast<size_t>(d)]) != 1) {
      term.tensor = squeeze(term.tensor, d);
      term.drop(d);
    }
}

// Sums over the labels that nothing after this term needs.
void sum_unused(Term& term, const Labels& needed) {
  Shape kept = term.tensor.shape(), shape;
  Labels rest;
  for (size_t d = 0; d < term.labels.size(); d++) {
    if (contains(needed, term.labels[d])) {
      rest.push_back(term.labels[d]);
      shape.push_back(kept[static_cast<int>(d)]);
    } else {
      kept[static_cast<int>(d)] = 1;
    }
  }
  if (rest.size() < term.labels.size()) term = {reshape(sum_to(term.tensor, kept), shape), rest};
}

// The tensor with its dims in the order of `labels`, which has all of them.
Tensor arrange(const Term& term, const Labels& labels) {
  Dims order;
  bool same = true;
  for (size_t i = 0; i < labels.size(); i++) {
    order.push_back(term.dim_of(labels[i]));
    same = same && order.back() == static_cast<int64_t>(i);
  }
  return same ? term.tensor : permute(term.tensor, order);
}

// The tensor with a dim for each of `labels`, of size 1 where it lacks the label.
Tensor spread(const Term& term, const Labels& labels) {
  Labels own;
  for (int label : labels)
    if (contains(term.labels, label)) own.push_back(label);
  Tensor x = arrange(term, own);
  for (size_t i = 0; i < labels.size(); i++)
    if (!contains(term.labels, labels[i])) x = unsqueeze(x, static_cast<int64_t>(i));
  return x;
}

int64_t product_of_sizes(const Term& term, const Labels& labels) {
  int64_t n = 1;
  for (int label : labels) n *= term.tensor.size(term.dim_of(label));
  return n;
}

Labels join(const Labels& a, const Labels& b) {
  Labels all = a;
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

// a and b multiplied and summed over the labels that are in both and not in `needed`.
Term multiply(Term a, Term b, const Labels& needed) {
  sum_unused(a, join(needed, b.labels));
  sum_unused(b, join(needed, a.labels));
  Labels batch, contracted, left, right;
  for (int label : a.labels)
    (!contains(b.labels, label) ? left : contains(needed, label) ? batch : contracted).push_back(label);
  for (int label : b.labels)
    if (!contains(a.labels, label)) right.push_back(label);
  const Labels result = join(batch, join(left, right));
  if (contracted.empty()) return {mul(spread(a, result), spread(b, result)), result};
  Shape shape;
  for (int label : result) {
    const Term& from = contains(a.labels, label) ? a : b;
    shape.push_back(from.tensor.size(from.dim_of(label)));
  }
  const int64_t count = product_of_sizes(a, batch), inner = product_of_sizes(a, contracted);
  const int64_t rows = product_of_sizes(a, left), columns = product_of_sizes(b, right);
  Tensor x = arrange(a, join(batch, join(left, contracted))), y = arrange(b, join(batch, join(contracted, right)));
  Tensor z = batch.empty() ? matmul(reshape(x, {rows, inner}), reshape(y, {inner, columns}))
                           : matmul(reshape(x, {count, rows, inner}), reshape(y, {count, inner, columns}));
  return {reshape(z, shape), result};
}

// The pair of terms whose product is smallest; the first of equals.
std::pair<size_t, size_t> choose_pair(const Equation& equation, const std::vector<Term>& terms) {
  std::pair<size_t, size_t> best{0, 1};
  double best_size = -1;
  for (size_t i = 0; i < terms.size(); i++)
    for (size_t j = i + 1; j < terms.size(); j++) {
      Labels needed = equation.result;
      for (size_t k = 0; k < terms.size(); k++)
        if (k != i && k != j) needed = join(needed, terms[k].labels);
      double size = 1;
      for (int label = 0; label < kLabels; label++)
        if ((contains(terms[i].labels, label) || contains(terms[j].labels, label)) && contains(needed, label))
          size *= static_cast<double>(equation.size(label));
      if (best_size < 0 || size < best_size) best_size = size, best = {i, j};
    }
  return best;
}

}  // namespace

Tensor einsum(const std::string& text, const std::vector<Tensor>& operands) {
  check(!operands.empty(), "einsum: expected at least one operand (equation '", text, "')");
  Equation equation(text, operands);
  std::vector<Term>& terms = equation.terms;
  for (Term& term : terms) {
    take_diagonals(term);
    drop_broadcast_dims(term, equation);
  }
  while (terms.size() > 1) {
    const auto [i, j] = terms.size() == 2 ? std::pair<size_t, size_t>{0, 1} : choose_pair(equation, terms);
    Labels needed = equation.result;
    for (size_t k = 0; k < terms.size(); k++)
      if (k != i && k != j) needed = join(needed, terms[k].labels);
    terms[i] = multiply(std::move(terms[i]), std::move(terms[j]), needed);
    terms.erase(terms.begin() + static_cast<int64_t>(j));
  }
  sum_unused(terms[0], equation.result);
  return spread(terms[0], equation.result);
}

Tensor tensordot(const Tensor& given_a, const Tensor& given_b, const Dims& dims_a, const Dims& dims_b) {
  Tensor a = given_a, b = given_b;
  check(dims_a.size() == dims_b.size(), "tensordot: expected as many dims of the left tensor as of the right, got ",
        dims_a.size(), " and ", dims_b.size());
  Dims left, right, inner_a, inner_b;
  for (int64_t d : dims_a) inner_a.push_back(normalize_dim("tensordot", d, a.ndim()));
  for (int64_t d : dims_b) inner_b.push_back(normalize_dim("tensordot", d, b.ndim()));
  int64_t inner = 1, rows = 1, columns = 1;
  Shape shape;
  for (int i = 0; i < inner_a.size(); i++) {
    const int64_t n_a = a.size(static_cast<int>(inner_a[i])), n_b = b.size(static_cast<int>(inner_b[i]));
    check(n_a == n_b || n_a == 1 || n_b == 1, "tensordot: dim ", inner_a[i], " of shape ", a.shape(), " and dim ",
          inner_b[i], " of shape ", b.shape(), " must have the same size");
    // One element for all of the other's: those can be summed first.
    if (n_a == 1 && n_b != 1) b = sum(b, {inner_b[i]}, true, b.dtype());
    if (n_b == 1 && n_a != 1) a = sum(a, {inner_a[i]}, true, a.dtype());
    inner *= a.size(static_cast<int>(inner_a[i]));
  }
  auto is_inner = [](const Dims& dims, int d) { return std::find(dims.begin(), dims.end(), d) != dims.end(); };
  for (int d = 0; d < a.ndim(); d++) {
    if (is_inner(inner_a, d)) continue;
    left.push_back(d);
    shape.push_back(a.size(d));
    rows *= a.size(d);
  }
  for (int d = 0; d < b.ndim(); d++) {
    if (is_inner(inner_b, d)) continue;
    right.push_back(d);
    shape.push_back(b.size(d));
    columns *= b.size(d);
  }
  for (int64_t d : inner_a) left.push_back(d);
  Dims order = inner_b;
  for (int64_t d : right) order.push_back(d);
  check(left.size() == a.ndim() && order.size() == b.ndim(), "tensordot: a dim appears twice in ", dims_a, " or ",
        dims_b);
  return reshape(matmul(reshape(permute(a, left), {rows, inner}), reshape(permute(b, order), {inner, columns})), shape);
}

Tensor kron(const Tensor& a, const Tensor& b) {
  const int ndim = std::max(a.ndim(), b.ndim());
  Shape left, right, shape;
  for (int d = 0; d < ndim; d++) {
    const int64_t m = d < ndim - a.ndim() ? 1 : a.size(d - (ndim - a.ndim()));
    const int64_t n = d < ndim - b.ndim() ? 1 : b.size(d - (ndim - b.ndim()));
    left.push_back(m);
    left.push_back(1);
    right.push_back(1);
    right.push_back(n);
    shape.push_back(m * n);
  }
  return reshape(mul(reshape(a, left), reshape(b, right)), shape);
}

Tensor bilinear(const Tensor& a, const Tensor& b, const Tensor& weight, const Tensor& bias) {
  check(weight.ndim() == 3, "bilinear: expected a weight of 3 dims, got shape ", weight.shape());
  check(a.ndim() > 0 && b.ndim() > 0 && a.size(-1) == weight.size(1) && b.size(-1) == weight.size(2),
        "bilinear: weight of shape ", weight.shape(), " expects inputs of ", weight.size(1), " and ", weight.size(2),
        " features, got shapes ", a.shape(), " and ", b.shape());
  Tensor result = einsum("...i,oij,...j->...o", {a, weight, b});
  return bias.defined() ? add(result, bias) : result;
}

}  // namespace weft
