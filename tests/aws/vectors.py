"""Frames that botocore must read, and must not: its tests/unit/test_eventstream.py."""

from __future__ import annotations

from penstock.aws.eventstream import ChecksumWrong, Damaged, HeaderValue, Malformed, TooLong

POSITIVE: list[tuple[bytes, dict[str, HeaderValue], bytes]] = [
    (b"\0\0\0\x10\0\0\0\0\x05\xc2H\xeb}\x98\xc8\xff", {}, b""),
    (b"\0\0\0\x17\0\0\0\x07)\x86\x01X\x04byte\x02\xff\xc2\xf8i\xdc", {"byte": -1}, b""),
    (b"\0\0\0\x19\0\0\0\tq\x0e\x92>\x05short\x03\xff\xff\xb2|\xb6\xcc", {"short": -1}, b""),
    (
        b"\0\0\0\x1d\0\0\0\r\x83\xe3\xf0\xe7\x07integer\x04\xff\xff\xff\xff\x8b\x8e\x12\xeb",
        {"integer": -1},
        b"",
    ),
    (
        b"\0\0\0\x1e\0\0\0\x0e]J\xdb\x8d\x04long\x05\xff\xff\xff\xff\xff\xff\xff\xffK\xc22\xda",
        {"long": -1},
        b"",
    ),
    (b"\0\0\0\x1d\0\0\0\0\xfdR\x8cZ{'foo':'bar'}\xc3e96", {}, b"{'foo':'bar'}"),
    (
        b"\0\0\0=\0\0\0 \x07\xfd\x83\x96\x0ccontent-type\x07\0\x10application/json"
        b"{'foo':'bar'}\x8d\x9c\x08\xb1",
        {"content-type": "application/json"},
        b"{'foo':'bar'}",
    ),
    (
        b"\0\0\0\x62\0\0\0\x52\x03\xb5\xcb\x9c\x010\0\x011\x01\x012\x02\x02\x013\x03\0\x03\x014\x04\0\0\0\x04"
        b"\x015\x05\0\0\0\0\0\0\0\x05\x016\x06\0\x05bytes\x017\x07\0\x04utf8\x018\x08\0\0\0\0\0\0\0\x08"
        b"\x019\x090123456789abcdef\x63\x35\x36\x71",
        {
            "0": True,
            "1": False,
            "2": 2,
            "3": 3,
            "4": 4,
            "5": 5,
            "6": b"bytes",
            "7": "utf8",
            "8": 8,
            "9": b"0123456789abcdef",
        },
        b"",
    ),
    (
        b"\0\0\0\x52\0\0\0\x42\xbf\x23\x63\x7e\x0d:message-type\x07\0\x05error\x0b:error-code\x07\0\x04code"
        b"\x0e:error-message\x07\0\x07message\x6b\x6c\xea\x3d",
        {":message-type": "error", ":error-code": "code", ":error-message": "message"},
        b"",
    ),
]

_JSON = b"\x0ccontent-type\x07\0\x10application/json{'foo':'bar'}"
NEGATIVE: dict[str, tuple[bytes, type[Damaged]]] = {
    "its length": (b"\x01\0\0\x1d\0\0\0\0\xfdR\x8cZ{'foo':'bar'}\xc3e96", ChecksumWrong),
    "its payload": (b"\0\0\0\x1d\0\0\0\0\xfdR\x8cZ{'foo':'bar'\x8d\xc3e96", ChecksumWrong),
    "its headers": (
        b"\0\0\0=\0\0\0 \x07\xfd\x83\x96" + _JSON.replace(b"-", b"+") + b"\x8d\x9c\x08\xb1",
        ChecksumWrong,
    ),
    "the length of its headers": (
        b"\0\0\0=\xff\0\x01\x02\x07\xfd\x83\x96" + _JSON + b"\x8d\x9c\x08\xb1",
        ChecksumWrong,
    ),
    "a header twice": (
        b"\0\0\0\x24\0\0\0\x14\x4b\xb9\x82\xd0\x04test\x04asdf\x04test\x04asdf\xf3\xf4\x75\x63",
        Malformed,
    ),
    "headers without end": (
        b"\0\0\0\x3d\xff\0\x01\x02\x15\x83\xf5\xc2" + _JSON + b"\x2f\x37\x7f\x5d",
        TooLong,
    ),
    "a payload without end": (
        b"\x01\x80\0\x21\0\0\0\0\xdd\x3f\x33\xb1" + b"0" * (24 * 1024**2 + 1) + b"\x2a\xb4\xc5\xa5",
        TooLong,
    ),
}
