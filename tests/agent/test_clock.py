"""Time: which day a sale belongs to, and whom to believe about when it was."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.clock import BusinessDays, ClockJudge, SystemClock, business_day, sale_time
from agent.journal.records import ClockQuality

BERLIN = ZoneInfo("Europe/Berlin")


class SetClock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.wall

    def monotonic_s(self) -> float:
        return self.seconds

    def pass_s(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds


def test_the_system_clock_is_aware():
    assert SystemClock().now().utcoffset() == timedelta(0)
    assert SystemClock().monotonic_s() <= SystemClock().monotonic_s()


def test_before_any_contact_nobody_knows_the_time():
    clock = SetClock()
    judge = ClockJudge(clock)
    assert judge.quality() is ClockQuality.UNKNOWN
    judge.contact(clock.now())
    assert judge.quality() is ClockQuality.SYNCHRONISED
    assert judge.last_contact == clock.now()


def test_an_old_contact_a_jump_and_a_disagreeing_hub_leave_the_clock_running_free():
    clock = SetClock()
    judge = ClockJudge(clock)
    judge.contact(clock.now())
    clock.pass_s(27 * 3600)
    assert judge.quality() is ClockQuality.FREE_RUNNING
    judge.contact(clock.now())
    clock.wall -= timedelta(days=365 * 20)
    assert judge.quality() is ClockQuality.FREE_RUNNING
    judge.contact(clock.now() + timedelta(hours=1))
    assert judge.quality() is ClockQuality.FREE_RUNNING
    judge.contact(clock.now())
    assert judge.quality() is ClockQuality.SYNCHRONISED
    judge.contact(None)
    assert judge.quality() is ClockQuality.SYNCHRONISED


def test_a_sale_before_the_day_ends_belongs_to_yesterday():
    assert business_day(datetime(2026, 11, 22, 2, 59, tzinfo=UTC), BERLIN, time(4)) == date(2026, 11, 21)
    assert business_day(datetime(2026, 11, 22, 3, 0, tzinfo=UTC), BERLIN, time(4)) == date(2026, 11, 22)


def test_a_z_report_closes_the_day_before_the_clock_does():
    days = BusinessDays(BERLIN, time(4))
    evening = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    assert days.day_of("1", evening) == date(2026, 11, 21)
    assert days.close("1", evening) == date(2026, 11, 21)
    assert days.day_of("1", evening) == date(2026, 11, 22)
    assert days.day_of("2", evening) == date(2026, 11, 21)
    assert days.day_of("1", evening + timedelta(days=1)) == date(2026, 11, 22)
    assert days.day_of("1", evening + timedelta(days=2)) == date(2026, 11, 23)


def test_a_z_report_of_the_next_morning_closes_yesterday():
    days = BusinessDays(BERLIN, time(4))
    days.day_of("1", datetime(2026, 11, 21, 20, 0, tzinfo=UTC))
    morning = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    assert days.close("1", morning) == date(2026, 11, 21)
    assert days.day_of("1", morning) == date(2026, 11, 22)


def test_paper_that_comes_late_belongs_to_the_day_that_ran_when_it_was_printed():
    days = BusinessDays(BERLIN, time(4))
    evening = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
    days.day_of("1", evening - timedelta(hours=1))
    assert days.close("1", evening) == date(2026, 11, 21)
    before, after = evening - timedelta(minutes=9), evening + timedelta(minutes=9)
    assert days.day_of("1", after, received_at=after) == date(2026, 11, 22)
    assert days.day_of("1", before, received_at=before) == date(2026, 11, 21)
    assert days.day_of("1", after, received_at=after) == date(2026, 11, 22)


def test_a_z_report_that_comes_late_closes_the_day_that_ran_when_it_was_printed():
    days = BusinessDays(BERLIN, time(4))
    evening = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
    next_day = evening + timedelta(hours=14)
    days.day_of("1", evening - timedelta(hours=1))
    assert days.day_of("1", next_day) == date(2026, 11, 22)
    assert days.close("1", evening) == date(2026, 11, 21)
    assert days.day_of("1", next_day + timedelta(hours=1)) == date(2026, 11, 22)
    assert days.close("1", next_day + timedelta(hours=2)) == date(2026, 11, 22)
    assert days.close("1", evening) == date(2026, 11, 21)
    assert days.day_of("1", next_day + timedelta(hours=3)) == date(2026, 11, 23)


def test_a_day_that_was_closed_by_a_clock_of_the_future_keeps_nobody_from_closing_the_next():
    days = BusinessDays(BERLIN, time(4))
    evening = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
    days.day_of("1", evening.replace(year=2046))
    assert days.close("1", evening.replace(year=2046)) == date(2046, 11, 21)
    assert days.day_of("1", evening) == date(2026, 11, 21)
    assert days.close("1", evening) == date(2026, 11, 21)
    assert days.day_of("1", evening) == date(2026, 11, 22)


def test_a_restart_knows_when_the_day_was_closed():
    days = BusinessDays(BERLIN, time(4))
    evening = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
    days.restore("1", last=date(2026, 11, 21))
    days.restore("1", closed=(date(2026, 11, 21), evening))
    assert days.day_of("1", evening - timedelta(minutes=1)) == date(2026, 11, 21)
    assert days.day_of("1", evening + timedelta(minutes=1)) == date(2026, 11, 22)


def test_a_restart_in_between_late_paper_does_not_confuse_the_evenings_z_report():
    days = BusinessDays(BERLIN, time(4))
    evening = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
    morning = evening + timedelta(hours=12)
    days.restore("1", last=date(2026, 11, 22), began=morning)
    assert days.day_of("1", evening - timedelta(hours=1)) == date(2026, 11, 21)
    assert days.close("1", evening + timedelta(days=1)) == date(2026, 11, 22)
    assert days.close("1", evening) == date(2026, 11, 21)


def test_todays_paper_before_yesterdays_leaves_both_z_reports_on_their_days():
    days = BusinessDays(BERLIN, time(4))
    evening = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
    assert days.day_of("1", evening + timedelta(hours=12)) == date(2026, 11, 22)
    assert days.day_of("1", evening - timedelta(hours=3)) == date(2026, 11, 21)
    assert days.close("1", evening) == date(2026, 11, 21)
    assert days.day_of("1", evening + timedelta(hours=13)) == date(2026, 11, 22)
    assert days.close("1", evening + timedelta(days=1)) == date(2026, 11, 22)


def test_a_printed_time_is_local():
    received = datetime(2026, 11, 21, 12, 3, tzinfo=UTC)
    told = sale_time(datetime(2026, 11, 21, 13, 1), received, BERLIN)  # noqa: DTZ001 - as the receipt prints it
    assert (told.by_receipt, told.at.isoformat()) == (True, "2026-11-21T13:01:00+01:00")


def test_a_printed_time_far_off_is_not_believed():
    received = datetime(2026, 11, 21, 12, 3, tzinfo=UTC)
    for printed in (None, datetime(2026, 11, 21, 12, 1), datetime(1970, 1, 1)):  # noqa: DTZ001
        told = sale_time(printed, received, BERLIN)
        assert (told.by_receipt, told.at.isoformat()) == (False, "2026-11-21T13:03:00+01:00")


def test_an_ambiguous_hour_takes_the_offset_nearest_to_the_receipt():
    printed = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 - it comes twice
    first = sale_time(printed, datetime(2026, 10, 25, 0, 31, tzinfo=UTC), BERLIN)
    second = sale_time(printed, datetime(2026, 10, 25, 1, 31, tzinfo=UTC), BERLIN)
    assert (first.at.isoformat(), second.at.isoformat()) == ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")
    assert first.by_receipt
    assert second.by_receipt
