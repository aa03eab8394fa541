// Dims and the arithmetic of shapes: growth, broadcasting, overflow, contiguity, negative dims.
#include "core/dims.h"

#include <gtest/gtest.h>

#include <limits>

namespace weft {
namespace {

template <class F>
std::string message_of(F f, ErrorKind kind = ErrorKind::Runtime) {
  try {
    f();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), kind) << e.message();
    return e.message();
  }
  ADD_FAILURE() << "no error";
  return "";
}

std::string text(const Dims& d) { return concat(d); }

TEST(Dims, GrowsBeyondItsInlineEntriesAndKeepsThem) {
  Dims d;
  for (int i = 0; i < 40; i++) d.push_back(i * i);
  ASSERT_EQ(d.size(), 40);
  for (int i = 0; i < 40; i++) EXPECT_EQ(d[i], i * i);
  EXPECT_EQ(d.back(), 39 * 39);
}

TEST(Dims, CopiesAndMovesInlineAndOnTheHeap) {
  for (int n : {0, 1, Dims::kInline, Dims::kInline + 1, 20}) {
    Dims d = Dims::filled(n, 7);
    Dims copy = d;
    EXPECT_EQ(copy, d);
    Dims moved = std::move(copy);
    EXPECT_EQ(moved, d);
    EXPECT_EQ(copy.size(), 0);
    copy.push_back(1);  // a moved-from one can be used again
    EXPECT_EQ(copy, Dims({1}));
    Dims assigned = Dims::filled(9, 3);
    assigned = d;
    EXPECT_EQ(assigned, d);
    assigned = std::move(moved);
    EXPECT_EQ(assigned, d);
    Dims& self = assigned;
    assigned = self;
    EXPECT_EQ(assigned, d);
  }
}

TEST(Dims, InsertsAndErases) {
  Dims d{1, 2, 3};
  d.insert(0, 9);
  d.insert(4, 8);
  d.insert(2, 7);
  EXPECT_EQ(d, Dims({9, 1, 7, 2, 3, 8}));
  d.insert(3, 6);  // leaves the inline storage
  EXPECT_EQ(d, Dims({9, 1, 7, 6, 2, 3, 8}));
  d.erase(0);
  d.erase(5);
  EXPECT_EQ(d, Dims({1, 7, 6, 2, 3}));
}

TEST(Dims, AreComparedByLengthAndValues) {
  EXPECT_NE(Dims({1, 2}), Dims({1, 2, 1}));
  EXPECT_NE(Dims({1, 2}), Dims({1, 3}));
  EXPECT_EQ(Dims(), Dims({}));
}

TEST(Dims, ReadAsPythonTuples) {
  EXPECT_EQ(text({}), "()");
  EXPECT_EQ(text({4}), "(4,)");
  EXPECT_EQ(text({2, -1}), "(2, -1)");
}

TEST(Shape, CountsElements) {
  EXPECT_EQ(checked_numel({}), 1);
  EXPECT_EQ(checked_numel({3, 4, 5}), 60);
  EXPECT_EQ(checked_numel({3, 0, 5}), 0);
  EXPECT_EQ(checked_numel({std::numeric_limits<int64_t>::max()}), std::numeric_limits<int64_t>::max());
}

TEST(Shape, RefusesNegativeSizesAndOverflow) {
  EXPECT_NE(message_of([] { checked_numel({3, -2}); }).find("-2"), std::string::npos);
  EXPECT_NE(message_of([] { checked_numel({int64_t{1} << 32, int64_t{1} << 31}); }).find("63 bits"), std::string::npos);
  // Also when a zero would make the product small: strides would overflow.
  message_of([] { checked_numel({int64_t{1} << 40, int64_t{1} << 30, 0}); });
  message_of([] { checked_numel(Dims::filled(kMaxDims + 1, 1)); });
}

TEST(Shape, StridesOfContiguousTensors) {
  EXPECT_EQ(contiguous_strides({}), Strides({}));
  EXPECT_EQ(contiguous_strides({2, 3, 4}), Strides({12, 4, 1}));
  EXPECT_EQ(contiguous_strides({2, 0, 4}), Strides({4, 4, 1}));
}

TEST(Shape, RecognisesContiguousStrides) {
  EXPECT_TRUE(is_contiguous({2, 3}, {3, 1}));
  EXPECT_FALSE(is_contiguous({2, 3}, {1, 2}));
  EXPECT_TRUE(is_contiguous({1, 3}, {77, 1}));  // the stride of a dimension of size 1 means nothing
  EXPECT_TRUE(is_contiguous({0, 3}, {5, 9}));
  EXPECT_TRUE(is_contiguous({3, 0}, {5, 9}));
  EXPECT_FALSE(is_contiguous({3, 2}, {0, 1}));
  EXPECT_TRUE(is_contiguous({}, {}));
}

TEST(Broadcast, ShapesThatFit) {
  EXPECT_EQ(broadcast_shapes("add", {2, 3}, {2, 3}), Shape({2, 3}));
  EXPECT_EQ(broadcast_shapes("add", {2, 1}, {3}), Shape({2, 3}));
  EXPECT_EQ(broadcast_shapes("add", {}, {4, 5}), Shape({4, 5}));
  EXPECT_EQ(broadcast_shapes("add", {1, 5}, {0, 1}), Shape({0, 5}));
  EXPECT_EQ(broadcast_shapes("add", {1}, {0}), Shape({0}));
  EXPECT_EQ(broadcast_shapes("add", {8, 1, 6, 1}, {7, 1, 5}), Shape({8, 7, 6, 5}));
}

TEST(Broadcast, ShapesThatDoNotFitAreBothNamed) {
  std::string text = message_of([] { broadcast_shapes("add", {2, 3}, {4}); });
  for (const char* part : {"add", "(2, 3)", "(4,)"}) EXPECT_NE(text.find(part), std::string::npos) << text;
  message_of([] { broadcast_shapes("add", {2}, {0}); });
}

TEST(Broadcast, OfOneShapeToAnother) {
  EXPECT_TRUE(broadcastable_to({1, 3}, {5, 2, 3}));
  EXPECT_TRUE(broadcastable_to({}, {5}));
  EXPECT_FALSE(broadcastable_to({2, 3}, {3}));
  EXPECT_FALSE(broadcastable_to({3}, {1}));
  EXPECT_TRUE(broadcastable_to({1}, {0}));
}

TEST(Dim, NegativeOnesCountFromTheEnd) {
  EXPECT_EQ(normalize_dim("sum", -1, 3), 2);
  EXPECT_EQ(normalize_dim("sum", -3, 3), 0);
  EXPECT_EQ(normalize_dim("sum", 0, 0), 0);
  EXPECT_EQ(normalize_dim("sum", -1, 0), 0);
  std::string text = message_of([] { normalize_dim("sum", 3, 3); }, ErrorKind::Index);
  for (const char* part : {"sum", "dim 3", "-3 to 2"}) EXPECT_NE(text.find(part), std::string::npos) << text;
  message_of([] { normalize_dim("sum", -2, 0); }, ErrorKind::Index);
  message_of([] { normalize_dim("sum", std::numeric_limits<int64_t>::min(), 4); }, ErrorKind::Index);
}

TEST(Dim, ListsMayNotRepeat) {
  EXPECT_EQ(normalize_dims("sum", {-1, 0}, 3), Dims({2, 0}));
  EXPECT_EQ(normalize_dims("sum", {}, 3), Dims({0, 1, 2}));
  message_of([] { normalize_dims("sum", {1, -2}, 3); });
}

}  // namespace
}  // namespace weft
