# %% [markdown]
# # Images
#
# A convolutional network learns to read handwritten digits of 8 x 8 pixels, which come with Weft: 3,823 to learn
# from, and 1,797 by other writers to be measured on.

# %%
import tempfile

import matplotlib.pyplot as plt
import weft
import weft.nn as nn
from weft import datasets, metrics, transforms
from weft.utils.data import DataLoader

weft.manual_seed(0)
train = datasets.Digits(train=True)
test = datasets.Digits(train=False)
figure, axes = plt.subplots(2, 8, figsize=(8, 2.4))
for axis, index in zip(axes.flat, range(0, len(train), 239)):
    image, label = train[index]
    axis.imshow(image, cmap="gray_r")
    axis.set_title(label)
    axis.axis("off")
plt.show()

# %% [markdown]
# Transforms make tensors of images, and shift them a little at random, so that the network does not learn them by
# heart. The random numbers belong to the sample: with any number of loader workers they are the same.

# %%
augment = transforms.Compose([transforms.ToTensor(), transforms.RandomAffine(10, translate=(0.1, 0.1))])
train = datasets.Digits(train=True, transform=augment)
test = datasets.Digits(train=False, transform=transforms.ToTensor())
train_loader = DataLoader(train, batch_size=64, shuffle=True)
test_loader = DataLoader(test, batch_size=256)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Linear(64 * 2 * 2, 10)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


model = Net()
weft.summary(model, weft.zeros(1, 1, 8, 8))

# %% [markdown]
# ## The plain loop
#
# This is all there is to training. `weft.jit` makes one compiled graph of the whole step.

# %%
optimizer = weft.optim.AdamW(model.parameters(), lr=3e-3)


@weft.jit
def step(images, labels):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss


for epoch in range(2):
    losses = [step(images, labels).item() for images, labels in train_loader]
    print(f"epoch {epoch}: loss {sum(losses) / len(losses):.3f}")

# %% [markdown]
# ## The trainer
#
# `weft.Trainer` is the same loop with what goes around it: metrics, validation, schedules, checkpoints, progress. It
# goes on from where the plain loop has stopped.

# %%
folder = tempfile.mkdtemp()
trainer = weft.Trainer(
    model, optimizer, nn.CrossEntropyLoss(), metrics=[metrics.Accuracy()], checkpoint_folder=folder, progress="off"
)
trainer.fit(train_loader, test_loader, epochs=4)
print({name: round(value, 4) for name, value in trainer.evaluate(test_loader).items()})

# %% [markdown]
# ## What is mistaken for what

# %%
confusion = metrics.ConfusionMatrix(num_classes=10)
model.eval()
with weft.no_grad():
    for images, labels in test_loader:
        confusion.update(model(images), labels)
plt.imshow(confusion.compute(), cmap="Blues")
plt.xlabel("said")
plt.ylabel("is")
plt.show()
