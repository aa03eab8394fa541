"""Predict film ratings by matrix factorisation with biases (Koren, Bell and Volinsky, 2009).

Usage: python examples/movielens.py --data DIR/ratings.csv

ratings.csv has the columns userId, movieId, rating and timestamp. Nine tenths of the ratings, drawn at random, are
learnt; the root mean square error of the others is printed, beside that of guessing from the averages of user and film
alone.
"""

import argparse
import time

import numpy as np
import weft
import weft.nn as nn
from weft.datasets import MovieLens


class Factors(nn.Module):
    """``mean + bias of the user + bias of the film + product of their vectors``."""

    def __init__(self, users, films, size, mean):
        super().__init__()
        self.user, self.film = nn.Embedding(users, size), nn.Embedding(films, size)
        self.user_bias, self.film_bias = nn.Embedding(users, 1), nn.Embedding(films, 1)
        self.mean = mean
        for table in (self.user, self.film):
            nn.init.normal_(table.weight, 0.0, 0.05)
        for table in (self.user_bias, self.film_bias):
            nn.init.zeros_(table.weight)

    def forward(self, user, film):
        product = (self.user(user) * self.film(film)).sum(1)
        return self.mean + self.user_bias(user).squeeze(1) + self.film_bias(film).squeeze(1) + product

    def penalty(self, user, film):
        """The squares of the vectors and biases that a batch touches: rare films are held near their average."""
        vectors = self.user(user).square().sum() + self.film(film).square().sum()
        return vectors + self.user_bias(user).square().sum() + self.film_bias(film).square().sum()


def from_averages(user, film, rating, train, test):
    """The error of ``mean + deviation of user + deviation of film``, shrunk to 0 where there are few ratings."""
    mean = rating[train].mean()
    residual = rating[train] - mean
    film_part = np.bincount(film[train], residual, film.max() + 1) / (
        np.bincount(film[train], minlength=film.max() + 1) + 5
    )
    residual = residual - film_part[film[train]]
    user_part = np.bincount(user[train], residual, user.max() + 1) / (
        np.bincount(user[train], minlength=user.max() + 1) + 5
    )
    guess = mean + film_part[film[test]] + user_part[user[test]]
    return float(np.sqrt(np.mean((guess - rating[test]) ** 2)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="ratings.csv")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--size", type=int, default=32, help="length of the vectors")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    user, film, rating = (column.numpy() for column in MovieLens(args.data).tensors)
    order = rng.permutation(len(rating))
    test, train = np.split(order, [len(order) // 10])
    print(f"{len(rating)} ratings by {user.max() + 1} users of {film.max() + 1} films")
    print(f"from averages: test RMSE {from_averages(user, film, rating, train, test):.4f}")

    users, films, ratings = weft.from_numpy(user), weft.from_numpy(film), weft.from_numpy(rating)
    model = Factors(int(user.max()) + 1, int(film.max()) + 1, args.size, float(rating[train].mean()))
    optimizer = weft.optim.Adam(model.parameters(), lr=5e-3)
    scheduler = weft.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    test = weft.from_numpy(test)
    for epoch in range(1, args.epochs + 1):
        start, total = time.perf_counter(), 0.0
        for rows in np.array_split(rng.permutation(train), max(1, len(train) // 512)):
            rows = weft.from_numpy(rows)
            optimizer.zero_grad()
            error = (model(users[rows], films[rows]) - ratings[rows]).square().sum()
            ((error + 0.1 * model.penalty(users[rows], films[rows])) / len(rows)).backward()
            optimizer.step()
            total += error.item()
        scheduler.step()
        with weft.no_grad():
            guess = model(users[test], films[test]).clamp(0.5, 5.0)
            rmse = (guess - ratings[test]).square().mean().sqrt().item()
        seconds = time.perf_counter() - start
        print(f"epoch {epoch}: training RMSE {(total / len(train)) ** 0.5:.4f}, test RMSE {rmse:.4f}, {seconds:.1f} s")
    print(f"test RMSE: {rmse:.4f}")


if __name__ == "__main__":
    main()
