"""The market: launch, patients treated, sales, net present value."""
