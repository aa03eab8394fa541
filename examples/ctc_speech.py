"""Recognise words in sound that tells only which words come, not when: connectionist temporal classification.

Usage: python examples/ctc_speech.py

The speech is made up: ten words of two or three vowels out of five, each vowel two resonances of a buzzing voice, which
glide from one to the next. Pitch, size of the mouth, speed and the noise differ from speaker to speaker. A convolution
and a GRU read the spectrum; the loss is that of Graves et al., 2006. Printed is the rate of errors (words to insert,
drop or replace) in utterances that were not learnt.
"""

import argparse
import time

import numpy as np
import weft
import weft.nn as nn
from weft.models import ctc_greedy_decode

RATE = 4000  # samples per second
FORMANTS = np.array([[730, 1090], [270, 1700], [300, 870], [530, 1600], [570, 840]], float)  # hertz: a, i, u, e, o
WORDS = ["ai", "iu", "ua", "eo", "oe", "aia", "iou", "uea", "eie", "oau"]
WINDOW, HOP = 128, 40


def sound_of(words, rng):
    """Samples of a speaker who says these words."""
    speed, mouth, pitch = rng.uniform(0.7, 1.4), rng.uniform(0.88, 1.12), rng.uniform(90, 200)
    times, formants, loudness, now = [0.0], [FORMANTS[0]], [0.0], rng.uniform(0.05, 0.15)
    for word in words:
        vowels = [FORMANTS["aiueo".index(letter)] * mouth for letter in WORDS[word]]
        for vowel in vowels:  # it is held for a while; the next one begins a glide later
            held, glide = rng.uniform(0.05, 0.1, 2) / speed
            times += [now, now + held]
            formants, loudness = [*formants, vowel, vowel], [*loudness, 1.0, 1.0]
            now += held + glide
        times, formants, loudness = [*times, now], [*formants, vowels[-1]], [*loudness, 0.0]
        now += rng.uniform(0.02, 0.1) / speed
    time_of = np.arange(int(now * RATE)) / RATE
    f1, f2 = (np.interp(time_of, times, np.array(formants)[:, i]) for i in range(2))
    pitch = pitch * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(0.5, 2) * time_of))
    phase, sound = 2 * np.pi * np.cumsum(pitch) / RATE, np.zeros(len(time_of))
    for harmonic in range(1, 20):
        f = harmonic * pitch
        strength = 1 / (1 + ((f - f1) / 80) ** 2) + 0.5 / (1 + ((f - f2) / 120) ** 2)
        sound += np.where(f < RATE / 2, strength, 0) * np.sin(harmonic * phase)
    return sound * np.interp(time_of, times, loudness) + rng.normal(0, rng.uniform(0.05, 0.3), len(time_of))


def spectrum(sound):
    """Logarithm of the power of (time, frequency), with mean 0 and deviation 1."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP] * np.hanning(WINDOW)
    power = np.log(np.abs(np.fft.rfft(frames)[:, 1:]) ** 2 + 1e-3)
    return weft.from_numpy(((power - power.mean()) / power.std()).astype(np.float32))


def make(count, rng):
    """Spectra, and the words in each as numbers from 1 on, 0 being CTC's blank."""
    words = [rng.integers(0, len(WORDS), rng.integers(2, 7)) for _ in range(count)]
    return [spectrum(sound_of(each, rng)) for each in words], [weft.from_numpy(each + 1) for each in words]


class Recogniser(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(WINDOW // 2, width, 5, padding=2), nn.ReLU(), nn.Conv1d(width, width, 5, 2, padding=2), nn.ReLU()
        )
        self.gru = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * width, len(WORDS) + 1)

    def forward(self, spectra):
        """Logits (N, frames, words) and the number of frames of each that are not filling."""
        lengths = [(len(each) + 1) // 2 for each in spectra]
        x = nn.utils.rnn.pad_sequence(spectra, batch_first=True)
        x = self.conv(x.transpose(1, 2)).transpose(1, 2)
        x = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        x, _ = nn.utils.rnn.pad_packed_sequence(self.gru(x)[0], batch_first=True)
        return self.out(x), lengths


def edits(found, wanted):
    """How many words are to be inserted, dropped or replaced (Levenshtein, 1966)."""
    row = list(range(len(wanted) + 1))
    for i, a in enumerate(found, 1):
        before, row = row, [i]
        for j, b in enumerate(wanted, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


@weft.no_grad()
def recognise(model, spectra):
    model.eval()
    result = []
    for start in range(0, len(spectra), 50):
        logits, lengths = model(spectra[start : start + 50])
        result += [ctc_greedy_decode(row[None, :n])[0] for row, n in zip(logits, lengths, strict=True)]
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000, help="utterances to learn from")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="a narrow network, for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    spectra, words = make(args.count, rng)
    test_spectra, test_words = make(300, np.random.default_rng(args.seed + 1000))
    model = Recogniser(48 if args.small else 96)
    loss_of = nn.CTCLoss()
    batches = max(1, args.count // 8)
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = weft.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=args.epochs * batches)
    start = time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        model.train()
        total = 0.0
        for rows in np.array_split(rng.permutation(args.count), batches):
            optimizer.zero_grad()
            logits, lengths = model([spectra[i] for i in rows])
            log_probs, targets = logits.log_softmax(-1).transpose(0, 1), [words[i] for i in rows]
            loss = loss_of(log_probs, weft.cat(targets), tuple(lengths), tuple(len(each) for each in targets))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(rows)
        found = recognise(model, test_spectra)
        errors = sum(edits(each, wanted.tolist()) for each, wanted in zip(found, test_words, strict=True))
        rate, seconds = errors / sum(map(len, test_words)), time.perf_counter() - start
        print(f"epoch {epoch}: loss {total / args.count:.4f}, test errors {rate:.2%}, {seconds:.0f} s", flush=True)
    for each, wanted in list(zip(found, test_words, strict=True))[:3]:
        print("said:", *(WORDS[i - 1] for i in wanted.tolist()), "  heard:", *(WORDS[i - 1] for i in each))
    print(f"word error rate: {rate:.2%}")


if __name__ == "__main__":
    main()
