"""torchvision while the alias is on: its transforms, data sets, ops and tv_tensors. It has no models."""

__all__: list[str] = []
