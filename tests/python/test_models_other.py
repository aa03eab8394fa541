"""Generative models, networks on graphs, recommenders and reinforcement learning."""

import math

import numpy as np
import pytest
import weft
from model_checks import check_evaluation, check_step_lowers_loss, needs, shared_data
from weft import models
from weft.nn import functional as F


@needs("ConvTranspose2d")
def test_vae():
    weft.manual_seed(0)
    vae, x = models.VAE(3, image_size=16, width=4), weft.rand(4, 1, 16, 16)
    logits, mean, log_var = vae(x)
    assert logits.shape == x.shape and mean.shape == log_var.shape == (4, 3)

    def loss():
        logits, mean, log_var = vae(x)
        return models.vae_loss(logits, x, mean, log_var)

    check_step_lowers_loss(vae, loss)
    check_evaluation(vae, x)
    assert vae.sample(2).shape == (2, 1, 16, 16)
    with pytest.raises(ValueError, match=r"expected images of shape \(N, 1, 16, 16\)"):
        vae(x[:, :, :8])


def test_vae_loss_by_formula():
    rng = np.random.default_rng(0)
    logits, mean, log_var = rng.normal(size=(3, 5)), rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    x = rng.uniform(size=(3, 5))
    p = 1 / (1 + np.exp(-logits))
    pixels = -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum()
    codes = 0.5 * (np.exp(log_var) + mean**2 - 1 - log_var).sum()
    got = models.vae_loss(*map(weft.tensor, (logits, x, mean, log_var)))
    assert got.item() == pytest.approx((pixels + codes) / 3)


@needs("ConvTranspose2d")
def test_dcgan():
    weft.manual_seed(0)
    generator, discriminator = models.DCGANGenerator(8, 4), models.DCGANDiscriminator(ndf=4)
    noise = weft.randn(3, 8, 1, 1)
    assert generator(noise).shape == (3, 3, 64, 64) and discriminator(generator(noise)).shape == (3,)
    ones = weft.ones(3)

    def deceive():
        return F.binary_cross_entropy_with_logits(discriminator(generator(noise)), ones)

    check_step_lowers_loss(generator, deceive)
    fake = generator(noise).detach()
    check_step_lowers_loss(discriminator, lambda: F.binary_cross_entropy_with_logits(discriminator(fake), 0 * ones))
    check_evaluation(generator, noise)
    assert sum(p.numel() for p in models.DCGANGenerator().parameters()) == 3_576_704
    assert sum(p.numel() for p in models.DCGANDiscriminator().parameters()) == 2_765_568
    assert list(generator.state_dict())[0] == "main.0.weight" and "main.12.weight" in generator.state_dict()


def test_discriminator():
    weft.manual_seed(0)
    model, x = models.DCGANDiscriminator(1, 4), weft.randn(2, 1, 64, 64)
    check_step_lowers_loss(model, lambda: F.binary_cross_entropy_with_logits(model(x), weft.tensor([0.0, 1.0])))
    check_evaluation(model, x)
    with pytest.raises(ValueError, match="expected images"):
        model(weft.zeros(1, 1, 32, 32))


@needs("interpolate")
def test_ddpm_unet():
    weft.manual_seed(0)
    net = models.DDPMUNet(1, 8, (1, 2), 1, (False, True), 4, 0.1)
    schedule = models.DiffusionSchedule(20)
    x, t = weft.randn(2, 1, 8, 8), weft.tensor([3, 15])
    assert net(x, t).shape == x.shape
    for p in net.parameters():
        if not p.any():  # what starts at zero hides the rest
            weft.nn.init.normal_(p, std=0.1)
    assert (net.eval()(x, t) - net(x, t + 2)).abs().max().item() > 1e-4
    check_step_lowers_loss(net, lambda: schedule.loss(net, x))
    check_evaluation(net, x, t)
    assert schedule.sample(net, (2, 1, 8, 8)).isfinite().all()
    with pytest.raises(ValueError, match="multiples of 2"):
        net(weft.zeros(2, 1, 7, 8), t)
    with pytest.raises(ValueError, match="expected times"):
        net(x, t[:1])


