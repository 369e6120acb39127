import stat

from agent.desk.devices import DeviceFile
from kiosk.pairing import Device, Right

KIOSK = Device(device_id="d1", name="Entrance", right=Right.KIOSK, token_sha256="ab", paired_at="2026-11-21T12:00:00")


def test_devices_read_back_as_they_were_kept(tmp_path):
    DeviceFile(tmp_path).save([KIOSK])
    assert list(DeviceFile(tmp_path).load()) == [KIOSK]


def test_a_store_that_never_paired_anything_has_no_devices(tmp_path):
    assert list(DeviceFile(tmp_path).load()) == []


def test_a_damaged_file_means_that_every_device_pairs_again(tmp_path):
    for text in ("{", "[1]", '[{"device_id": "d1"}]', '[{"right": "king"}]'):
        (tmp_path / "devices.json").write_text(text)
        assert list(DeviceFile(tmp_path).load()) == []


def test_the_file_is_nobody_elses_business(tmp_path):
    DeviceFile(tmp_path).save([KIOSK])
    assert stat.S_IMODE((tmp_path / "devices.json").stat().st_mode) & 0o077 == 0
