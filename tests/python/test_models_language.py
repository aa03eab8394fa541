"""Models of text and speech: values, caches, generation, training, compilation, and the pretrained speech detector."""

from dataclasses import replace

import numpy as np
import pytest
import weft
from model_checks import check_evaluation, check_step_lowers_loss, needs, shared_data
from weft import models
from weft.nn import functional as F

GPT2 = models.GPT2Config(vocab_size=19, n_positions=16, n_embd=8, n_layer=2, n_head=2)
LLAMA = models.LlamaConfig(19, 16, 24, 2, 4, 2, max_position_embeddings=16)
BERT = models.BertConfig(19, 8, 2, 2, 16, max_position_embeddings=16)
T5 = models.T5Config(19, 8, 4, 16, 2, 2)
SPEECH = models.Wav2Vec2Config(
    7,
    16,
    2,
    2,
    24,
    conv_dim=(8, 8),
    conv_kernel=(10, 3),
    conv_stride=(5, 2),
    num_conv_pos_embeddings=4,
    num_conv_pos_embedding_groups=2,
)
HIDDEN = replace(SPEECH, mask_time_prob=0.9)  # so that the vector of hidden frames has a gradient
DECODERS = {"GPT-2": lambda: models.GPT2LMHeadModel(GPT2), "Llama": lambda: models.LlamaForCausalLM(LLAMA)}
EACH_DECODER = pytest.mark.parametrize("name", DECODERS)


def ids(rows=2, length=7, seed=0):
    return weft.tensor(np.random.default_rng(seed).integers(2, 19, (rows, length)))


def made(make):
    """With larger weights than at the start, so that inputs tell."""
    weft.manual_seed(0)
    model = make()
    for p in model.parameters():
        if p.ndim > 1:
            weft.nn.init.normal_(p, std=0.3)
    return model


@EACH_DECODER
def test_decoder(name):
    model, x = made(DECODERS[name]), ids()
    assert model(x).shape == (2, 7, 19)
    check_step_lowers_loss(model, lambda: F.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten()))
    check_evaluation(model, x)


@EACH_DECODER
def test_decoder_looks_only_back(name):
    model, x = made(DECODERS[name]).eval(), ids()
    changed = x.clone()
    changed[:, 4] = (x[:, 4] + 1) % 19
    difference = (model(x) - model(changed)).abs().amax((0, 2))
    assert (difference[:4] == 0).all() and (difference[4:] > 1e-4).all()


@EACH_DECODER
def test_cache_gives_the_same_logits(name):
    model, x = made(DECODERS[name]).eval(), ids()
    cache = models.KeyValueCache()
    parts = [model(x[:, a:b], cache) for a, b in ((0, 3), (3, 4), (4, 7))]  # several tokens after others, too
    assert cache.length == 7
    np.testing.assert_allclose(weft.cat(parts, 1).detach().numpy(), model(x).detach().numpy(), rtol=1e-4, atol=1e-5)


@EACH_DECODER
def test_generate(name):
    model, x = made(DECODERS[name]).train(), ids(3, 4)
    result = model.generate(x, 6)
    assert model.training and weft.equal(result[:, :4], x) and result.shape == (3, 10)
    assert weft.equal(result, model.generate(x, 6, use_cache=False))
    model.eval()
    for t in range(4, 10):
        assert weft.equal(model(result[:, :t])[:, -1].argmax(-1), result[:, t])
    stop = int(result[0, 4])
    ended = model.generate(x, 6, eos_token_id=stop)
    assert (ended[0, 4:] == stop).all()
    generator = weft.Generator().manual_seed(3)
    drawn = model.generate(x, 6, temperature=1.0, top_k=5, generator=generator)
    assert weft.equal(drawn, model.generate(x, 6, temperature=1.0, top_k=5, generator=generator.manual_seed(3)))
    with pytest.raises(ValueError, match="max_new_tokens must be a positive int"):
        model.generate(x, 0)


@EACH_DECODER
def test_ids_are_checked(name):
    model = DECODERS[name]()
    with pytest.raises(ValueError, match="integer dtype, got weft.float32"):
        model(weft.zeros(1, 3))
    with pytest.raises(ValueError, match=r"shape \(N, L\), got \(3,\)"):
        model(weft.zeros(3, dtype=weft.int64))
    with pytest.raises(ValueError, match="length 17, the longest possible is 16"):
        model(weft.zeros(1, 17, dtype=weft.int64))


def test_choice_of_tokens():
    logits = weft.log(weft.tensor([[0.5, 0.3, 0.15, 0.05]])).expand(4000, 4)
    weft.manual_seed(0)

    def shares(**options):
        drawn = models.choose_token(logits, **options)
        return [(drawn == i).float().mean().item() for i in range(4)]

    assert shares() == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.03)
    assert shares(top_k=2) == pytest.approx([0.625, 0.375, 0, 0], abs=0.03)
    assert shares(top_p=0.75) == pytest.approx([0.625, 0.375, 0, 0], abs=0.03)
    assert shares(top_p=0.01) == [1, 0, 0, 0]
    assert shares(temperature=0.5)[0] == pytest.approx(0.25 / 0.365, abs=0.03)
    assert shares(temperature=0) == [1, 0, 0, 0]
    for wrong in ({"temperature": -1.0}, {"top_k": 0}, {"top_p": 0.0}):
        with pytest.raises(ValueError, match="choose_token: " + next(iter(wrong))):
            models.choose_token(logits, **wrong)


