import os

from yowo.process_life import is_alive, process_began


def test_a_process_is_alive_until_it_has_ended():
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert not is_alive(child)  # it has ended, and nobody has asked how
    os.waitpid(child, 0)
    assert is_alive(os.getpid()) and is_alive(1) and not is_alive(child)


def test_a_number_that_another_process_has_by_now_is_not_the_process():
    here = os.getpid()
    assert is_alive(here, process_began(here)) and is_alive(here, "") and not is_alive(here, "before the flood")
