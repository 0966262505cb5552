import json
import os
from types import SimpleNamespace

import torch.distributed as dist

from yowo.training.checkpointing.between_processes import Processes


def test_one_process_answers_itself():
    alone = Processes()
    assert alone.greatest(0, 3) == [0, 3] and alone.gathered("own") == ["own"]


def test_all_processes_hear_the_same(tmp_path):
    children = []
    for rank in range(2):
        child = os.fork()
        if not child:
            try:
                store = dist.FileStore(str(tmp_path / "store"), 2)
                dist.init_process_group("gloo", store=store, rank=rank, world_size=2)
                both = Processes(SimpleNamespace(world_size=2))
                heard = [both.greatest(15 * rank, 1 - rank), both.gathered({"rank": rank})]
                (tmp_path / str(rank)).write_text(json.dumps(heard))
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    expected = [[15, 1], [{"rank": 0}, {"rank": 1}]]
    assert [json.loads((tmp_path / str(rank)).read_text()) for rank in range(2)] == [expected] * 2