@pytest.mark.parametrize("kind", ("linear", "cosine"))
def test_schedule_of_noise(kind):
    schedule = models.DiffusionSchedule(1000, kind)
    if kind == "linear":
        assert schedule.betas[0].item() == pytest.approx(1e-4) and schedule.betas[-1].item() == pytest.approx(0.02)
    assert (schedule.betas > 0).all() and (schedule.betas < 1).all()
    np.testing.assert_allclose(
        schedule.products.numpy(), np.cumprod(1 - schedule.betas.numpy().astype("f8")), atol=1e-5
    )
    assert schedule.products[-1].item() < 1e-4
    weft.manual_seed(0)
    x = schedule.add_noise(weft.ones(4000, 1), weft.full((4000,), 300), weft.randn(4000, 1))
    assert x.mean().item() == pytest.approx(math.sqrt(schedule.products[300].item()), abs=0.05)
    assert x.var().item() == pytest.approx(1 - schedule.products[300].item(), abs=0.05)


def test_taking_noise_away():
    """A model that knows what is behind the noise leads back to it."""
    weft.manual_seed(0)
    schedule, image = models.DiffusionSchedule(50), weft.randn(1, 1, 4, 4)

    def oracle(x, t):
        share = schedule.products[t].reshape(-1, 1, 1, 1)
        return (x - share.sqrt() * image) / (1 - share).sqrt()

    found = schedule.sample(oracle, (3, 1, 4, 4))
    np.testing.assert_allclose(found.numpy(), image.expand(3, -1, -1, -1).numpy(), atol=1e-4)
    x0 = weft.randn(2, 1, 4, 4)
    noise = weft.randn_like(x0)
    back = schedule.step(noise, schedule.add_noise(x0, weft.zeros(2).long(), noise), 0, noise)
    np.testing.assert_allclose(back.numpy(), x0.numpy(), atol=1e-4)


EDGES = weft.tensor([[0, 1, 1, 2, 3, 2], [1, 0, 2, 1, 3, 2]])  # with loops at 3 and 2


def adjacency():
    a = np.eye(5)
    for i, j in EDGES.t().tolist():
        a[j, i] = 1
    return a


