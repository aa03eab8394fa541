# %% [markdown]
# # Deployment
#
# A trained model becomes one file that runs without the Python code it was written in: in another process, on another
# machine, in a C++ program.

# %%
import os
import subprocess
import sys
import tempfile
import time

import matplotlib.pyplot as plt
import numpy as np
import weft
import weft.nn as nn
from weft import datasets

weft.manual_seed(0)
train, test = datasets.Digits(train=True), datasets.Digits(train=False)


def tensors(digits):
    return digits.data.float().unsqueeze(1) / 16, digits.targets


features = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
model = nn.Sequential(features, nn.Linear(16 * 16, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = weft.optim.AdamW(model.parameters(), lr=3e-3)
images, labels = tensors(train)
for _ in range(4):
    for part in weft.randperm(len(images)).split(64):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images[part]), labels[part]).backward()
        optimizer.step()
model.eval()
images, labels = tensors(test)
with weft.no_grad():
    print(f"test accuracy {(model(images).argmax(1) == labels).float().mean().item():.3f}")

# %% [markdown]
# ## One file
#
# `weft.export.export` traces the model once; the number of images is left open.

# %%
folder = tempfile.mkdtemp()
path = os.path.join(folder, "digits.safetensors")
n = weft.export.Dim("n", min=1, max=4096)
program = weft.export.export(model, (images[:2],), dynamic_shapes=({0: n},))
weft.export.save(program, path)
print(program)
print(f"{os.path.getsize(path):,} bytes")

# %% [markdown]
# Another process, which does not know the model's code, reads the file, and gets the same bits. A C++ program does it
# with `weft::export_::load`: see [Weft in C++](../cpp.html).

# %%
np.save(os.path.join(folder, "images.npy"), images.numpy())
other = """
import sys, numpy, weft
program = weft.export.load(sys.argv[1] + "/digits.safetensors")
images = weft.from_numpy(numpy.load(sys.argv[1] + "/images.npy"))
with weft.no_grad():
    numpy.save(sys.argv[1] + "/answers.npy", program(images).numpy())
"""
subprocess.run([sys.executable, "-c", other, folder], check=True)
answers = np.load(os.path.join(folder, "answers.npy"))
with weft.no_grad():
    assert np.array_equal(answers, model(images).numpy())

# %% [markdown]
# ## How long an answer takes

# %%
loaded = weft.export.load(path)
sizes = [1, 4, 16, 64, 256]
microseconds = []
with weft.inference_mode():
    for size in sizes:
        batch = images[:size]
        loaded(batch)
        start = time.perf_counter()
        for _ in range(50):
            loaded(batch)
        microseconds.append((time.perf_counter() - start) / 50 / size * 1e6)
plt.loglog(sizes, microseconds, "o-")
plt.xlabel("images in a batch")
plt.ylabel("microseconds per image")
plt.show()
