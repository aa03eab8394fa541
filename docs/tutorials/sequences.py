# %% [markdown]
# # Sequences
#
# The air on Mauna Loa has been measured each month since 1958. An LSTM learns how CO2 changes from month to month,
# and forecasts five years that it has not seen.

# %%
import csv
from pathlib import Path

import matplotlib.pyplot as plt
import weft
import weft.nn as nn

weft.manual_seed(0)
name = "co2-mm-mlo.csv"  # beside this page; a notebook does not know its own place
folders = [Path(globals().get("__file__", "")).parent / "data", Path("data"), Path("docs/tutorials/data")]
with open(next((f / name for f in folders if (f / name).exists()), name), newline="") as file:
    co2 = weft.tensor([float(row["Interpolated"]) for row in csv.DictReader(file)])
HIDDEN = 60  # months that are kept for the test
change = co2[12:] - co2[:-12]  # from a year to the next: without the seasons
mean, deviation = change[:-HIDDEN].mean(), change[:-HIDDEN].std()
series = (change - mean) / deviation
plt.plot(co2)
plt.ylabel("parts per million")
plt.show()


# %% [markdown]
# The network sees a sequence and predicts its next value at every place.


# %%
class Forecaster(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.lstm = nn.LSTM(1, width, batch_first=True)
        self.linear = nn.Linear(width, 1)

    def forward(self, x, state=None):
        y, state = self.lstm(x, state)
        return x + self.linear(y), state


model = Forecaster()
optimizer = weft.optim.Adam(model.parameters(), lr=5e-3)
known = series[:-HIDDEN]
windows = known.unfold(0, 49, 4).unsqueeze(-1)  # (n, 49, 1)
for _ in range(200):
    optimizer.zero_grad()
    predicted, _ = model(windows[:, :-1])
    loss = nn.functional.mse_loss(predicted, windows[:, 1:])
    loss.backward()
    optimizer.step()
same = nn.functional.mse_loss(windows[:, :-1], windows[:, 1:])
print(f"squared error of the next month {loss.item():.3f}; of saying it stays as it is {same.item():.3f}")

# %% [markdown]
# To forecast far, it goes on from what it has said itself.

# %%
with weft.no_grad():
    x, state = model(known[-120:].view(1, -1, 1))
    x, said = x[:, -1:], []
    for _ in range(HIDDEN):
        said.append(x.item())
        x, state = model(x, state)
forecast = co2[-HIDDEN - 12 : -HIDDEN].tolist()
for value in said:
    forecast.append(forecast[-12] + value * deviation.item() + mean.item())
forecast = weft.tensor(forecast[12:])
naive = co2[-HIDDEN - 12 : -HIDDEN].repeat(5) + change[-HIDDEN - 1] * weft.arange(1, 6).repeat_interleave(12)
for name, values in {"the network": forecast, "the last growth for ever": naive}.items():
    error = (values - co2[-HIDDEN:]).abs().mean().item()
    print(f"mean error over five years of {name}: {error:.2f} parts per million")
plt.plot(co2[-HIDDEN:], label="measured")
plt.plot(forecast, label="forecast")
plt.legend()
plt.show()

# %% [markdown]
# The network knows the next month better than who says that nothing changes. Over five years the simple rule is nearer:
# what it says of itself adds up its errors, and the last growth was a good guess. Compare with such a rule before you
# trust a forecast.
