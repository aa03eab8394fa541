"""The former home of mean_average_precision, which is in weft.metrics."""

from weft.metrics.detection import mean_average_precision as mean_average_precision
