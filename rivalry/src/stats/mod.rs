//! Inference that knows nothing of networks.
