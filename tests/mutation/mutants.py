"""One-line changes that are wrong, and the tests that must notice each of them.

A change is a piece of a file, which stands there once, and what replaces it. `scripts/mutants.py` tries them all on a
copy of the tree. A new rule in the package gets an entry here, with the tests of the rule.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    """A wrong change.

    Attributes:
        name: What goes wrong, in a few words.
        path: File to change, below the root.
        old: Text that stands in the file once.
        new: What replaces it.
        tests: Test files or folders, below `tests`, one of which must fail.
    """

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS = (
    # configuration and training
    Mutant(
        "heights of anchors do not scale",
        "yowo/config/build.py",
        "h * height / given_height",
        "h",
        ("config/test_build.py",),
    ),
    Mutant(
        "a one-cycle schedule has a fixed length",
        "yowo/training/module.py",
        "int(self.trainer.estimated_stepping_batches)",
        "1000",
        ("training/test_module.py",),
    ),
    Mutant(
        "every process logs the AP of classes",
        "yowo/training/logs/class_review.py",
        "if trainer.sanity_checking or not trainer.is_global_zero:\n            return\n        by_class",
        "if trainer.sanity_checking:\n            return\n        by_class",
        ("training/logs/test_class_review.py",),
    ),
    Mutant(
        "warm-up begins with the whole rate",
        "yowo/training/callbacks.py",
        "return self.start * (1 - done) + done",
        "return 1.0",
        ("training/test_callbacks.py",),
    ),
    Mutant(
        "warm-up is forgotten by a resumed training",
        "yowo/training/callbacks.py",
        'self.seen = state_dict["seen"]',
        "self.seen = 0",
        ("training/test_callbacks.py",),
    ),
    Mutant(
        "warm-up changes the rate that schedules see",
        "yowo/training/callbacks.py",
        'group["lr"] = rate\n',
        "pass\n",
        ("training/test_callbacks.py",),
    ),
    Mutant(
        "samples of one process are counted",
        "yowo/training/joint_loss.py",
        'clips = self._clips = count(len(targets), raw["cls"].device)',
        "clips = self._clips = len(targets)",
        ("training/test_joint_loss.py",),
    ),
    Mutant(
        "old names of modules stay in checkpoints",
        "yowo/config/checkpoint.py",
        '_moved(value) if key == "_target_" else _renamed(value)',
        "_renamed(value)",
        ("config/test_checkpoint.py",),
    ),
    Mutant(
        "new options of the data replace those of a checkpoint",
        "yowo/config/checkpoint.py",
        '{**shared, **groups["dataset"]}',
        '{**groups["dataset"], **shared}',
        ("config/test_checkpoint.py",),
    ),
    Mutant(
        "the usual decoder replaces that of a checkpoint",
        "yowo/config/checkpoint.py",
        "_renamed({**usual, **config})",
        "_renamed({**config, **usual})",
        ("config/test_checkpoint.py",),
    ),
    Mutant(
        "every process writes the record of a run",
        "yowo/commands/log_lines.py",
        'return process_number(together="lightning" in sys.modules) == 0',
        "return True",
        ("commands/test_log_lines.py",),
    ),
    # boxes
    Mutant(
        "overlap of boxes that only meet in a corner's shadow",
        "yowo/boxes/geometry.py",
        "shared = (high - low).clamp(min=0).prod(dim=-1)",
        "shared = (high - low).prod(dim=-1)",
        ("boxes",),
    ),
    Mutant(
        "the shared area counts twice in the union",
        "yowo/boxes/geometry.py",
        "box_area(first) + box_area(second) - shared",
        "box_area(first) + box_area(second)",
        ("boxes",),
    ),
    Mutant(
        "the enclosing box of GIoU is the shared one",
        "yowo/boxes/geometry.py",
        "hull = (high - low).prod(dim=-1)",
        "hull = union",
        ("boxes",),
    ),
    Mutant(
        "boxes of equal overlap are suppressed",
        "yowo/boxes/array_iou.py",
        "shared > kind(threshold)",
        "shared >= kind(threshold)",
        ("boxes/test_nms.py", "boxes/test_array_iou.py"),
    ),
    Mutant(
        "suppression across classes",
        "yowo/boxes/nms.py",
        "return row[same], other[same]",
        "return row, other",
        ("boxes/test_nms.py",),
    ),
    Mutant(
        "suppression across classes where they share boxes",
        "yowo/boxes/nms.py",
        "return row, self.entry[self.labels[row], place]",
        "return row, self.entry[:, place].min(axis=0)",
        ("boxes/test_nms.py",),
    ),
    Mutant(
        "suppressed boxes suppress others",
        "yowo/boxes/nms.py",
        "gone[worse[~waits[better]]] = True",
        "gone[worse] = True",
        ("boxes/test_nms.py",),
    ),
    Mutant(
        "suppressed boxes of a block suppress those of the next",
        "yowo/boxes/nms.py",
        "gone[worse[~gone[better]]] = True",
        "gone[worse] = True",
        ("boxes/test_nms.py",),
    ),
    Mutant(
        "rows and columns of the grid swapped",
        "yowo/boxes/anchors.py",
        'indexing="xy"), dim=-1)',
        'indexing="xy"), dim=-1).flip(-1)',
        ("boxes/test_anchors.py",),
    ),
    Mutant(
        "a frequent box weighs as much as a rare one in k-means",
        "yowo/boxes/anchor_clusters.py",
        "candidates[(weight @ _iou(sizes, candidates)).argmax()]",
        "candidates[_iou(sizes, candidates).sum(axis=0).argmax()]",
        ("boxes/test_anchor_clusters.py",),
    ),
    # losses
    Mutant(
        "of two boxes of one anchor the earlier has it",
        "yowo/losses/assigners.py",
        'owner.scatter_reduce_(0, slot, target, reduce="amax")',
        "owner[slot.flip(0)] = target.flip(0)",
        ("losses/test_assigners.py",),
    ),
    Mutant(
        "centres on the lower border of a cell belong to the one above",
        "yowo/losses/candidates.py",
        "(middle / level.stride).floor()",
        "(middle / level.stride).ceil().sub(1)",
        ("losses/test_assigners.py",),
    ),
    Mutant(
        "positives are ignored too",
        "yowo/losses/assigners.py",
        "near[found.clip, found.prediction] = False",
        "pass",
        ("losses/test_assigners.py", "losses/test_criterion.py"),
    ),
    Mutant(
        "a goal of confidence below 0",
        "yowo/losses/criterion.py",
        "found.boxes_xyxy).clamp(min=0)",
        "found.boxes_xyxy)",
        ("losses",),
    ),
    Mutant(
        "the goal of confidence teaches boxes",
        "yowo/losses/criterion.py",
        'raw["boxes"].detach().float()[where]',
        'raw["boxes"].float()[where]',
        ("losses",),
    ),
    Mutant(
        "the early phase lasts a batch longer",
        "yowo/losses/criterion.py",
        "samples_seen < self.early_samples",
        "samples_seen <= self.early_samples",
        ("losses",),
    ),
    Mutant(
        "a last step of fewer batches learns less",
        "yowo/training/joint_loss.py",
        "return weight * put_right",
        "return weight",
        ("training/test_joint_loss.py",),
    ),
    Mutant(
        "sums over clips are divided by the accumulated batches",
        "yowo/training/joint_loss.py",
        "return float(accumulated)",
        "return 1.0",
        ("training/test_joint_loss.py",),
    ),
    Mutant(
        "frequent classes of AVA weighted up",
        "yowo/losses/terms.py",
        "positive * (1 - ratio).exp(), negative * ratio.exp()",
        "positive * ratio.exp(), negative * (1 - ratio).exp()",
        ("losses/test_terms.py",),
    ),
    # figures
    Mutant(
        "no envelope of precision",
        "yowo/evaluation/average_precision.py",
        "np.maximum.accumulate(precision[::-1])[::-1]",
        "precision",
        ("evaluation/test_average_precision.py",),
    ),
    Mutant(
        "an overlap of exactly the threshold is no hit",
        "yowo/evaluation/frame_matching.py",
        "self.overlap >= iou_threshold",
        "self.overlap > iou_threshold",
        ("evaluation/test_frame_matching.py",),
    ),
    Mutant(
        "a second choice in frame-mAP",
        "yowo/evaluation/frame_matching.py",
        "found[near[first]] = True",
        "found[near] = True",
        ("evaluation/test_frame_matching.py",),
    ),
    Mutant(
        "boxes of detections keep their fractions of pixels",
        "yowo/evaluation/frame_ap.py",
        "np.rint(boxes) if round_boxes else boxes",
        "boxes",
        ("evaluation/test_frame_map.py",),
    ),
    Mutant(
        "one pixel less in the overlap of whole pixels",
        "yowo/evaluation/pixel_iou.py",
        "(high - low + 1)",
        "(high - low)",
        ("evaluation/test_pixel_iou.py",),
    ),
    Mutant(
        "no second choice in video-mAP",
        "yowo/evaluation/tube_matching.py",
        "if truth not in gone",
        "",
        ("evaluation/test_tube_matching.py",),
    ),
    Mutant(
        "AP of videos is not rounded before the mean",
        "yowo/evaluation/video_ap.py",
        "np.round(exact * 100, DECIMALS) / 100",
        "exact",
        ("evaluation/test_video_ap.py",),
    ),
    Mutant(
        "a video has the class of its first tube",
        "yowo/evaluation/video_ap.py",
        "label=tubes[-1].label",
        "label=tubes[0].label",
        ("evaluation/test_video_ap.py", "evaluation/test_video_protocol.py"),
    ),
    Mutant(
        "AVA: detections on frames without ground truth are wrong by the official rule",
        "yowo/evaluation/ava_ap.py",
        "detections.take(np.isin(detections.frames, known))",
        "detections",
        ("evaluation/test_ava_ap.py",),
    ),
    Mutant(
        "AVA: 51 rows of a frame are kept",
        "yowo/evaluation/ava_ap.py",
        "keep = rank < ROWS_A_FRAME",
        "keep = rank <= ROWS_A_FRAME",
        ("evaluation/test_ava_ap.py",),
    ),
    Mutant(
        "AVA: empty boxes are detections",
        "yowo/evaluation/ava_ap.py",
        "np.flatnonzero((size > 0).all(axis=1))",
        "np.flatnonzero((size >= 0).all(axis=1))",
        ("evaluation/test_ava_ap.py",),
    ),
    Mutant(
        "AVA: classes without ground truth count as 0",
        "yowo/evaluation/ava_ap.py",
        "ap = np.full(num_classes, np.nan)",
        "ap = np.zeros(num_classes)",
        ("evaluation/test_ava_ap.py",),
    ),
    Mutant(
        "AVA: excluded timestamps of detections are scored",
        "yowo/evaluation/ava_protocol.py",
        "truth, found = without(truth, excluded), without(found, excluded)",
        "truth = without(truth, excluded)",
        ("evaluation/test_ava_protocol.py",),
    ),
    Mutant(
        "samples that a distributed run repeats count twice",
        "yowo/evaluation/key_frame_metric.py",
        "kept[first] = True",
        "kept[:] = True",
        ("evaluation/test_frame_map.py", "evaluation/test_key_frame_metric.py"),
    ),
    Mutant(
        "pixels of ground truth keep the noise of fractions",
        "yowo/evaluation/split_index.py",
        "np.rint(pixels * PIXEL_GRID) / PIXEL_GRID",
        "pixels",
        ("evaluation/test_split_index.py",),
    ),
    # detections and tubes
    Mutant(
        "detections of exactly the threshold are reported",
        "yowo/models/postprocess.py",
        "pairs = np.flatnonzero(flat > np.float32(threshold))",
        "pairs = np.flatnonzero(flat >= np.float32(threshold))",
        ("models/test_postprocess.py",),
    ),
    Mutant(
        "links without the product of scores",
        "yowo/tubes/linking.py",
        "np.float32(product_weight) * (s1 * s2)",
        "0 * (s1 * s2)",
        ("tubes/test_linking.py",),
    ),
    Mutant(
        "boxes of a path may be used again",
        "yowo/tubes/linking.py",
        "np.put_along_axis(gone, index[:, :, None], np.float32(-np.inf), axis=2)",
        "pass",
        ("tubes/test_linking.py",),
    ),
    Mutant(
        "an empty frame takes the later of two near ones",
        "yowo/tubes/linking.py",
        "np.abs(occupied[before] - frames) <= np.abs(",
        "np.abs(occupied[before] - frames) < np.abs(",
        ("tubes/test_linking.py",),
    ),
    Mutant(
        "of equal paths the earlier is the better",
        "yowo/tubes/linking.py",
        'np.argsort(scores, kind="stable")[::-1]',
        'np.argsort(-scores, kind="stable")',
        ("tubes/test_linking.py",),
    ),
    # data
    Mutant(
        "boxes past the end of a video reach the next one",
        "yowo/data/key_frames.py",
        "inside = annotated.frame < lengths[annotated.video]",
        "inside = np.ones(len(annotated.frame), dtype=bool)",
        ("data/test_key_frames.py",),
    ),
    Mutant(
        "clips end a frame before the key frame",
        "yowo/data/clips.py",
        "np.clip(frame - dilation * np.arange(clip_len - 1, -1, -1), 0, num_frames - 1)",
        "np.clip(frame - dilation * np.arange(clip_len, 0, -1), 0, num_frames - 1)",
        ("data/test_clips.py",),
    ),
    Mutant(
        "moments of a film's clip are not dilated",
        "yowo/data/clips.py",
        "second - dilation / CLIP_RATE",
        "second - 1 / CLIP_RATE",
        ("data/test_clips.py", "datasets/test_ava.py"),
    ),
    Mutant(
        "each epoch visits the same key frames",
        "yowo/data/samplers.py",
        "(steps + epoch % stride) % count",
        "steps % count",
        ("data/test_samplers.py",),
    ),
    Mutant(
        "frequent classes are raised instead of rare ones",
        "yowo/data/samplers.py",
        "dtype=np.float64) ** (1 - strength)",
        "dtype=np.float64) ** (1 + strength)",
        ("data/test_samplers.py",),
    ),
    Mutant(
        "processes visit the same key frames",
        "yowo/data/samplers.py",
        "rest[self.rank :: self.num_replicas]",
        "rest[0 :: self.num_replicas]",
        ("data/test_samplers.py",),
    ),
    Mutant(
        "a mirror image turns left and right of a box round",
        "yowo/data/augment.py",
        "torch.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], dim=1)",
        "torch.stack([1 - boxes[:, 0], boxes[:, 1], 1 - boxes[:, 2], boxes[:, 3]], dim=1)",
        ("data/test_augment.py",),
    ),
    Mutant(
        "boxes do not follow the corner of a crop",
        "yowo/data/augment.py",
        "(boxes * scale - shift).clamp(0, LARGEST)",
        "(boxes * scale).clamp(0, LARGEST)",
        ("data/test_augment.py",),
    ),
    Mutant(
        "labels of boxes that a crop leaves out stay",
        "yowo/data/augment.py",
        "boxes, labels = boxes[seen], labels[seen]",
        "boxes = boxes[seen]",
        ("data/test_augment.py",),
    ),
    Mutant(
        "boxes reach the far border",
        "yowo/data/augment.py",
        "LARGEST = 0.999",
        "LARGEST = 1.0",
        ("data/test_augment.py",),
    ),
    # projects and importers
    Mutant(
        "the height of a person is measured in the width of the input",
        "yowo/projects/people.py",
        "* (width, height))",
        "* (width, width))",
        ("projects/test_people.py", "projects/test_people_checks.py"),
    ),
    Mutant(
        "a track with a gap is one tube",
        "yowo/projects/table.py",
        "np.flatnonzero(np.diff(frames) > 1) + 1",
        "np.zeros(0, dtype=int)",
        ("projects/test_table.py",),
    ),
    Mutant(
        "the frame after the last one is taken",
        "yowo/projects/table.py",
        "if not 0 <= row.frame < num_frames:",
        "if not 0 <= row.frame <= num_frames:",
        ("projects/test_table.py", "projects/test_checks.py"),
    ),
    Mutant(
        "columns of a table by their order and not their names",
        "yowo/projects/table.py",
        "tuple(names.index(name) for name in COLUMNS)",
        "tuple(range(len(COLUMNS)))",
        ("projects/test_table.py",),
    ),
    Mutant(
        "the last video of a class is held out",
        "yowo/projects/split_choice.py",
        "free = ~taken & ~last_ones",
        "free = ~taken",
        ("projects/test_split_choice.py",),
    ),
    Mutant(
        "MOT counts from 0",
        "yowo/importing/mot.py",
        "int(frame) - first, box",
        "int(frame), box",
        ("importing/test_mot.py",),
    ),
    Mutant(
        "COCO: names of files that count from 1 keep their numbers",
        "yowo/importing/picture_frames.py",
        "min(1, min((entry",
        "min(0, min((entry",
        ("importing/test_coco.py",),
    ),
    Mutant(
        "COCO-VID: the first frame that is given is not subtracted",
        "yowo/importing/coco.py",
        "picture_index.Place(video, number - first)",
        "picture_index.Place(video, number)",
        ("importing/test_coco.py",),
    ),
    Mutant(
        "CSV: the first frame of the file is not subtracted",
        "yowo/importing/simple_csv.py",
        'int(number) - first, box, texts["label"]',
        'int(number), box, texts["label"]',
        ("importing/test_simple_csv.py",),
    ),
    Mutant(
        "AVA's CSV: the second of the beginning is not subtracted",
        "yowo/importing/ava_csv.py",
        "np.array(seconds) - options.start_second",
        "np.array(seconds)",
        ("importing/test_ava_csv.py",),
    ),
    Mutant(
        "CVAT: boxes between key boxes stand still",
        "yowo/importing/cvat.py",
        "(begin + share * (end - begin)).tolist()",
        "begin.tolist()",
        ("importing/test_cvat.py",),
    ),
    Mutant(
        "CVAT: the step of a task is passed over",
        "yowo/importing/cvat.py",
        "range(first, after.frame, task.step)",
        "range(first, after.frame)",
        ("importing/test_cvat.py",),
    ),
    # files
    Mutant(
        "an unfinished file replaces the old one",
        "yowo/whole_file.py",
        "            yield unfinished\n            if is_stream:",
        "            try:\n                yield unfinished\n            except KeyError:\n                pass\n            if is_stream:",
        ("test_whole_file.py",),
    ),
    Mutant(
        "pictures that FFmpeg repaired are no damage",
        "yowo/video/file_pass.py",
        'CONCEALED = "concealing"',
        'CONCEALED = "\\0"',
        ("video/test_concealed_damage.py",),
    ),
    Mutant(
        "a copy of another length passes its check",
        "yowo/storage/copy_check.py",
        "if len(packets.times) != len(clock.ticks):",
        "if False:",
        ("storage/test_copy_check.py",),
    ),
)
