"""Waiting for conditions, never for times."""

import time


def wait_until(condition, timeout_s=60, what="the condition", every_s=0.1):
    """Calls `condition` until it returns something true, and returns that. AssertionError, with the
    last exception it raised, after `timeout_s`. Deadlines are long: a test that waits for what does
    not come is rare, a busy machine whose disk takes seconds for a sync is not."""
    end = time.monotonic() + timeout_s
    last = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = value
        except Exception as error:  # noqa: BLE001 - shown below when it is the last
            last = error
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {timeout_s} s (last: {last!r})")
        time.sleep(every_s)
