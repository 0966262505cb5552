from yowo.training.checkpointing.remembered_run import RememberedRun


def test_a_checkpoint_gets_the_run_beside_what_others_store():
    checkpoint = {"yowo": {"random": 1}}
    RememberedRun({"config": {"seed": 7}, "overrides": ["seed=7"]}).on_save_checkpoint(None, None, checkpoint)
    assert checkpoint == {"yowo": {"random": 1, "run": {"config": {"seed": 7}, "overrides": ["seed=7"]}}}
