"""Tell praise from blame in single sentences with an LSTM (Hochreiter and Schmidhuber, 1997) that reads both ways.

Usage: python examples/sentiment_lstm.py --data DIR

DIR holds files named *_labelled.txt, which have a sentence, a tab and 0 (blame) or 1 (praise) in each line. Every fifth
line is for the test. Beside the network stands a linear classifier of which words are there, in whatever order.
"""

import argparse
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F
from weft.datasets import TextLines
from weft.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

UNKNOWN = 1  # and 0 fills up


def read(folder):
    """The words of each sentence, and the labels."""
    # Only line feeds end a line: some sentences hold other characters that str.splitlines() takes for ends.
    lines = TextLines(sorted(folder.glob("*_labelled.txt")), skip_empty=True)
    if not len(lines):
        raise FileNotFoundError(f"{folder}: no lines in files named *_labelled.txt")
    sentences, labels = zip(*(line.rsplit("\t", 1) for line in lines), strict=True)
    words = [re.findall(r"[a-z]+(?:'[a-z]+)?|\d+|[!?]", sentence.lower()) for sentence in sentences]
    return words, np.array(labels).astype(np.float32)


class Classifier(nn.Module):
    """The greatest of each output of the LSTM over the sentence, then a linear layer."""

    def __init__(self, words, width, dropout=0.5):
        super().__init__()
        self.word = nn.Embedding(words, width, padding_idx=0)
        self.lstm = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(2 * width, 1)

    def forward(self, sentences):
        """Logits (N,) of praise for a list of vectors of word numbers."""
        lengths = [len(ids) for ids in sentences]
        x = self.dropout(self.word(pad_sequence(sentences, batch_first=True)))
        y, _ = self.lstm(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        y, _ = pad_packed_sequence(y, batch_first=True, padding_value=-1.0)  # an LSTM's outputs are greater
        return self.out(self.dropout(y.amax(1))).squeeze(1)


def linear_baseline(bags, labels, test_bags):
    """The predictions of logistic regression on which words are there."""
    model = nn.Linear(bags.shape[1], 1)
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(bags).squeeze(1), labels).backward()
        optimizer.step()
    with weft.no_grad():
        return model(test_bags).squeeze(1).numpy() > 0


def bags_of(ids, size):
    result = np.zeros((len(ids), size), np.float32)
    for row, own in zip(result, ids, strict=True):
        row[own.numpy()] = 1
    return weft.from_numpy(result)


def hide_words(ids, rng, share=0.1):
    """Some words become unknown, so that the network learns what to do with those."""
    return weft.where(weft.from_numpy(rng.random(len(ids)) < share), UNKNOWN, ids)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the files *_labelled.txt")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--small", action="store_true", help="a narrow network, for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    sentences, labels = read(args.data)
    is_test = np.arange(len(sentences)) % 5 == 4
    counts = Counter(word for words, test in zip(sentences, is_test, strict=True) if not test for word in words)
    known = {word: i for i, word in enumerate(sorted(w for w, n in counts.items() if n > 1), 2)}
    ids = [weft.tensor([known.get(word, UNKNOWN) for word in words] or [UNKNOWN]) for words in sentences]
    train, test = np.where(~is_test)[0], np.where(is_test)[0]
    print(f"{len(train)} sentences to learn, {len(test)} for the test, {len(known)} words")

    bags = bags_of(ids, len(known) + 2)
    found = linear_baseline(bags[~is_test], weft.from_numpy(labels[~is_test]), bags[is_test])
    print(f"linear classifier of the words: test accuracy {np.mean(found == labels[is_test]):.2%}")

    model = Classifier(len(known) + 2, 16 if args.small else 64)
    batches = max(1, len(train) // 32)
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    scheduler = weft.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=args.epochs * batches)
    for epoch in range(1, args.epochs + 1):
        start, total = time.perf_counter(), 0.0
        model.train()
        for rows in np.array_split(rng.permutation(train), batches):
            optimizer.zero_grad()
            logits = model([hide_words(ids[i], rng) for i in rows])
            loss = F.binary_cross_entropy_with_logits(logits, weft.from_numpy(labels[rows]))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(rows)
        model.eval()
        with weft.no_grad():
            found = model([ids[i] for i in test]).numpy() > 0
        accuracy, seconds = np.mean(found == labels[is_test]), time.perf_counter() - start
        print(f"epoch {epoch}: loss {total / len(train):.4f}, test {accuracy:.2%}, {seconds:.1f} s", flush=True)
    print(f"test accuracy: {accuracy:.2%}")


if __name__ == "__main__":
    main()
