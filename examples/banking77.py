"""Sort the questions of a bank's customers into 77 intents with a small Transformer (Vaswani et al., 2017).

Usage: python examples/banking77.py --data DIR

DIR holds train.csv and test.csv with the columns text and category. The words are those of the training questions;
unknown ones share a symbol.
"""

import argparse
import csv
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F

LENGTH = 32


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [re.findall(r"[a-z]+|\d+|[?!]", row["text"].lower()) for row in rows], [row["category"] for row in rows]


def numbers(questions, known):
    """(n, LENGTH) numbers of words: 0 fills up, 1 is a word that is not known."""
    ids = np.zeros((len(questions), LENGTH), np.int64)
    for row, words in zip(ids, questions, strict=True):
        found = [known.get(word, 1) for word in words[:LENGTH]]
        row[: len(found)] = found
    return ids


class Classifier(nn.Module):
    def __init__(self, words, classes, width=96, heads=4, layers=1, dropout=0.3):
        super().__init__()
        self.word, self.place = nn.Embedding(words, width, padding_idx=0), nn.Embedding(LENGTH, width)
        nn.init.normal_(self.place.weight, 0.0, 0.1)
        self.dropout = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm, self.out = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, ids):
        ids = ids[:, : int((ids != 0).sum(1).max())]
        seen = ids != 0
        x = self.dropout(self.word(ids) + self.place.weight[: ids.shape[1]])
        x = self.norm(self.encoder(x, src_key_padding_mask=~seen)) * seen.unsqueeze(2)
        return self.out(self.dropout(x.sum(1) / seen.sum(1, keepdim=True)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of train.csv and test.csv")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--small", action="store_true", help="a narrow network, for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    questions, names = read(args.data / "train.csv")
    test_questions, test_names = read(args.data / "test.csv")
    counts = Counter(word for words in questions for word in words)
    known = {word: i for i, word in enumerate(sorted(w for w, n in counts.items() if n > 1), 2)}
    label = {name: i for i, name in enumerate(sorted(set(names)))}
    ids, targets = weft.from_numpy(numbers(questions, known)), weft.tensor([label[name] for name in names])
    test_ids, test_targets = numbers(test_questions, known), np.array([label[name] for name in test_names])
    print(f"{len(ids)} questions, {len(known)} words, {len(label)} intents")

    model = Classifier(len(known) + 2, len(label), **({"width": 16, "heads": 2} if args.small else {}))
    batches = max(1, len(ids) // 64)
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    scheduler = weft.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=args.epochs * batches)
    for epoch in range(1, args.epochs + 1):
        start, total = time.perf_counter(), 0.0
        model.train()
        for rows in np.array_split(rng.permutation(len(ids)), batches):
            rows = weft.from_numpy(rows)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(ids[rows]), targets[rows], label_smoothing=0.1)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(rows)
        model.eval()
        with weft.no_grad():
            parts = np.array_split(test_ids, max(1, len(test_ids) // 256))
            found = np.concatenate([model(weft.from_numpy(part)).argmax(1).numpy() for part in parts])
        accuracy, seconds = np.mean(found == test_targets), time.perf_counter() - start
        print(f"epoch {epoch}: loss {total / len(ids):.4f}, test {accuracy:.2%}, {seconds:.1f} s", flush=True)
    print(f"test accuracy: {accuracy:.2%}")


if __name__ == "__main__":
    main()
