"""Mixed precision, gradient accumulation and clipping, in the newer and the older spelling."""

import torch
from torch import nn
from torch.cuda.amp import GradScaler as OldScaler

device = "cuda" if torch.cuda.is_available() else "cpu"
dtype = torch.float16 if device == "cuda" else torch.bfloat16
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(16, 64), nn.ReLU(inplace=True), nn.LayerNorm(64), nn.Linear(64, 1)).to(device)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
scaler = torch.amp.GradScaler(device, enabled=device == "cuda")
accumulate = 2
w = torch.randn(16, 1, device=device)
history = []
for step in range(80):
    x = torch.randn(64, 16, device=device)
    with torch.autocast(device_type=device, dtype=dtype):
        output = net(x)
        assert output.dtype == dtype
        loss = nn.functional.mse_loss(output.float(), x @ w) / accumulate
    scaler.scale(loss).backward()
    if (step + 1) % accumulate == 0:
        scaler.unscale_(opt)
        torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm=5.0, norm_type=2)
        scaler.step(opt)
        scaler.update()
        opt.zero_grad(set_to_none=True)
    history.append(loss.detach())
losses = torch.stack(history).float().cpu()
print(losses[:5].mean(), losses[-5:].mean(), scaler.state_dict(), torch.is_autocast_enabled())
assert losses[-5:].mean() < 0.2 * losses[:5].mean()
assert OldScaler is not None and all(p.dtype is torch.float32 for p in net.parameters())
