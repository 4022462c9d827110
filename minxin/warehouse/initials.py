"""First letters of Chinese characters, so that names can be found by typing their initials."""

from __future__ import annotations

from functools import lru_cache

#: The first character of each letter in the first level of GB 2312, which is ordered by pronunciation.
_STARTS = "啊芭擦搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝"
_LETTERS = "abcdefghjklmnopqrstwxyz"
#: Characters of names beyond that level, by their letter.
_BEYOND = {
    "b": "邶滨",
    "c": "淙琮骋",
    "d": "玎",
    "f": "沣",
    "g": "莞",
    "h": "淏昊皓弘泓晖珲骅翯鹤",
    "j": "珏璟婧菁珺",
    "k": "锴轲",
    "l": "琳霖麟璐珞",
    "m": "淼旻",
    "p": "伾",
    "q": "淇琪祺岐麒芊",
    "r": "睿瑢",
    "s": "晟飒",
    "t": "湉",
    "w": "玮炜",
    "x": "鑫馨昕炘煊芯",
    "y": "煜烨翊怡熠钰垚奕",
    "z": "圳臻祯璋铮",
}


@lru_cache(maxsize=1)
def _letters() -> dict[int, str | None]:
    """Letter by code point; signs that have none are left out."""
    found: dict[int, str | None] = {}
    starts = [s.encode("gb2312") for s in _STARTS]
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            code = bytes((high, low))
            try:
                sign = code.decode("gb2312")
            except UnicodeDecodeError:
                continue
            found[ord(sign)] = _LETTERS[sum(code >= s for s in starts) - 1]
    for letter, signs in _BEYOND.items():
        found |= {ord(sign): letter for sign in signs}
    for sign in "　 （）()·-—.,，、《》“”":
        found[ord(sign)] = None
    return found


def initials(name: str) -> str:
    """The first letters of a name in lower case; letters and digits stand for themselves.

    By the order of GB 2312's first level (3755 characters sorted by pronunciation) and a list for names;
    a character that neither knows stays as it is.
    """
    return name.translate(_letters()).lower()
