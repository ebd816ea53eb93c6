"""``python -m ecosystem.lab.facts``: run the default world and write ``docs/facts.md``."""

from ecosystem.lab.facts.board import main

if __name__ == "__main__":
    main()
