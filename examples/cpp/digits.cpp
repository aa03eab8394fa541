// Trains a small convolutional network on real handwritten digits (8x8 images), and sees how good it is on other
// writers: examples/digits.py without Python.
//
//   digits [optdigits.npz]
#include <weft/weft.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using weft::Tensor;

constexpr int64_t kEpochs = 8, kBatch = 64;

// An array of bytes, so many to each entry of its first dimension, in an npz file. That is a zip file of npy files,
// which numpy.savez() does not compress.
std::vector<uint8_t> read_bytes(const std::string& path, const std::string& name, size_t each) {
  std::ifstream file(path, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  const size_t array = all.find("\x93NUMPY", all.find(name + ".npy"));
  weft::check<weft::ErrorKind::Value>(array != std::string::npos, path, ": there is no array ", name);
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(all[array + i])); };
  const size_t begin = array + 10 + byte(8) + 256 * byte(9);  // behind a header such as {..., 'shape': (3823, 8, 8)}
  const size_t count = std::stoul(all.substr(all.find('(', array) + 1)) * each;
  weft::check<weft::ErrorKind::Value>(begin + count <= all.size(), path, ": cut off");
  return std::vector<uint8_t>(all.begin() + static_cast<ptrdiff_t>(begin),
                              all.begin() + static_cast<ptrdiff_t>(begin + count));
}

struct Digits {
  Tensor images, labels;
  Digits(const std::string& path, const std::string& part) {
    const std::vector<uint8_t> pixels = read_bytes(path, part + "_images", 64);
    const std::vector<uint8_t> classes = read_bytes(path, part + "_labels", 1);
    const auto count = static_cast<int64_t>(classes.size());
    images = weft::to_dtype(weft::from_vector(pixels, {count, 1, 8, 8}), weft::DType::Float32) / 16.0;
    labels = weft::to_dtype(weft::from_vector(classes, {count}), weft::DType::Int64);
  }
  int64_t size() const { return labels.size(0); }
};

// A leaf with numbers of the size that keeps that of what flows through a layer (He et al., 2015).
Tensor parameter(const weft::Shape& shape) {
  double inputs = 1;
  for (int i = 1; i < shape.size(); i++) inputs *= static_cast<double>(shape[i]);
  return weft::requires_grad_(weft::normal(shape, 0, std::sqrt(2 / inputs)));
}

// The largest of every 2 x 2 pixels.
Tensor halved(const Tensor& x) {
  weft::PoolOptions options;
  options.kernel = options.stride = {2, 2};
  return weft::max_pool2d(x, options).values;
}

struct Net {
  Tensor conv1 = parameter({32, 1, 3, 3}), bias1 = weft::requires_grad_(weft::zeros({32}));
  Tensor conv2 = parameter({64, 32, 3, 3}), bias2 = weft::requires_grad_(weft::zeros({64}));
  Tensor weight = parameter({10, 64 * 2 * 2}), bias = weft::requires_grad_(weft::zeros({10}));

  std::vector<Tensor> parameters() const { return {conv1, bias1, conv2, bias2, weight, bias}; }
  Tensor forward(const Tensor& images) const {
    Tensor x = halved(weft::relu(weft::conv2d(images, conv1, bias1, {1}, {1})));
    x = halved(weft::relu(weft::conv2d(x, conv2, bias2, {1}, {1})));
    return weft::linear(weft::flatten(x, 1), weight, bias);
  }
};

double accuracy(const Net& net, const Digits& digits) {
  weft::GradModeGuard no_grad(false);
  const Tensor guesses = weft::argmax(net.forward(digits.images), 1);
  return weft::item(weft::mean(weft::to_dtype(guesses == digits.labels, weft::DType::Float32)));
}

int main(int argc, char** argv) try {
  const std::string path = argc > 1 ? argv[1] : WEFT_EXAMPLE_DATA;
  const Digits train(path, "train"), test(path, "test");

  weft::manual_seed(0);
  const Net net;
  weft::optim::Adam optimizer(net.parameters(), {.lr = 2e-3});
  for (int64_t epoch = 1; epoch <= kEpochs; epoch++) {
    const Tensor order = weft::randperm(train.size(), weft::DType::Int64, {});
    double total = 0;
    for (int64_t begin = 0; begin < train.size(); begin += kBatch) {
      const Tensor batch = weft::slice(order, 0, begin, begin + kBatch);
      optimizer.zero_grad();
      const Tensor loss = weft::cross_entropy(net.forward(weft::index_select(train.images, 0, batch)),
                                              weft::index_select(train.labels, 0, batch));
      weft::backward(loss);
      optimizer.step();
      total += weft::item(loss) * static_cast<double>(batch.numel());
    }
    std::printf("epoch %d: loss %.4f\n", static_cast<int>(epoch), total / static_cast<double>(train.size()));
  }
  std::printf("test accuracy: %.4f\n", accuracy(net, test));
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
