from yowo.conf_files import conf_dir


def test_the_folder_holds_the_roots_of_the_commands():
    assert (conf_dir() / "train.yaml").is_file() and (conf_dir() / "dataset" / "ucf24.yaml").is_file()