def test_graph_convolution_by_matrices():
    weft.manual_seed(0)
    layer, x = models.GCNConv(3, 2), weft.randn(5, 3)
    a = adjacency()
    scale = 1 / np.sqrt(a.sum(1))
    wanted = (scale[:, None] * a * scale) @ x.numpy() @ layer.lin.weight.detach().numpy().T
    np.testing.assert_allclose(layer(x, EDGES).detach().numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize("concat", (True, False))
def test_graph_attention_by_matrices(concat):
    weft.manual_seed(0)
    layer, x = models.GATConv(3, 2, 4, concat), weft.randn(5, 3)
    y = (x @ layer.lin.weight.t()).reshape(5, 4, 2).detach().numpy()
    sent = (y * layer.att_src.detach().numpy()).sum(-1)
    received = (y * layer.att_dst.detach().numpy()).sum(-1)
    scores = received[:, None] + sent[None]
    scores = np.where(scores > 0, scores, 0.2 * scores)
    weights = np.exp(scores) * adjacency()[:, :, None]
    weights /= weights.sum(1, keepdims=True)
    wanted = np.einsum("ijh,jhc->ihc", weights, y)
    wanted = wanted.reshape(5, -1) if concat else wanted.mean(1)
    np.testing.assert_allclose(layer(x, EDGES).detach().numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize("kind", ("GCN", "GAT"))
def test_networks_on_graphs(kind):
    weft.manual_seed(0)
    model, x = getattr(models, kind)(6, 8, 3), weft.randn(5, 6)
    check_step_lowers_loss(model, lambda: F.cross_entropy(model(x, EDGES), weft.tensor([0, 1, 2, 0, 1])), 1e-2)
    check_evaluation(model, x, EDGES)
    with pytest.raises(ValueError, match=r"expected nodes of shape \(N, 6\)"):
        model(x[:, :2], EDGES)
    with pytest.raises(ValueError, match=r"expected edges as integers \(2, E\)"):
        model(x, EDGES.t())


def test_gcn_classifies_papers():
    """The published accuracy of this split is 81.5 % (Kipf and Welling, 2017)."""
    data = np.load(shared_data("cora") / "cora.npz")
    x = np.zeros((len(data["labels"]), int(data["num_features"])), np.float32)
    for row, (a, b) in enumerate(zip(data["feat_indptr"], data["feat_indptr"][1:])):
        x[row, data["feat_indices"][a:b]] = 1 / max(b - a, 1)
    edges = data["edges"].astype(np.int64)
    x, edges = weft.tensor(x), weft.tensor(np.concatenate([edges, edges[::-1]], 1))
    labels = weft.tensor(data["labels"].astype(np.int64))
    train, test = (weft.tensor(np.flatnonzero(data["split"] == i)) for i in (0, 2))
    weft.manual_seed(0)
    model = models.GCN(x.shape[1], 16, 7)
    optimizer = weft.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)
    for _ in range(50):
        loss = F.cross_entropy(model(x, edges)[train], labels[train])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    right = (model.eval()(x, edges)[test].argmax(1) == labels[test]).float().mean().item()
    assert right > 0.78


def test_matrix_factorization():
    weft.manual_seed(0)
    model = models.MatrixFactorization(6, 5, 3, mean=3.5)
    users, items = weft.arange(6).repeat_interleave(5), weft.arange(5).repeat(6)
    ratings = weft.rand(30) * 4 + 1
    check_step_lowers_loss(model, lambda: F.mse_loss(model(users, items), ratings), 1e-2)
    check_evaluation(model, users, items)
    p, q = model.user_factors.weight, model.item_factors.weight
    wanted = 3.5 + model.user_bias.weight[2] + model.item_bias.weight[4] + p[2] @ q[4]
    assert model(weft.tensor(2), weft.tensor(4)).item() == pytest.approx(wanted.item(), rel=1e-5)
    with pytest.raises(ValueError, match="same shape"):
        model(users, items[:3])


def test_dlrm():
    weft.manual_seed(0)
    model = models.DLRM(4, [10, 7, 3], 8, [16], [16, 8])
    dense, categories = weft.randn(6, 4), weft.tensor(np.random.default_rng(0).integers(0, 3, (6, 3)))
    clicked = weft.tensor([0.0, 1.0, 1.0, 0.0, 1.0, 0.0])
    check_step_lowers_loss(model, lambda: F.binary_cross_entropy_with_logits(model(dense, categories), clicked), 1e-2)
    check_evaluation(model, dense, categories)
    names = list(model.state_dict())
    assert names[:3] == ["emb_l.0.weight", "emb_l.1.weight", "emb_l.2.weight"] and "bot_l.2.bias" in names
    assert model.top_l[0].in_features == 8 + 6
    for wrong in ((dense[:, :2], categories), (dense, categories[:, :2]), (dense, categories.float())):
        with pytest.raises(ValueError, match="DLRM: expected"):
            model(*wrong)


def transition():
    return weft.randn(8, 4), weft.randint(0, 2, (8,)), weft.randn(8), weft.randn(8, 4), weft.rand(8) > 0.7


def test_dqn():
    weft.manual_seed(0)
    online, target, batch = models.DQN(4, 2, (8,)), models.DQN(4, 2, (8,)), transition()
    check_step_lowers_loss(online, lambda: models.dqn_loss(online, target, batch, double=False), 1e-2)
    check_evaluation(online, batch[0])
    states, actions, rewards, later, done = batch
    for double in (True, False):
        best = (online if double else target)(later).argmax(1)
        value = target(later)[weft.arange(8), best]
        wanted = rewards + 0.9 * weft.where(done, 0.0, value)
        got = models.dqn_loss(online, target, batch, 0.9, double)
        expected = F.smooth_l1_loss(online(states)[weft.arange(8), actions], wanted)
        assert got.item() == pytest.approx(expected.item(), rel=1e-5)
    assert weft.equal(online.act(states), online(states).argmax(1))
    assert set(online.act(weft.zeros(200, 4), epsilon=1.0).tolist()) == {0, 1}
    with pytest.raises(ValueError, match="epsilon must be between 0 and 1"):
        online.act(states, 2.0)


def test_replay_buffer_forgets_the_oldest():
    buffer = models.ReplayBuffer(3)
    with pytest.raises(ValueError, match="nothing was added"):
        buffer.sample(1)
    for i in range(5):
        buffer.add(weft.full((2,), float(i)), i, i / 2, weft.zeros(2), i == 4)
    states, actions, rewards, _, done = buffer.sample(200, weft.Generator().manual_seed(0))
    assert len(buffer) == 3 and set(actions.tolist()) == {2, 3, 4}
    assert weft.equal(states[:, 0], actions.float()) and weft.equal(rewards, actions / 2)
    assert weft.equal(done, actions == 4)


def test_advantages_by_hand():
    rng = np.random.default_rng(0)
    rewards, values, done = rng.normal(size=6), rng.normal(size=6), np.array([0, 0, 1, 0, 0, 0], bool)
    last = 0.7
    following = np.append(values[1:], last)
    errors = rewards + 0.9 * following * ~done - values
    wanted = []
    for t in range(6):
        total, weight = 0.0, 1.0
        for u in range(t, 6):
            total += weight * errors[u]
            if done[u]:
                break
            weight *= 0.9 * 0.8
        wanted.append(total)
    got = models.advantages(*map(weft.tensor, (rewards, values, done)), weft.tensor(last, dtype=weft.float64), 0.9, 0.8)
    np.testing.assert_allclose(got.numpy(), wanted)


def test_actor_critic_learns_which_arm_pays():
    weft.manual_seed(0)
    model = models.ActorCritic(2, 3, (16,))
    states = weft.tensor([[1.0, 0.0], [0.0, 1.0]]).repeat(32, 1)
    pays = weft.tensor([2, 0]).repeat(32)
    optimizer = weft.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(60):
        actions = model.act(states)
        logits, values = model(states)
        loss = models.actor_critic_loss(logits, values, actions, (actions == pays).float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert weft.equal(model(states[:2])[0].argmax(1), weft.tensor([2, 0]))
    check_evaluation(model, states)


BAD = {
    "VAE: image_size must be a multiple of 4": lambda: models.VAE(image_size=30),
    "DCGANDiscriminator: ndf": lambda: models.DCGANDiscriminator(ndf=0),
    "DCGANGenerator: nz": lambda: models.DCGANGenerator(nz=0),
    "DDPMUNet: width must be a multiple of groups": lambda: models.DDPMUNet(width=30),
    "DDPMUNet: multipliers": lambda: models.DDPMUNet(multipliers=()),
    "DiffusionSchedule: kind": lambda: models.DiffusionSchedule(10, "square"),
    "DiffusionSchedule.step: t must be": lambda: models.DiffusionSchedule(10).step(
        *[weft.zeros(1)] * 2, 10, weft.zeros(1)
    ),
    "DiffusionSchedule.add_noise: expected": lambda: models.DiffusionSchedule(10).add_noise(
        weft.zeros(2, 1), weft.zeros(1).long(), weft.zeros(2, 1)
    ),
    "GCN: num_layers": lambda: models.GCN(3, 4, 2, num_layers=0),
    "GATConv: dropout": lambda: models.GATConv(3, 2, dropout=-0.1),
    "GAT: hidden_channels": lambda: models.GAT(3, 0, 2),
    "MatrixFactorization: num_items": lambda: models.MatrixFactorization(3, 0),
    "DLRM: table_sizes": lambda: models.DLRM(3, []),
    "DQN: num_actions": lambda: models.DQN(3, 0),
    "ActorCritic: hidden": lambda: models.ActorCritic(3, 2, ()),
    "ReplayBuffer: capacity": lambda: models.ReplayBuffer(0),
    "dqn_loss: batch": lambda: models.dqn_loss(None, None, ()),
    "advantages: expected": lambda: models.advantages(
        weft.zeros(2), weft.zeros(3), weft.zeros(2).bool(), weft.zeros(())
    ),
    "actor_critic_loss: expected": lambda: models.actor_critic_loss(weft.zeros(2, 2), *[weft.zeros(3)] * 3),
    "ranking_loss: better and worse": lambda: models.ranking_loss(weft.zeros(2), weft.zeros(3)),
    "vae_loss: logits and images": lambda: models.vae_loss(*[weft.zeros(1, n) for n in (1, 2, 3, 3)]),
}


@pytest.mark.parametrize("message", BAD)
def test_arguments_are_checked(message):
    with pytest.raises(ValueError, match=message):
        BAD[message]()
