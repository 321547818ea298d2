"""What may be assumed of a trial: its plan, enrolment, what was seen of it, control arm and endpoints."""
