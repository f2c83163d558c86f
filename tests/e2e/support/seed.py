"""Repeatable randomness: set TRIGGERS_TEST_SEED to a printed seed."""

import os
import random


def seeded_random():
    given = os.environ.get("TRIGGERS_TEST_SEED")
    seed = int(given) if given else random.SystemRandom().getrandbits(32)
    print(f"TRIGGERS_TEST_SEED={seed}")
    return random.Random(seed)
