"""Training: `Plan` says how, `Compute` where, `DeviceImages` cuts batches, `fit` trains, `score` measures."""
