"""What may be assumed of the market: patients treated, dosing, launch, prices, costs, the payer's side."""
