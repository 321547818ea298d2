"""One trial played patient by patient: a discrete-event model that explains a draw and agrees with the exact law."""
