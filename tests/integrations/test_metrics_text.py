"""weft.metrics of text against sacreBLEU, rouge-score and jiwer, on random texts."""

import random

import jiwer
import pytest
import sacrebleu
import weft
from nltk.stem.porter import PorterStemmer
from rouge_score import rouge_scorer
from weft.metrics import functional as F

WORDS = (
    'the cat sat on a mat , U.S. 3.5% it\'s "well-known" 10-20 e.g. $5,000 (see) &amp; &quot;x&quot; & A B été 日本 '
    "x_y <skipped> -\n end. 1,000.5 ... --"
).split(" ")


def sentence(rng, least=0):
    return rng.choice([" ", " ", "  "]).join(rng.choice(WORDS) for _ in range(rng.randint(least, 14)))


def near(rng, text):
    words = [w for w in text.split(" ") if rng.random() < 0.8]
    return " ".join(words)


def corpus(seed, texts=6, references=2):
    rng = random.Random(seed)
    targets = [[sentence(rng) for _ in range(references)] for _ in range(texts)]
    return [near(rng, rng.choice(each)) for each in targets], targets


@pytest.mark.parametrize("seed", range(12))
def test_bleu(seed):
    input, target = corpus(seed, 1 + seed % 6, 1 + seed % 3)
    streams = list(map(list, zip(*target)))
    for smooth, value in (
        ("exp", None),
        ("floor", None),
        ("floor", 0.3),
        ("add-k", None),
        ("add-k", 2),
        ("none", None),
    ):
        for effective in (False, True):
            theirs = sacrebleu.BLEU(
                smooth_method=smooth,
                smooth_value=value,
                effective_order=effective,
                lowercase=bool(seed % 2),
                tokenize=("13a", "char", "none")[seed % 3],
                max_ngram_order=4 - seed % 2,
            ).corpus_score(input, streams)
            ours = F.bleu(
                input,
                target,
                smooth=smooth,
                smooth_value=value,
                effective_order=effective,
                lowercase=bool(seed % 2),
                tokenize=("13a", "char", "none")[seed % 3],
                max_order=4 - seed % 2,
            )
            assert abs(ours.item() - theirs.score) < 1e-6


def on_lines(texts, seed):
    rng = random.Random(seed)
    return [" ".join(rng.choice(("", "", "\n")) + word for word in text.split()) for text in texts]


@pytest.mark.parametrize("seed", range(12))
def test_rouge(seed):
    input, target = corpus(seed)
    if seed % 2:  # some words begin a line
        input, target = on_lines(input, seed), [on_lines(each, seed) for each in target]
    kinds = ["rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"]
    scorer = rouge_scorer.RougeScorer(kinds, use_stemmer=seed % 3 == 0)
    ours = F.rouge(input, target, kinds=kinds, stemmer=PorterStemmer().stem if seed % 3 == 0 else None)
    for kind in kinds:
        scores = [scorer.score_multi(b, a)[kind] for a, b in zip(input, target)]
        for name, part in (("", "fmeasure"), ("_precision", "precision"), ("_recall", "recall")):
            mean = sum(getattr(score, part) for score in scores) / len(scores)
            assert abs(ours[kind + name].item() - mean) < 1e-9


@pytest.mark.parametrize("seed", range(12))
def test_error_rates(seed):
    input, target = corpus(seed, references=1)
    target = [each[0] for each in target]
    assert abs(F.wer(input, target).item() - jiwer.wer(target, input)) < 1e-9
    assert abs(F.cer(input, target).item() - jiwer.cer(target, input)) < 1e-9


def test_error_rates_of_silence():
    for input, target in (("a b", ""), ("", ""), ("", "a b")):
        assert F.wer(input, target).item() == jiwer.wer(target, input)
        assert F.cer(input, target).item() == jiwer.cer(target, input)


def test_merged_parts_are_the_whole():
    input, target = corpus(3, 12)
    for name in ("bleu", "rouge"):
        whole, a, b = (weft.metrics.get(name) for _ in range(3))
        whole.update(input, target)
        a.update(input[:5], target[:5])
        b.update(input[5:], target[5:])
        assert repr(a.merge(b).compute()) == repr(whole.compute())
