"""A small DCGAN: transposed convolutions, batch norm, two optimisers, weights drawn by apply()."""

import random

import torch
import torch.nn as nn
import torch.nn.parallel
import torch.optim as optim

random.seed(999)
torch.manual_seed(999)
torch.use_deterministic_algorithms(True)
device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
nz, ngf, ndf = 8, 8, 8


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find("BatchNorm") != -1:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


class Upsample(nn.Module):
    """Doubles the size; then a convolution."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)

    def forward(self, x):
        return self.conv(x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3))


netG = nn.Sequential(
    nn.Unflatten(1, (nz, 1, 1)),
    Upsample(nz, ngf * 2),
    nn.BatchNorm2d(ngf * 2),
    nn.ReLU(True),
    Upsample(ngf * 2, ngf),
    nn.BatchNorm2d(ngf),
    nn.ReLU(True),
    Upsample(ngf, 1),
    nn.Tanh(),
).to(device)
netD = nn.Sequential(
    nn.Conv2d(1, ndf, 4, 2, 1, bias=False),
    nn.LeakyReLU(0.2, inplace=True),
    nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False),
    nn.BatchNorm2d(ndf * 2),
    nn.LeakyReLU(0.2, inplace=True),
    nn.Conv2d(ndf * 2, 1, 2, 1, 0, bias=False),
    nn.Sigmoid(),
).to(device)
netG.apply(weights_init)
netD.apply(weights_init)
print(netG)
criterion = nn.BCELoss()
fixed_noise = torch.randn(4, nz, device=device)
optimizerD = optim.Adam(netD.parameters(), lr=2e-3, betas=(0.5, 0.999))
optimizerG = optim.Adam(netG.parameters(), lr=2e-3, betas=(0.5, 0.999))
for step in range(20):
    netD.zero_grad()
    real = torch.ones(16, 1, 8, 8, device=device) * 0.8 + 0.1 * torch.randn(16, 1, 8, 8, device=device)
    label = torch.full((16,), 1.0, dtype=torch.float, device=device)
    errD_real = criterion(netD(real).view(-1), label)
    errD_real.backward()
    fake = netG(torch.randn(16, nz, device=device))
    label.fill_(0.0)
    errD_fake = criterion(netD(fake.detach()).view(-1), label)
    errD_fake.backward()
    optimizerD.step()
    netG.zero_grad()
    label.fill_(1.0)
    errG = criterion(netD(fake).view(-1), label)
    errG.backward()
    optimizerG.step()
    errD = errD_real + errD_fake
print("Loss_D: %.4f Loss_G: %.4f" % (errD.item(), errG.item()))
assert netG(fixed_noise).detach().cpu().shape == (4, 1, 8, 8)
assert all(torch.isfinite(p).all() for p in netG.parameters())
