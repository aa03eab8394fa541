"""The architecture of Silero VAD, which tells speech in audio of 16 kHz; it takes the published weights."""

from __future__ import annotations

import weft
from weft import nn
from weft.models._arguments import check_input
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor

_CHUNK, _CONTEXT = 512, 64


class SileroVAD(nn.Module):
    """The probability of speech in each chunk of 512 samples (32 ms).

    A chunk with the 64 samples before it goes through a short-time Fourier transform (a convolution), four convolutions
    and an LSTM cell, whose state goes on to the next chunk.

    Shape:
        Input: (N, samples), from -1 to 1; the last chunk is filled up with zeros. Output: (N, chunks).

    Raises:
        ValueError: the audio is not floating point (N, samples).

    Example:
        >>> import weft
        >>> weft.models.SileroVAD()(weft.zeros(1, 1024)).shape
        weft.Size([1, 2])
    """

    conv1: nn.Conv1d
    conv2: nn.Conv1d
    conv3: nn.Conv1d
    conv4: nn.Conv1d
    final_conv: nn.Conv1d
    lstm_cell: nn.LSTMCell
    stft_conv: nn.Conv1d

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 258, 256, stride=128, bias=False)
        self.conv1 = nn.Conv1d(129, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, 3, padding=1)
        self.lstm_cell = nn.LSTMCell(128, 128)
        self.final_conv = nn.Conv1d(128, 1, 1)

    def chunk(self, audio: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The probability for one chunk with its context, (N, 576), and the state for the next one.

        >>> import weft
        >>> weft.models.SileroVAD().chunk(weft.zeros(1, 576))[0].shape
        weft.Size([1])
        """
        check_input(self, "audio", audio, "N, samples", samples=_CHUNK + _CONTEXT)
        spectrum = self.stft_conv(F.pad(audio.unsqueeze(1), (0, 64), "reflect"))
        real, imaginary = spectrum.chunk(2, 1)
        x = (real**2 + imaginary**2).sqrt()
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = F.relu(layer(x))
        state = self.lstm_cell(x.squeeze(-1), state)
        return self.final_conv(F.relu(state[0]).unsqueeze(-1)).sigmoid().flatten(), state

    def forward(self, audio: Tensor) -> Tensor:
        check_input(self, "audio", audio, "N, samples")
        audio = F.pad(audio, (_CONTEXT, -audio.shape[1] % _CHUNK))
        state, result = None, []
        for start in range(0, audio.shape[1] - _CONTEXT, _CHUNK):
            speech, state = self.chunk(audio[:, start : start + _CHUNK + _CONTEXT], state)
            result.append(speech)
        return weft.stack(result, 1) if result else audio.new_zeros(len(audio), 0)
