"""`python -m yowo` is the `yowo` command."""

from yowo.commands.main import main

if __name__ == "__main__":
    main()
