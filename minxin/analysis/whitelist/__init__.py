"""A white list the way banks check it: WOE scorecard, monotone and free boosting, calibrated out of fold."""
