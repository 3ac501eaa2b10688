// Regression trees as arrays: src/loopcast/models/trees/ensemble.py has them in NumPy, to the same bits.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace loopcast {

// The sum of what trees say of a row, and of `base`. feature: which number a node asks, -1 in a leaf; a row goes left
// with a number of at most the threshold. Nodes lead on to later ones.
struct Trees {
  size_t features, nodes, trees;
  double base;
  const int64_t* feature;   // [nodes]
  const double* threshold;  // [nodes]
  const int64_t* left;      // [nodes]
  const int64_t* right;     // [nodes]
  const double* value;      // [nodes], of a leaf
  const int64_t* roots;     // [trees]
};

constexpr double kMostBent = 6;  // of a forecast, in units of the scale, as an arcsinh

// The same, with all that is read of a node side by side.
class Forest {
 public:
  explicit Forest(const Trees& t) : base_(t.base), roots_(t.roots, t.roots + t.trees) {
    nodes_.reserve(t.nodes);
    for (size_t i = 0; i < t.nodes; ++i) {
      const bool leaf = t.feature[i] < 0;
      nodes_.push_back({leaf ? t.value[i] : t.threshold[i], static_cast<int32_t>(t.feature[i]),
                        static_cast<int32_t>(t.left[i]), static_cast<int32_t>(t.right[i])});
    }
  }

  // What comes after a row of `features` numbers, in units of the scale.
  float said(const float* row) const {
    double sum = 0;
    for (const int64_t root : roots_) sum += leaf(static_cast<size_t>(root), row);
    const double bent = base_ + sum;
    return static_cast<float>(std::sinh(bent < -kMostBent ? -kMostBent : bent > kMostBent ? kMostBent : bent));
  }

 private:
  struct Node {
    double number;  // the threshold, or a leaf's value
    int32_t feature, left, right;
  };

  double leaf(size_t at, const float* row) const {
    while (nodes_[at].feature >= 0)
      at = static_cast<size_t>(row[nodes_[at].feature] <= nodes_[at].number ? nodes_[at].left : nodes_[at].right);
    return nodes_[at].number;
  }

  double base_;
  std::vector<Node> nodes_;
  std::vector<int64_t> roots_;
};

// Many rows at once.
struct TreesCall {
  Trees trees;
  size_t rows, threads;
  const float* numbers;  // [rows, features]
  float* said;           // [rows]
};

}  // namespace loopcast
