import pytest

from yowo.commands.entry.eval import check
from yowo.config.checkpoint import register_checkpoint
from yowo.config.compose import compose_config
from yowo.errors import ConfigError


def test_a_checkpoint_is_required():
    register_checkpoint(None)
    with pytest.raises(ConfigError, match="checkpoint is required, as in yowo eval"):
        check(compose_config("eval", ["dataset=motion"]))
