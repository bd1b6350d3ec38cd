"""`python -m exclave`."""

from exclave.cli.main import run

if __name__ == "__main__":
    run(prog_name="exclave")
