"""Classify the papers of Cora with a graph convolutional network (Kipf and Welling, 2017).

Usage: python examples/cora_gcn.py --data DIR/cora.npz

cora.npz holds the citation graph as plain arrays: edges (2, E), each link once; the words of each paper as the
positions of the ones in compressed rows, feat_indptr (N + 1) and feat_indices; num_features; labels (N); and split
(N): 0 for training, 1 for validation, 2 for testing. 140 labelled papers, 20 of each subject, are all that the network
learns from.
"""

import argparse
import time

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F


class Graph:
    """The arrays of the file, and the normalised adjacency D^(-1/2) (A + I) D^(-1/2) as a list of weighted edges."""

    def __init__(self, path):
        with np.load(path) as data:
            arrays = dict(data)
        indptr, labels = arrays["feat_indptr"], arrays["labels"]
        count = len(labels)
        words = np.diff(indptr)  # of each paper
        self.size = count, int(arrays["num_features"])
        self.paper = weft.from_numpy(np.repeat(np.arange(count), words))
        self.word = weft.from_numpy(arrays["feat_indices"].astype(np.int64))
        self.value = weft.from_numpy(np.repeat(1 / np.maximum(words, 1), words)).float().unsqueeze(1)
        self.y = weft.from_numpy(labels.astype(np.int64))
        self.part = {name: weft.from_numpy(np.flatnonzero(arrays["split"] == i)) for i, name in enumerate(PARTS)}

        a, b = arrays["edges"].astype(np.int64)
        itself = np.arange(count)
        source, target = np.concatenate([a, b, itself]), np.concatenate([b, a, itself])
        degree = np.bincount(target, minlength=count)
        self.source, self.target = weft.from_numpy(source), weft.from_numpy(target)
        self.weight = weft.from_numpy((degree[source] * degree[target]) ** -0.5).float().unsqueeze(1)

    def spread(self, h):
        """Each node takes the weighted sum of its neighbours and itself."""
        return weft.zeros_like(h).index_add(0, self.target, h[self.source] * self.weight)

    def times_words(self, weight, dropout):
        """The product of the word matrix, whose rows sum to 1, and a weight, without the zeros that most of it is."""
        return weft.zeros(self.size[0], weight.shape[1]).index_add(
            0, self.paper, weight[self.word] * dropout(self.value)
        )


PARTS = ("train", "validation", "test")


class GCN(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.first = nn.Parameter(nn.init.xavier_uniform_(weft.empty(features, hidden)))
        self.first_bias = nn.Parameter(weft.zeros(hidden))
        self.second = nn.Parameter(nn.init.xavier_uniform_(weft.empty(hidden, classes)))
        self.second_bias = nn.Parameter(weft.zeros(classes))
        self.dropout = nn.Dropout(0.5)

    def forward(self, graph):
        h = F.relu(graph.spread(graph.times_words(self.first, self.dropout)) + self.first_bias)
        return graph.spread(self.dropout(h) @ self.second) + self.second_bias


def train(graph, epochs, seed):
    """Test accuracy after the epoch with the best accuracy on the validation part."""
    weft.manual_seed(seed)
    model = GCN(graph.size[1], 16, int(graph.y.max()) + 1)
    optimizer = weft.optim.Adam(
        [
            {"params": [model.first, model.first_bias], "weight_decay": 5e-4},
            {"params": [model.second, model.second_bias], "weight_decay": 0},
        ],
        lr=0.01,
    )
    best = (0.0, 0.0)
    for _ in range(epochs):
        model.train()
        optimizer.zero_grad()
        rows = graph.part["train"]
        F.cross_entropy(model(graph)[rows], graph.y[rows]).backward()
        optimizer.step()
        model.eval()
        with weft.no_grad():
            right = (model(graph).argmax(1) == graph.y).float()
        validation, test = (right[graph.part[name]].mean().item() for name in ("validation", "test"))
        if validation >= best[0]:
            best = (validation, test)
    return best[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="cora.npz")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=10, help="how many runs to average")
    args = parser.parse_args()

    graph = Graph(args.data)
    start, accuracies = time.perf_counter(), []
    for seed in range(args.seeds):
        accuracies.append(train(graph, args.epochs, seed))
        print(f"seed {seed}: test accuracy {accuracies[-1]:.2%}")
    print(f"{(time.perf_counter() - start) / args.seeds:.1f} s per run")
    print(f"mean test accuracy of {args.seeds} seeds: {np.mean(accuracies):.2%} (deviation {np.std(accuracies):.2%})")


if __name__ == "__main__":
    main()
