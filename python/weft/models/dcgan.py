"""Deep convolutional generative adversarial network (Radford et al., 2016), for images of 64x64.

The names are those of PyTorch's tutorial.
"""

from __future__ import annotations

from weft import nn
from weft.models._arguments import check_input, check_positive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


def _start(model, convolution):
    for module in model.modules():
        if isinstance(module, convolution):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)


class DCGANGenerator(nn.Module):
    """Makes images of 64x64 of noise, by five transposed convolutions.

    Args:
        nz: channels of the noise.
        ngf: channels of the last hidden map.
        nc: channels of the images.

    Shape:
        Input: (N, nz, 1, 1). Output: (N, nc, 64, 64), from -1 to 1.

    Raises:
        ValueError: an argument is not a positive int, or the noise has another shape.

    Example:
        >>> import weft
        >>> weft.models.DCGANGenerator(nz=4, ngf=2)(weft.zeros(1, 4, 1, 1)).shape
        weft.Size([1, 3, 64, 64])
    """

    main: nn.Sequential

    def __init__(self, nz: int = 100, ngf: int = 64, nc: int = 3) -> None:
        super().__init__()
        check_positive("DCGANGenerator", nz=nz, ngf=ngf, nc=nc)
        self.nz = nz
        layers: list[nn.Module] = [nn.ConvTranspose2d(nz, 8 * ngf, 4, 1, 0, bias=False)]
        for width in (8 * ngf, 4 * ngf, 2 * ngf):
            layers += [nn.BatchNorm2d(width), nn.ReLU(True), nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False)]
        layers += [nn.BatchNorm2d(ngf), nn.ReLU(True), nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh()]
        self.main = nn.Sequential(*layers)
        _start(self, nn.ConvTranspose2d)

    def forward(self, noise: Tensor) -> Tensor:
        check_input(self, "noise", noise, "N, C, H, W", C=self.nz, H=1, W=1)
        return self.main(noise)


class DCGANDiscriminator(nn.Module):
    """Tells images of 64x64 from made ones, by five convolutions. The tutorial's result is the sigmoid of this one's.

    Args:
        nc: channels of the images.
        ndf: channels of the first hidden map.

    Shape:
        Input: (N, nc, 64, 64). Output: (N,), logits of being real.

    Raises:
        ValueError: an argument is not a positive int, or the images have another shape.

    Example:
        >>> import weft
        >>> weft.models.DCGANDiscriminator(ndf=2)(weft.zeros(2, 3, 64, 64)).shape
        weft.Size([2])
    """

    main: nn.Sequential

    def __init__(self, nc: int = 3, ndf: int = 64) -> None:
        super().__init__()
        check_positive("DCGANDiscriminator", nc=nc, ndf=ndf)
        self.nc = nc
        layers: list[nn.Module] = [nn.Conv2d(nc, ndf, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
        for width in (ndf, 2 * ndf, 4 * ndf):
            layers += [nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width)]
            layers += [nn.LeakyReLU(0.2, inplace=True)]
        layers.append(nn.Conv2d(8 * ndf, 1, 4, 1, 0, bias=False))
        self.main = nn.Sequential(*layers)
        _start(self, nn.Conv2d)

    def forward(self, images: Tensor) -> Tensor:
        check_input(self, "images", images, "N, C, H, W", C=self.nc, H=64, W=64)
        return self.main(images).flatten()
