"""Models to bring: twelve that torchvision publishes, and nine written by hand, all made small."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

SIZE = 64
"""Sides of the images that torchvision's models read here."""

TORCHVISION: dict[str, dict[str, object]] = {
    "alexnet": {},
    "densenet121": {},
    "efficientnet_b0": {},
    "googlenet": {"aux_logits": False, "init_weights": False},
    "mnasnet0_5": {},
    "mobilenet_v2": {},
    "mobilenet_v3_small": {},
    "regnet_x_400mf": {},
    "resnet18": {},
    "resnext50_32x4d": {},
    "squeezenet1_1": {},
    "regnet_y_400mf": {},
}
"""Names, and what they are made with."""


class Residual(nn.Module):
    """Group normalisation in a residual network, with learnt slopes (He et al. 2016, Wu and He 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.norms = nn.ModuleList(nn.GroupNorm(groups, 8) for groups in (1, 2, 4))
        self.convs = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1, bias=False) for _ in range(2))
        self.slopes = nn.ModuleList([nn.PReLU(), nn.PReLU(8), nn.PReLU()])
        self.head = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.slopes[0](self.norms[0](self.stem(x)))
        y = self.norms[1](self.convs[0](x))
        x = self.slopes[1](x + self.norms[2](self.convs[1](self.slopes[2](y))))
        return self.head(x.mean((2, 3)))


class Coder(nn.Module):
    """Down and up again with what was seen on the way (Ronneberger et al. 2015), dropped channels between."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True))
        self.second = nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.GroupNorm(4, 8), nn.ReLU(inplace=True))
        self.up = nn.ConvTranspose2d(8, 6, 2, 2)
        self.last = nn.Sequential(nn.Dropout2d(0.1), nn.Conv2d(12, 6, 3, padding=1), nn.ReLU())
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = self.first(x)
        deep = self.up(self.second(F.max_pool2d(seen, 2)))
        return self.head(self.last(torch.cat([seen, deep], dim=1)))


class Pyramid(nn.Module):
    """Two sizes of one image, the smaller enlarged by both ways of interpolation (Lin et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.fine, self.coarse = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(3, 6, 3, 2, 1)
        self.upsample = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.norm, self.head = nn.BatchNorm2d(6), nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        coarse = F.relu(self.coarse(x))
        x = self.fine(x) + self.upsample(coarse) + F.interpolate(coarse, scale_factor=2, mode="nearest")
        return self.head(F.relu(self.norm(x)).mean(dim=(2, 3)))


class Halves(nn.Module):
    """Half of the channels goes through, the other half around (Ma et al. 2018, without the shuffle)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.branch = nn.Sequential(nn.Conv2d(4, 4, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.narrow, self.head = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(11, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        left, right = self.stem(x).chunk(2, dim=1)
        x = torch.cat((left, self.branch(right)), dim=1)
        first, second = torch.split(x, [3, 5], dim=1)
        x = torch.cat([second, self.narrow(first), x[:, 1:4]], 1)
        return self.head(x.mean((2, 3)))


class Vectors(nn.Module):
    """A wide classifier that is normalised by batch and by example."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 5, 4), nn.PReLU(4), nn.Flatten())
        self.hidden = nn.Sequential(
            nn.Linear(36, 12, bias=False), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.2)
        )
        self.last = nn.Sequential(nn.Linear(12, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.hidden(self.features(x)))


class Padded(nn.Module):
    """Uneven padding by hand, as networks have it that come from TensorFlow."""

    def __init__(self) -> None:
        super().__init__()
        self.pad, self.stem = nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 6, 3, 2, bias=False)
        self.norm, self.body = nn.BatchNorm2d(6, eps=1e-3), nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.head = nn.Linear(12, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.norm(self.stem(self.pad(x))))
        x = F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=float("-inf")), 3, 2)
        y = F.relu(self.body(x))
        x = F.avg_pool2d(F.pad(y, (1, 1, 1, 1)), 3, 2)
        short = F.pad(y[:, :, ::2, ::2], (0, 0, 0, 0, 3, 3))
        return self.head(torch.cat([x, short[:, :6]], 1).mean((2, 3)))


class Gated(nn.Module):
    """A gate and what it leaves over: g · f + (1 - g) · x (Srivastava et al. 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.body = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.gate, self.norm = nn.Conv2d(6, 6, 1), nn.GroupNorm(3, 6)
        self.head = nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.stem(x))
        gate = torch.sigmoid(self.gate(x))
        x = gate * F.leaky_relu(self.norm(self.body(x)), 0.1) + (1 - gate) * x
        return self.head(x.mean((2, 3)))


class Pixels(nn.Module):
    """Large depthwise filters and a normalisation over the channels of each pixel (Liu et al. 2022)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, 4)
        self.depthwise, self.norm = nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.LayerNorm(8, eps=1e-6)
        self.wide, self.back = nn.Linear(8, 16), nn.Linear(16, 8)
        self.factor = nn.Parameter(torch.full((8,), 0.5))
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(8), nn.Linear(8, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.factor * self.back(F.gelu(self.wide(y)))
        return self.head(x + y.permute(0, 3, 1, 2))


class Again(nn.Module):
    """A block called three times (Liang and Hu 2015), and filters for two sizes (Lin et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.block = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.both = nn.Conv2d(8, 6, 3, padding=1)
        self.mix, self.head = nn.Linear(6, 6), nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.stem(x))
        for _ in range(3):
            x = x + self.block(x)
        fine, coarse = (F.relu(self.both(one)) for one in (x, F.max_pool2d(x, 2)))
        x = fine.mean((2, 3)) + coarse.mean((2, 3))
        return self.head(self.mix(F.relu(self.mix(x))))


WRITTEN: dict[str, Callable[[], nn.Module]] = {
    kind.__name__: kind for kind in (Residual, Coder, Pyramid, Halves, Vectors, Padded, Gated, Pixels, Again)
}
"""Models written by hand, for images of 3×16×16."""