def test_rotary_positions_depend_on_distance_alone():
    x = weft.randn(2, 8)
    scores = []
    for start in (0, 5):
        cos, sin = models.llama.rotary_angles(start, 4, 8, 100.0, x)
        q, k = models.llama.rotate(x[0], cos, sin), models.llama.rotate(x[1], cos, sin)
        scores.append((q @ k.t()).numpy())
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-5)


def test_tied_weights_stay_tied():
    model = models.GPT2LMHeadModel(GPT2)
    model.load_state_dict({name: value + 1 for name, value in model.state_dict().items()})
    assert model.lm_head.weight is model.transformer.wte.weight
    free = models.LlamaForCausalLM(LLAMA)
    assert free.lm_head.weight is not free.model.embed_tokens.weight


def test_bert():
    model, x = made(lambda: models.BertModel(BERT)), ids()
    tokens, pooled = model(x)
    assert tokens.shape == (2, 7, 8) and pooled.shape == (2, 8)
    check_evaluation(model, x)
    mask = weft.ones_like(x)
    mask[:, 5:] = 0
    changed = x.clone()
    changed[:, 5:] = 3
    np.testing.assert_allclose(
        model(x, mask)[0][:, :5].detach().numpy(), model(changed, mask)[0][:, :5].detach().numpy(), atol=1e-6
    )
    assert (model(x, mask)[0] - model(x)[0]).abs().max().item() > 1e-3
    assert (model(x, None, weft.ones_like(x))[0] - model(x)[0]).abs().max().item() > 1e-3
    with pytest.raises(ValueError, match="expected attention_mask of the shape of input_ids"):
        model(x, mask[:, :3])


@pytest.mark.parametrize("kind", ("BertForMaskedLM", "BertForSequenceClassification"))
def test_bert_with_a_head(kind):
    model, x = made(lambda: getattr(models, kind)(BERT)), ids()
    if kind == "BertForMaskedLM":
        check_step_lowers_loss(model, lambda: F.cross_entropy(model(x).flatten(0, 1), x.flatten()))
    else:
        check_step_lowers_loss(model, lambda: F.cross_entropy(model(x), weft.tensor([0, 1])))
    check_evaluation(model, x)


def test_t5():
    model, x, y = made(lambda: models.T5ForConditionalGeneration(T5)), ids(), ids(2, 5, 1)
    before = weft.cat([weft.zeros_like(y[:, :1]), y[:, :-1]], 1)
    assert model(x, before).shape == (2, 5, 19)
    check_step_lowers_loss(model, lambda: F.cross_entropy(model(x, before).flatten(0, 1), y.flatten()))
    check_evaluation(model, x, before)
    mask = weft.ones_like(x)
    mask[:, 4:] = 0
    np.testing.assert_allclose(
        model(x, before, mask).detach().numpy(), model(x[:, :4], before).detach().numpy(), atol=1e-4
    )
    result = model.generate(x, 4)
    assert (result[:, 0] == 0).all() and result.shape[1] <= 5
    for row in range(2):
        if 1 not in result[row].tolist():
            assert weft.equal(model(x, result[:, :-1])[row].argmax(-1), result[row, 1:])
    with pytest.raises(ValueError, match="expected attention_mask"):
        model(x, y, mask[:, :2])


def test_distances_of_t5():
    """Each distance below half the classes of a side has its own; the others share by logarithm (section 2.1)."""
    buckets = models.t5.distance_buckets(weft.arange(-200, 201), True, 32, 128).tolist()
    of = dict(zip(range(-200, 201), buckets))
    assert [of[-d] for d in range(9)] == list(range(9)) and [of[d] for d in range(1, 8)] == list(range(17, 24))
    assert of[-200] == of[-128] == 15 and of[128] == 31 and sorted(set(buckets)) == [*range(16), *range(17, 32)]
    one_side = models.t5.distance_buckets(weft.tensor([3, 0, -1, -15, -16, -500]), False, 32, 128)
    assert one_side.tolist() == [0, 0, 1, 15, 16, 31]


def test_wav2vec2():
    model, x = made(lambda: models.Wav2Vec2ForCTC(HIDDEN)), weft.randn(2, 200)
    frames = model.wav2vec2.frames(200)
    assert model(x).shape == (2, frames, 7)
    labels = weft.randint(0, 7, (2, frames))
    check_step_lowers_loss(model, lambda: F.cross_entropy(model(x).flatten(0, 1), labels.flatten()))
    check_evaluation(model, x)
    with pytest.raises(ValueError, match="too short for one frame"):
        model(weft.zeros(1, 5))
    with pytest.raises(ValueError, match="expected waveforms of shape"):
        model(weft.zeros(5))


