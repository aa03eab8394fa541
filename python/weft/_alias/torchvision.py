"""torchvision while the alias is on: its transforms, ops and tv_tensors. It has no models and data sets."""

__all__: list[str] = []
