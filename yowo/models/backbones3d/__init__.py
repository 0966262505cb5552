"""3D backbones, a file an architecture: they map clips [B, 3, K, H, W] to [B, out_channels, H/32, W/32]."""
