"""Boxes: formats and overlaps, suppression, the prediction grid, anchors from a data set's boxes."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "anchor_clusters": ["cluster_anchors", "mean_best_iou"],
        "anchors": ["decode_boxes", "grid_anchors", "grid_points", "make_levels"],
        "array_iou": ["pair_iou"],
        "class_logits": ["class_probabilities"],
        "geometry": ["box_area", "giou", "iou", "shape_iou", "xyxy_to_cxcywh"],
        "nms": ["nms_entries", "nms_mask"],
    },
)
