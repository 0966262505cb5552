"""Networks as files of other programs (ONNX, OpenVINO, torch.export): written, checked, quantised, and run again."""
