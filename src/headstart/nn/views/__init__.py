"""Random views of samples: functions of each row's seed, batched, on any device."""
