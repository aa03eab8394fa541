"""Saving, stopping and going on: model, optimiser, schedule and generator."""

import os
import tempfile

import torch
import torch.nn as nn


def build():
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    return model, optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)


def steps(model, optimizer, scheduler, n):
    for _ in range(n):
        x = torch.randn(32, 4)
        loss = nn.functional.cross_entropy(model(x), (x.sum(1) > 0).long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    return loss.item()


path = os.path.join(tempfile.mkdtemp(), "checkpoint.pt")
model, optimizer, scheduler = build()
steps(model, optimizer, scheduler, 10)
torch.save(
    {
        "epoch": 10,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "rng": torch.get_rng_state(),
    },
    path,
)
straight = steps(model, optimizer, scheduler, 10)

resumed, optimizer2, scheduler2 = build()
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
checkpoint = torch.load(path, map_location=device)
missing, unexpected = resumed.load_state_dict(checkpoint["model_state_dict"], strict=False)
assert not missing and not unexpected
optimizer2.load_state_dict(checkpoint["optimizer_state_dict"])
scheduler2.load_state_dict(checkpoint["scheduler"])
torch.set_rng_state(checkpoint["rng"].cpu())
assert steps(resumed, optimizer2, scheduler2, 20 - checkpoint["epoch"]) == straight
for (name, p), q in zip(model.named_parameters(), resumed.parameters()):
    assert torch.equal(p, q), name
print("resumed", straight, scheduler2.get_last_lr())
