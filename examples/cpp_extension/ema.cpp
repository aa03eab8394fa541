// An op with a kernel of its own: the exponential moving average along the last dimension,
//   y[t] = alpha x[t] + (1 - alpha) y[t - 1].
#include <weft/python.h>

namespace {

using namespace weft;

struct Ema : KernelOp<Ema> {
  static constexpr const char* kName = "ema";
  double alpha;
  bool backwards;  // from the last element to the first
  WEFT_FIELDS(alpha, backwards);
  Ema(double a, bool b) : alpha(a), backwards(b) {}

  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype()}; }

  void run_cpu(Inputs in, const Tensor* out) const {
    for_dtype<float, double>(kName, in[0].dtype(), [&]<class T>() {
      const int64_t length = in[0].size(-1), rows = length ? in[0].numel() / length : 0;
      const T a = static_cast<T>(alpha);
      parallel_for(rows, 1 + (1 << 14) / (length + 1), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
          const T* x = in[0].data_as<T>() + row * length;
          T* y = out[0].data_as<T>() + row * length;
          T average = 0;
          for (int64_t i = 0; i < length; i++) {
            const int64_t t = backwards ? length - 1 - i : i;
            average += a * (x[t] - average);
            y[t] = average;
          }
        }
      });
    });
  }

  // The op is linear, and its transpose is the average from the other end.
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = apply(Ema(alpha, !backwards), v.grad()); }
};

Tensor ema(const Tensor& x, double alpha) {
  check<ErrorKind::Value>(alpha > 0 && alpha <= 1, "ema: alpha must be above 0 and at most 1, got ", alpha);
  check(x.ndim() > 0 && is_real_floating(x.dtype()), "ema: expected floating point numbers in at least one dimension");
  return apply(Ema(alpha, false), x);
}

}  // namespace

WEFT_MODULE(WEFT_EXTENSION_NAME, m) {
  m.def("ema", &ema, pybind11::arg("x"), pybind11::arg("alpha"),
        "The exponential moving average along the last dimension.");
}
