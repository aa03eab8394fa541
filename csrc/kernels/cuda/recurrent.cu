// Recurrent layers: for each time step a product with the weight, by the kernel of the matmul family, and a kernel over
// the gates.
#include "kernels/recurrent.h"

#include <utility>

#include "kernels/cuda/launch.h"
#include "kernels/matmul.h"
#include "kernels/scalar/recurrent.h"

namespace weft::cuda {
namespace {

template <class T>
T* row_of(const StridedView& v, int64_t row, int64_t size) {
  return v.data ? v.as<T>() + row * size : nullptr;
}

// A matrix of adjacent rows, and the forms in which a product takes it.
struct Operand {
  int64_t shape[2], strides[2];
  StridedView view;
  Operand(void* data, int64_t rows, int64_t columns, DType dtype)
      : shape{rows, columns}, strides{columns, 1}, view{data, shape, strides, 2, dtype} {}
  Operand(const Operand&) = delete;
  Operand& transposed() {
    std::swap(shape[0], shape[1]);
    std::swap(strides[0], strides[1]);
    return *this;
  }
  Operand& repeated() {  // one row for all
    strides[0] = 0;
    return *this;
  }
};

// c(m, n) = [base +] a(m, k) b, where b is (k, n) or, with `turned`, (n, k). base: a matrix like c or, with `row`, one
// row; nullptr: none. Not c itself.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, const T* a, const StridedView& b, bool turned, T* c, const T* base,
              bool row = false) {
  const DType t = dtype_of<T>;
  Operand left(const_cast<T*>(a), m, k, t), right(b.data, turned ? n : k, turned ? k : n, t), out(c, m, n, t),
      start(const_cast<T*>(base), m, n, t);
  if (turned) right.transposed();
  if (row) start.repeated();
  matmul_kernel(kernel_device(), out.view, left.view, right.view, base ? start.view : StridedView{});
}

template <class T>
void copy_rows(T* to, const T* from, int64_t count) {
  if (count > 0)
    check(cudaMemcpyAsync(to, from, static_cast<size_t>(count) * sizeof(T), cudaMemcpyDeviceToDevice, stream()),
          "cudaMemcpyAsync");
}
template <class T>
void fill_rows(T* to, const T* from, int64_t count) {
  if (from) return copy_rows(to, from, count);
  if (count > 0) check(cudaMemsetAsync(to, 0, static_cast<size_t>(count) * sizeof(T), stream()), "cudaMemsetAsync");
}

// --- forward --------------------------------------------------------------------------------------------------------

// gates: pre-activations; of m sequences. state: nullptr where y is projected first.
template <class T>
__global__ void lstm_gates(T* gates, T* c, T* kept, T* y, T* state, int64_t m, int64_t n) {
  for (int64_t at = first_item(); at < m * n; at += item_step()) {
    T* own = gates + at / n * 4 * n + at % n;
    T cell = c[at];
    const T h = scalar::lstm_step(own[0], own[n], own[2 * n], own[3 * n], cell);
    c[at] = cell;
    y[at] = h;
    if (kept) kept[at] = cell;
    if (state) state[at] = h;
  }
}

template <class T>
__global__ void gru_gates(const T* pre, const T* hidden, T* gates, T* y, T* state, int64_t m, int64_t n) {
  for (int64_t at = first_item(); at < m * n; at += item_step()) {
    const int64_t first = at / n * 3 * n + at % n;
    T r = pre[first], z = pre[first + n], g = pre[first + 2 * n];
    const T hn = hidden[first + 2 * n];
    const T h = scalar::gru_step(r, z, g, hidden[first], hidden[first + n], hn, state[at]);
    if (gates) {
      T* own = gates + at / n * 4 * n + at % n;
      own[0] = r, own[n] = z, own[2 * n] = g, own[3 * n] = hn;
    }
    y[at] = h;
    state[at] = h;
  }
}

template <class T>
__global__ void rnn_gate(T* y, T* state, int64_t count, bool relu) {
  for (int64_t at = first_item(); at < count; at += item_step())
    y[at] = state[at] = relu ? scalar::rnn_step<true>(y[at]) : scalar::rnn_step<false>(y[at]);
}

template <class T>
void recurrent_as(const RecurrentViews& v, const RecurrentGeometry& g) {
  const int64_t n = g.hidden, width = gates_of(g.cell) * n, out = g.output;
  T *h = v.h_n.as<T>(), *c = v.c_n.as<T>();
  copy_rows(h, v.h0.as<T>(), g.batch * out);
  if (c) copy_rows(c, v.c0.as<T>(), g.batch * n);
  DeviceScratch buffer(static_cast<size_t>(g.batch * width) * sizeof(T)),
      whole(static_cast<size_t>(v.w_hr.data ? g.batch * n : 1) * sizeof(T));
  for_recurrent_steps(g, false, [&](const RecurrentStep& s) {
    const int64_t m = s.rows;
    if (m == 0) return;
    T* y = row_of<T>(v.y, s.first, out);
    const T* pre = row_of<T>(v.pre, s.first, width);
    const Grid grid = grid_for(m * n);
    if (g.cell == RecurrentCell::Lstm) {
      T* gates = v.gates.data ? row_of<T>(v.gates, s.first, width) : buffer.as<T>();
      multiply(m, width, out, h, v.w_hh, true, gates, pre);
      T* kept = row_of<T>(v.cells, s.first, n);
      launch(lstm_gates<T>, grid, gates, c, kept, v.w_hr.data ? whole.as<T>() : y, v.w_hr.data ? nullptr : h, m, n);
      if (!v.w_hr.data) return;
      multiply(m, out, n, whole.as<T>(), v.w_hr, true, y, static_cast<const T*>(nullptr));
      copy_rows(h, y, m * out);
    } else if (g.cell == RecurrentCell::Gru) {
      multiply(m, width, out, h, v.w_hh, true, buffer.as<T>(), v.b_hh.as<T>(), true);
      launch(gru_gates<T>, grid, pre, buffer.as<T>(), row_of<T>(v.gates, s.first, 4 * n), y, h, m, n);
    } else {
      multiply(m, width, out, h, v.w_hh, true, y, pre);
      launch(rnn_gate<T>, grid, y, h, m * n, g.cell == RecurrentCell::Relu);
    }
  });
}

void recurrent_cuda(const RecurrentViews& views, const RecurrentGeometry& geometry) {
  if (geometry.batch == 0) return;
  views.y.dtype == DType::Float64 ? recurrent_as<double>(views, geometry) : recurrent_as<float>(views, geometry);
}
WEFT_CUDA_KERNEL(recurrent_kernel, recurrent_cuda);

// --- backward -------------------------------------------------------------------------------------------------------

// Rows of states before a step: of the sequences that were in the step before, and of those that begin.
template <class T>
struct Before {
  const T *states, *initial;
  int64_t count;  // elements of the first kind
  WEFT_INLINE T operator[](int64_t at) const { return at < count ? states[at] : initial[at]; }
};

template <class T>
__global__ void lstm_gates_backward(const T* gates, const T* cells, Before<T> before, const T* dh, const T* d_gates,
                                    const T* d_cells, T* dc, T* d_pre, int64_t m, int64_t n) {
  for (int64_t at = first_item(); at < m * n; at += item_step()) {
    const int64_t i = at / n * 4 * n + at % n, f = i + n, g = f + n, o = g + n;
    T di = d_gates ? d_gates[i] : T(0), df = d_gates ? d_gates[f] : T(0), dg = d_gates ? d_gates[g] : T(0),
      d_o = d_gates ? d_gates[o] : T(0), cell = dc[at] + (d_cells ? d_cells[at] : T(0));
    scalar::lstm_step_backward(gates[i], gates[f], gates[g], gates[o], cells[at], before[at], dh[at], di, df, dg, d_o,
                               cell);
    d_pre[i] = di, d_pre[f] = df, d_pre[g] = dg, d_pre[o] = d_o;
    dc[at] = cell;
  }
}

// direct: the part of the gradient of the state before that does not come through the gates.
template <class T>
__global__ void gru_gates_backward(const T* gates, Before<T> before, const T* d_gates, const T* dh, T* direct, T* d_pre,
                                   T* d_hidden, int64_t m, int64_t n) {
  for (int64_t at = first_item(); at < m * n; at += item_step()) {
    const int64_t r = at / n * 4 * n + at % n, z = r + n, g = z + n, hn = g + n;
    T dr = d_gates ? d_gates[r] : T(0), dz = d_gates ? d_gates[z] : T(0), dg = d_gates ? d_gates[g] : T(0),
      dhn = d_gates ? d_gates[hn] : T(0);
    direct[at] =
        scalar::gru_step_backward(gates[r], gates[z], gates[g], gates[hn], before[at], dh[at], dr, dz, dg, dhn);
    const int64_t own = at / n * 3 * n + at % n;
    d_pre[own] = dr, d_pre[own + n] = dz, d_pre[own + 2 * n] = dg;
    d_hidden[own] = dr, d_hidden[own + n] = dz, d_hidden[own + 2 * n] = dhn;
  }
}

template <class T>
__global__ void rnn_gate_backward(const T* y, const T* dh, T* d_pre, int64_t count, bool relu) {
  for (int64_t at = first_item(); at < count; at += item_step())
    d_pre[at] = relu ? scalar::rnn_step_backward<true>(y[at], dh[at]) : scalar::rnn_step_backward<false>(y[at], dh[at]);
}

template <class T>
__global__ void add_rows(T* to, const T* from, int64_t count) {
  for (int64_t at = first_item(); at < count; at += item_step()) to[at] += from[at];
}

template <class T>
Before<T> before(const RecurrentStep& s, const StridedView& states, const StridedView& initial, int64_t size) {
  return {row_of<T>(states, s.before, size), initial.as<T>(), s.before_rows * size};
}

template <class T>
void recurrent_backward_as(const RecurrentBackwardViews& v, const RecurrentGeometry& g) {
  const int64_t n = g.hidden, width = gates_of(g.cell) * n, out = g.output;
  T *dh = v.d_h0.as<T>(), *dc = v.d_c0.as<T>();
  fill_rows(dh, v.d_h_n.as<T>(), g.batch * out);
  if (dc) fill_rows(dc, v.d_c_n.as<T>(), g.batch * n);
  // Of a GRU the direct part, of a projected LSTM the gradient before the projection.
  DeviceScratch buffer(static_cast<size_t>(g.batch * n) * sizeof(T));
  for_recurrent_steps(g, true, [&](const RecurrentStep& s) {
    const int64_t m = s.rows;
    if (m == 0) return;
    const Grid grid = grid_for(m * n);
    T* d_pre = row_of<T>(v.d_pre, s.first, width);
    if (v.d_y.data) launch(add_rows<T>, grid_for(m * out), dh, row_of<T>(v.d_y, s.first, out), m * out);
    const T* d_gates = row_of<T>(v.d_gates, s.first, 4 * n);
    if (g.cell == RecurrentCell::Gru) {
      T* d_hidden = row_of<T>(v.d_hidden, s.first, width);
      launch(gru_gates_backward<T>, grid, row_of<T>(v.gates, s.first, 4 * n), before<T>(s, v.y, v.h0, n), d_gates, dh,
             buffer.as<T>(), d_pre, d_hidden, m, n);
      return multiply(m, out, width, d_hidden, v.w_hh, false, dh, buffer.as<T>());
    }
    if (g.cell == RecurrentCell::Lstm) {
      if (v.w_hr.data) {
        copy_rows(row_of<T>(v.d_output, s.first, out), dh, m * out);
        multiply(m, n, out, dh, v.w_hr, false, buffer.as<T>(), static_cast<const T*>(nullptr));
      }
      launch(lstm_gates_backward<T>, grid, row_of<T>(v.gates, s.first, 4 * n), row_of<T>(v.cells, s.first, n),
             before<T>(s, v.cells, v.c0, n), v.w_hr.data ? buffer.as<T>() : dh, d_gates,
             row_of<T>(v.d_cells, s.first, n), dc, d_pre, m, n);
    } else {
      launch(rnn_gate_backward<T>, grid, row_of<T>(v.y, s.first, n), dh, d_pre, m * n, g.cell == RecurrentCell::Relu);
    }
    multiply(m, out, width, d_pre, v.w_hh, false, dh, static_cast<const T*>(nullptr));
  });
}

void recurrent_backward_cuda(const RecurrentBackwardViews& views, const RecurrentGeometry& geometry) {
  if (geometry.batch == 0) return;
  views.y.dtype == DType::Float64 ? recurrent_backward_as<double>(views, geometry)
                                  : recurrent_backward_as<float>(views, geometry);
}
WEFT_CUDA_KERNEL(recurrent_backward_kernel, recurrent_backward_cuda);

}  // namespace
}  // namespace weft::cuda
