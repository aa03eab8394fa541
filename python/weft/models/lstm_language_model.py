"""A language model of LSTM layers (Zaremba et al., 2014)."""

from __future__ import annotations

from weft import nn
from weft.models._arguments import check_positive, check_probability, check_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


class LSTMLanguageModel(nn.Module):
    """Embedding, LSTM layers, and logits of the next token at each place.

    Args:
        vocab_size: number of tokens.
        embedding_size: size of a token.
        hidden_size: size of the state.
        num_layers: LSTM layers.
        dropout: probability of a zero of what each layer reads, and of what the last one gives.
        tie_weights: let the output share the weight of the embedding (Press and Wolf, 2017).

    Shape:
        Input: (N, L), token ids, and the state of a former call or None.
        Output: (N, L, vocab_size), logits, and the state: two of (num_layers, N, hidden_size).

    Raises:
        ValueError: an argument is out of range, tied weights differ in size, or ids are no integers (N, L).

    Example:
        >>> import weft
        >>> logits, state = weft.models.LSTMLanguageModel(9, 4, 8)(weft.tensor([[1, 2, 3]]))
        >>> logits.shape, state[0].shape
        (weft.Size([1, 3, 9]), weft.Size([1, 1, 8]))
    """

    decoder: nn.Linear
    drop: nn.Dropout
    encoder: nn.Embedding
    rnn: nn.LSTM

    def __init__(
        self,
        vocab_size: int,
        embedding_size: int = 200,
        hidden_size: int = 200,
        num_layers: int = 1,
        dropout: float = 0.0,
        tie_weights: bool = False,
    ) -> None:
        super().__init__()
        sizes = {"vocab_size": vocab_size, "embedding_size": embedding_size, "hidden_size": hidden_size}
        check_positive("LSTMLanguageModel", **sizes, num_layers=num_layers)
        check_probability("LSTMLanguageModel", dropout=dropout)
        if tie_weights and embedding_size != hidden_size:
            got = f"{embedding_size} and {hidden_size}"
            raise ValueError(f"LSTMLanguageModel: tie_weights needs embedding_size and hidden_size equal, got {got}")
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(vocab_size, embedding_size)
        between = dropout if num_layers > 1 else 0.0
        self.rnn = nn.LSTM(embedding_size, hidden_size, num_layers, batch_first=True, dropout=between)
        self.decoder = nn.Linear(hidden_size, vocab_size)
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)
        if tie_weights:
            self.decoder.weight = self.encoder.weight

    def forward(
        self, input_ids: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        check_tokens(self, "input_ids", input_ids)
        y, state = self.rnn(self.drop(self.encoder(input_ids)), state)
        return self.decoder(self.drop(y)), state
