from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.core.budget import Rate, take


def test_a_full_budget_grants_its_burst_and_then_one_at_a_time() -> None:
    rate, full, granted = Rate(every_s=1.0, burst=3), 0.0, 0

    for _ in range(5):
        wait_s, full = take(full, rate, now_s=100.0)
        granted += wait_s == 0

    assert granted == 3
    assert take(full, rate, now_s=101.0).wait_s == 0
    assert take(take(full, rate, now_s=101.0).full_again_s, rate, now_s=101.0).wait_s == 1.0


@given(
    st.lists(st.tuples(st.floats(0, 5), st.integers(1, 3)), max_size=60),
    st.floats(0.01, 3),
    st.integers(3, 9),
)
def test_no_window_ever_sees_more_than_burst_and_rate_allow(
    calls: list[tuple[float, int]], every_s: float, burst: int
) -> None:
    rate, full, now_s = Rate(every_s, burst), 0.0, 0.0
    granted: list[float] = []

    for pause_s, n in calls:
        now_s += pause_s
        wait_s, full = take(full, rate, now_s, n)
        granted += [now_s] * n if wait_s == 0 else []

    for i, start_s in enumerate(granted):
        for j in range(i, len(granted)):
            assert j - i + 1 <= burst + (granted[j] - start_s) / every_s + 1e-6


@given(st.floats(0.01, 10), st.integers(1, 5), st.floats(0, 1e6))
def test_whoever_waits_as_told_is_granted(every_s: float, burst: int, now_s: float) -> None:
    rate, full = Rate(every_s, burst), 0.0
    for _ in range(burst):
        full = take(full, rate, now_s).full_again_s

    wait_s = take(full, rate, now_s).wait_s

    assert wait_s > 0
    assert take(full, rate, now_s + wait_s + 1e-6).wait_s == 0