@needs("ctc_loss")
def test_wav2vec2_learns_by_ctc():
    model, x = made(lambda: models.Wav2Vec2ForCTC(HIDDEN)), weft.randn(2, 200)
    frames = weft.full((2,), model.wav2vec2.frames(200))
    labels = weft.tensor([[1, 2, 2], [3, 4, 5]])

    def loss():
        logs = model(x).log_softmax(-1).transpose(0, 1)
        return F.ctc_loss(logs, labels, frames, weft.tensor([3, 3]))

    check_step_lowers_loss(model, loss)


def test_hidden_frames():
    weft.manual_seed(0)
    model = models.Wav2Vec2Model(SPEECH)
    x = weft.zeros(4, 4000, 16)
    hidden = model._hide_spans(x).abs().sum(-1) > 0
    assert 0.03 < hidden.float().mean().item() < 0.06
    model.config = models.Wav2Vec2Config(mask_time_prob=1.0, mask_time_length=1)
    assert (model._hide_spans(x) == model.masked_spec_embed).all()


def test_greedy_letters():
    frames = weft.tensor([[0, 1, 1, 0, 1, 2, 2, 0], [3, 3, 3, 3, 0, 0, 0, 3]])
    assert models.ctc_greedy_decode(F.one_hot(frames)) == [[1, 1, 2], [3, 3]]
    assert models.ctc_greedy_decode(F.one_hot(frames), blank=3) == [[0, 1, 0, 1, 2, 0], [0]]


@needs("LSTM")
def test_lstm_language_model():
    weft.manual_seed(0)
    model, x = models.LSTMLanguageModel(19, 8, 8, 2, 0.1, tie_weights=True), ids()
    logits, state = model(x)
    assert logits.shape == (2, 7, 19) and state[0].shape == (2, 2, 8)
    assert model.decoder.weight is model.encoder.weight
    check_step_lowers_loss(model, lambda: F.cross_entropy(model(x[:, :-1])[0].flatten(0, 1), x[:, 1:].flatten()), 1e-2)
    check_evaluation(model, x)
    first, state = model(x[:, :3])
    rest, _ = model(x[:, 3:], state)
    np.testing.assert_allclose(
        weft.cat([first, rest], 1).detach().numpy(), model(x)[0].detach().numpy(), rtol=1e-4, atol=1e-5
    )


@needs("LSTMCell")
def test_pretrained_speech_detector():
    folder = shared_data("models") / "safetensors_silero_vad"
    model = models.SileroVAD().eval()
    model.load_state_dict(weft.load(folder / "silero_vad_16k.safetensors"), strict=True)
    data = np.load(folder / "speech_input_output.npz")
    audio = weft.tensor(data["pcm"].astype(np.float32) / 32768)[None]
    with weft.no_grad():
        result = model(audio)[0].numpy()
    np.testing.assert_allclose(result, data["speech_probability"], atol=1e-5)
    with pytest.raises(ValueError, match="expected audio of shape"):
        model(audio[0])


BAD = {
    "GPT2Config: n_embd must be a multiple of n_head": lambda: models.GPT2Config(n_embd=10, n_head=4),
    "GPT2Config: n_layer": lambda: models.GPT2Config(n_layer=0),
    "GPT2Config: attn_pdrop": lambda: models.GPT2Config(attn_pdrop=1.5),
    "LlamaConfig: num_attention_heads must be a multiple": lambda: models.LlamaConfig(num_key_value_heads=5),
    "LlamaConfig: rotary positions": lambda: models.LlamaConfig(hidden_size=6, num_attention_heads=2),
    "BertConfig: hidden_size must be a multiple": lambda: models.BertConfig(hidden_size=10),
    "BertForSequenceClassification: num_labels": lambda: models.BertForSequenceClassification(BERT, 0),
    "T5Config: d_ff": lambda: models.T5Config(d_ff=-1),
    "T5Config: relative_attention_num_buckets": lambda: models.T5Config(relative_attention_num_buckets=7),
    "T5Config: relative_attention_max": lambda: models.T5Config(relative_attention_max_distance=16),
    "Wav2Vec2Config: conv_dim": lambda: models.Wav2Vec2Config(conv_dim=(4,)),
    "LSTMLanguageModel: tie_weights": lambda: models.LSTMLanguageModel(5, 4, 8, tie_weights=True),
    "LSTMLanguageModel: vocab_size": lambda: models.LSTMLanguageModel(0),
    "KeyValueCache: layer 1": lambda: models.KeyValueCache().extend(1, weft.ones(1), weft.ones(1)),
    "ctc_greedy_decode: expected logits": lambda: models.ctc_greedy_decode(weft.ones(2, 3)),
}


@pytest.mark.parametrize("message", BAD)
def test_arguments_are_checked(message):
    with pytest.raises(ValueError, match=message):
        BAD[message]()
