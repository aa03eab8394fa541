"""Regression with early stopping, a plateau schedule, a split data set and NumPy on both ends."""

import copy

import numpy as np
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, Dataset, random_split

torch.manual_seed(0)
np.random.seed(0)
torch.set_default_dtype(torch.float64)
device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


class Points(Dataset):
    def __init__(self, n):
        self.x = np.random.randn(n, 3)
        self.y = self.x @ np.array([1.0, -2.0, 0.5]) + 0.3 + 0.01 * np.random.randn(n)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return {"x": torch.from_numpy(self.x[i]), "y": self.y[i]}


points = Points(300)
train, val = random_split(points, [0.8, 0.2], generator=torch.Generator().manual_seed(42))
loaders = {"train": DataLoader(train, 32, shuffle=True, drop_last=True), "val": DataLoader(val, 60)}
model = torch.nn.Sequential(torch.nn.Linear(3, 1)).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.3, weight_decay=1e-6)
scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=0.1, patience=2)
best, best_state, waited = float("inf"), None, 0
for epoch in range(40):
    losses = {}
    for phase in ["train", "val"]:
        model.train(phase == "train")
        running = 0.0
        for batch in loaders[phase]:
            x, y = batch["x"].to(device), batch["y"].to(device)
            optimizer.zero_grad()
            with torch.set_grad_enabled(phase == "train"):
                loss = torch.nn.functional.mse_loss(model(x).squeeze(1), y)
                if phase == "train":
                    loss.backward()
                    optimizer.step()
            running += loss.item() * x.size(0)
        losses[phase] = running / len(loaders[phase].dataset)
    scheduler.step(losses["val"])
    if losses["val"] < best - 1e-9:
        best, best_state, waited = losses["val"], copy.deepcopy(model.state_dict()), 0
    else:
        waited += 1
        if waited > 6:
            break
model.load_state_dict(best_state)
weight = model[0].weight.detach().cpu().numpy().ravel()
print(epoch, best, optimizer.param_groups[0]["lr"], weight)
assert np.allclose(weight, [1, -2, 0.5], atol=0.01) and best < 1e-3
