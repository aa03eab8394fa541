# %% [markdown]
# # Tables
#
# A perceptron on a table of measurements, within scikit-learn: its pipelines, its grid search, its data.

# %%
import matplotlib.pyplot as plt
import weft
import weft.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from weft.integrations.sklearn import Classifier

x, y = load_breast_cancer(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x.astype("float32"), y, random_state=0)


class Perceptron(nn.Module):
    def __init__(self, width=16, dropout=0.2):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(30, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, 2))

    def forward(self, x):
        return self.layers(x)


model = make_pipeline(StandardScaler(), Classifier(Perceptron, optimizer="adamw", lr=1e-2, epochs=20, seed=0))
search = GridSearchCV(model, {"classifier__module__width": [8, 32], "classifier__module__dropout": [0.0, 0.3]}, cv=3)
search.fit(x_train, y_train)
print("best:", search.best_params_)
print(f"test accuracy: {search.score(x_test, y_test):.3f}")
linear = make_pipeline(StandardScaler(), LogisticRegression())
print(f"logistic regression: {cross_val_score(linear, x_train, y_train).mean():.3f} in cross-validation")

# %% [markdown]
# ## What the answer depends on
#
# The gradient of the answer to the inputs says which columns matter.

# %%
scaler, classifier = search.best_estimator_
inputs = weft.from_numpy(scaler.transform(x_test)).float().requires_grad_()
network = classifier.module_.eval()
network(inputs)[:, 1].sum().backward()
importance = inputs.grad.abs().mean(0)
names = load_breast_cancer().feature_names
best = importance.argsort(descending=True)[:8].tolist()
plt.barh([names[i] for i in best][::-1], importance[best].flip(0))
plt.tight_layout()
plt.show()
