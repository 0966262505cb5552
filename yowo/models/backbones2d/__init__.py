"""2D backbones, a file an architecture: they map key frames [B, 3, H, W] to [B, out_channels, H/32, W/32]."""
