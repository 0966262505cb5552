#!/usr/bin/env bash
# Overfit to a few clips of UCF101-24, from random weights on a CPU, to test the whole program on real video.
# Usage: scripts/learn_clips.sh DIR [overrides]     DIR as in docs/datasets.md; all its videos that exist are used
set -euo pipefail
root=${1:?usage: scripts/learn_clips.sh DIR [overrides]}
shift
exec "${YOWO:-yowo}" train model=yowo_tiny dataset=ucf24 dataset.root="$root" dataset.train_videos=all \
    dataset.val_videos=all dataset.image_size=128 dataset.clip_len=8 dataset.train_dilation=1 dataset.cache=true \
    dataset.num_workers=0 dataset.batch_size=8 optimizer=adamw_scratch optimizer.lr=2e-3 schedule=one_cycle \
    schedule.epochs=8 augment=none trainer=cpu trainer.check_val_every_n_epoch=4 logger=csv "$@"
