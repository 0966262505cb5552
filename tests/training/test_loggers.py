import pytest

from yowo.training.loggers import logged_in, wandb_logger


@pytest.fixture(autouse=True)
def nobody(monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def test_nobody_is_logged_in_without_key_and_netrc(tmp_path):
    assert not logged_in()
    (tmp_path / "netrc").write_text("machine elsewhere login u password p\n")
    assert not logged_in()
    (tmp_path / "netrc").write_text("machine api.wandb.ai login user password key\n")
    assert logged_in()


def test_a_key_logs_in(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "x")
    assert logged_in()


@pytest.mark.parametrize(
    ("environment", "mode"),
    [({}, "offline"), ({"WANDB_API_KEY": "x"}, "online"), ({"WANDB_API_KEY": "x", "WANDB_MODE": "offline"}, "offline")],
)
def test_the_mode_follows_the_login_unless_it_is_set(environment, mode, monkeypatch, tmp_path):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    logger = wandb_logger(str(tmp_path / "new"), project="p")
    assert logger._wandb_init["mode"] == mode
    assert (tmp_path / "new").is_dir()
