import pytest
import wandb

from yowo.errors import ConfigError
from yowo.training.logs.loggers import logged_in, wandb_logger

KEY = "0" * 40


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """Nobody is logged in: an empty home and working folder, and a W&B that has read nothing yet."""
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL", "WANDB_CONFIG_DIR", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.chdir(tmp_path)
    wandb.teardown()
    yield tmp_path
    wandb.teardown()


def write_netrc(path, host):
    path.write_text(f"machine {host}\n  login user\n  password {KEY}\n")
    path.chmod(0o600)


def test_nobody_is_logged_in_without_key_and_netrc(home):
    assert not logged_in()
    write_netrc(home / ".netrc", "elsewhere")
    assert not logged_in()


@pytest.mark.parametrize("name", [".netrc", "_netrc"])
def test_a_netrc_file_logs_in_under_either_name(home, name):
    write_netrc(home / name, "api.wandb.ai")
    assert logged_in()


def test_a_netrc_file_elsewhere_logs_in(home, monkeypatch):
    monkeypatch.setenv("NETRC", str(home / "secrets"))
    write_netrc(home / "secrets", "api.wandb.ai")
    assert logged_in()


def test_the_key_of_an_own_server_logs_in(home, monkeypatch):
    monkeypatch.setenv("WANDB_BASE_URL", "http://wandb.local:8080")
    write_netrc(home / ".netrc", "wandb.local:8080")
    assert logged_in()


@pytest.mark.parametrize(("host", "found"), [("wandb.corp.example", True), ("api.wandb.ai", False)])
def test_the_server_of_the_settings_file_is_the_one_that_counts(home, host, found):
    settings = home / ".config" / "wandb" / "settings"
    settings.parent.mkdir(parents=True)
    settings.write_text("[default]\nbase_url = https://wandb.corp.example\n")
    write_netrc(home / ".netrc", host)
    assert logged_in() == found


def test_a_key_logs_in(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    assert logged_in()


def test_a_key_that_is_none_is_named_with_a_way_out(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "too short")
    with pytest.raises(ConfigError, match=r"key of Weights & Biases is invalid .*WANDB_MODE=offline"):
        logged_in()


@pytest.mark.parametrize(
    ("environment", "asked", "mode"),
    [
        ({}, None, "offline"),
        ({"WANDB_API_KEY": KEY}, None, "online"),
        ({"WANDB_API_KEY": KEY, "WANDB_MODE": "offline"}, None, "offline"),
        ({"WANDB_MODE": "disabled"}, None, "disabled"),
        ({"WANDB_API_KEY": KEY}, "offline", "offline"),
    ],
)
def test_the_mode_follows_the_login_unless_it_is_set(environment, asked, mode, monkeypatch, tmp_path):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    logger = wandb_logger(str(tmp_path / "new"), project="p", mode=asked)
    assert logger._wandb_init["mode"] == mode
    assert (tmp_path / "new").is_dir()


def test_a_folder_that_wandb_offline_switched_off_stays_offline(home, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    (home / "wandb").mkdir()
    (home / "wandb" / "settings").write_text("[default]\nmode = offline\n")
    assert wandb_logger(str(home), project="p")._wandb_init["mode"] == "offline"


def test_run_names_tags_and_a_team_reach_wandb_and_its_own_refusal_of_offline_models_does_not(home):
    logger = wandb_logger(
        str(home),
        entity="team",
        name="n",
        group="g",
        tags=["a", "a", "b" * 70],
        notes="why",
        mode="offline",
        log_model=True,
    )
    asked = logger._wandb_init
    assert (asked["entity"], asked["name"], asked["group"], asked["notes"]) == ("team", "n", "g", "why")
    assert asked["tags"] == ["a", "b" * 64] and logger.log_model


def test_an_unknown_mode_is_named(home):
    with pytest.raises(ConfigError, match=r"logger.wandb.mode=onlin: expected online, offline"):
        wandb_logger(str(home), mode="onlin")
