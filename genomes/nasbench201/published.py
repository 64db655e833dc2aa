"""Cells with a name: ResNet's, and the best of each dataset."""

from __future__ import annotations

RESNET = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"
"""A residual block of two convolutions, the paper's reference (Dong and Yang 2020, Table 5)."""

BEST_CIFAR10 = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
)
"""Of the highest mean test accuracy on CIFAR-10 after 200 epochs."""

BEST_CIFAR100 = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)
"""On CIFAR-100."""

BEST_IMAGENET16 = (
    "|nor_conv_1x1~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)
"""On ImageNet16-120."""

PUBLISHED = {
    "nasbench201-resnet": RESNET,
    "nasbench201-best-cifar10": BEST_CIFAR10,
    "nasbench201-best-cifar100": BEST_CIFAR100,
    "nasbench201-best-imagenet16": BEST_IMAGENET16,
}
"""All of them by name."""
