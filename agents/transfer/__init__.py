"""The market for technology: owners offer, users search, both meet, bargain and sign."""
