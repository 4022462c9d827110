"""Where things are and what the deployment says: the deployment folder and the home folder."""

from __future__ import annotations

import csv
import json
import os
import secrets
import threading
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
NO_COMMUNITY = "none"
NO_COMMUNITY_NAME = "未归属"


class Refused(Exception):
    """Something we will not do; its text is one Chinese line for people (exit code 1)."""


class Unusable(Exception):
    """Arguments or a file nobody can use; its text is one Chinese line for people (exit code 2)."""


@dataclass(frozen=True)
class Community:
    """One area of the deployment; ``population`` is None where nobody has counted."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    population: int | None = None
    population_source: str = ""
    longitude: float | None = None
    latitude: float | None = None


@dataclass(frozen=True)
class Deployment:
    """What a deployment folder (``MINXIN_CONFIG``) says; see docs/design.md."""

    folder: Path
    id: str
    name: str
    short_name: str
    area_word: str
    whole_word: str
    timezone: str
    stale_after_hours: float
    snapshots_to_keep: int
    smallest_cell: int
    coordinate_system: str
    geometry: Path | None
    geometry_note: str
    clock: Mapping[str, Any] = field(default_factory=dict)
    deadlines: Mapping[str, Any] = field(default_factory=dict)
    communities: tuple[Community, ...] = ()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def community_codes(self) -> list[str]:
        """All community codes in order, 未归属 last."""
        return [c.code for c in self.communities] + [NO_COMMUNITY]

    def path(self, *parts: str) -> Path:
        """A file of this deployment, or the project's own where the deployment has none."""
        own = self.folder.joinpath(*parts)
        return own if own.exists() else (ROOT / "data").joinpath(*parts)

    @cached_property
    def shapes(self) -> dict[str, Any]:
        """The GeoJSON of the communities (WGS84), or an empty collection."""
        if self.geometry is None:
            return {"type": "FeatureCollection", "features": []}
        return json.loads(self.geometry.read_text(encoding="utf-8"))


def _number(text: str | None, kind: type) -> Any:
    return kind(text) if text not in (None, "") else None


def _communities(file: Path) -> tuple[Community, ...]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return tuple(
            Community(
                code=row["code"].strip(),
                name=row["name"].strip(),
                aliases=tuple(a.strip() for a in (row.get("aliases") or "").split(";") if a.strip()),
                population=_number(row.get("population"), int),
                population_source=row.get("population_source") or "",
                longitude=_number(row.get("longitude"), float),
                latitude=_number(row.get("latitude"), float),
            )
            for row in csv.DictReader(lines)
        )


def load_deployment(folder: Path) -> Deployment:
    """Read a deployment folder.

    Raises Unusable when a file is missing or a value cannot be used.
    """
    file = folder / "deployment.toml"
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        communities = _communities(folder / "communities.csv")
        geometry = raw.get("geometry", "")
        result = Deployment(
            folder=folder,
            id=raw["id"],
            name=raw["name"],
            short_name=raw.get("short_name", raw["name"]),
            area_word=raw.get("area_word", "社区"),
            whole_word=raw.get("whole_word", "全街道"),
            timezone=raw.get("timezone", "Asia/Shanghai"),
            stale_after_hours=float(raw.get("stale_after_hours", 36)),
            snapshots_to_keep=int(raw.get("snapshots_to_keep", 8)),
            smallest_cell=int(raw.get("smallest_cell", 5)),
            coordinate_system=raw.get("coordinate_system", "wgs84"),
            geometry=folder / geometry if geometry else None,
            geometry_note=raw.get("geometry_note", ""),
            clock=MappingProxyType(dict(raw.get("clock", {}))),
            deadlines=MappingProxyType(dict(raw.get("deadlines", {}))),
            communities=communities,
        )
        result.zone  # noqa: B018  an unknown time zone must fail here, not on a page
    except FileNotFoundError as error:
        raise Unusable(
            f"部署目录不完整：缺少 {error.filename}，请检查 MINXIN_CONFIG 或用 minxin deployment new 新建。"
        ) from error
    except (KeyError, ValueError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"部署配置 {file} 有误：{error}，请改正后再试。") from error
    codes = [c.code for c in result.communities]
    if len(set(codes)) != len(codes) or NO_COMMUNITY in codes:
        raise Unusable(
            f"部署配置 {folder / 'communities.csv'} 中代码重复或使用了保留代码 {NO_COMMUNITY}，请改正后再试。"
        )
    return result


_OWN = str(ROOT / "data")


@lru_cache(maxsize=8)
def _deployment(folder: str, beside: str) -> Deployment:
    return load_deployment(Path(beside, folder).resolve())


def deployment() -> Deployment:
    """The deployment that ``MINXIN_CONFIG`` names (default: the project's ``data``)."""
    # Asked for hundreds of times a page: nothing is resolved, and the system is asked only for a relative path.
    folder = os.environ.get("MINXIN_CONFIG") or _OWN
    return _deployment(folder, "" if os.path.isabs(folder) else os.getcwd())


@dataclass(frozen=True)
class Home:
    """The folder that holds lake, snapshots and operations store of one deployment."""

    path: Path
    deployment: Deployment

    @property
    def lake(self) -> Path:
        return self.path / "lake"

    @property
    def snapshots(self) -> Path:
        return self.path / "snapshots"

    @property
    def operations(self) -> Path:
        return self.path / "operations"

    @property
    def temporary(self) -> Path:
        return self.path / "temporary"

    @property
    def kind(self) -> str | None:
        """``demo``, ``real``, or None for a home that holds nothing yet."""
        file = self.path / "home.json"
        if not file.exists():
            return None
        return json.loads(file.read_text(encoding="utf-8"))["kind"]

    def open(self, kind: str | None = None) -> Home:
        """Create or verify the home; ``kind=None`` takes whatever is there.

        Raises Refused when the home belongs to another deployment, or when ``demo`` meets a real
        home. Trying a real file in a demo home is allowed: it stays marked as simulated.
        """
        file = self.path / "home.json"
        if file.exists():
            held = json.loads(file.read_text(encoding="utf-8"))
            if held["deployment"] != self.deployment.id:
                raise Refused(
                    f"数据目录 {self.path} 属于部署「{held['deployment']}」，当前部署是「{self.deployment.id}」；"
                    "请用 MINXIN_HOME 指定另一个目录。"
                )
            if kind == "demo" and held["kind"] == "real":
                raise Refused(f"数据目录 {self.path} 存有真实数据，不能写入模拟数据；请用 MINXIN_HOME 指定另一个目录。")
            return self
        if kind is None:
            return self
        for folder in (self.lake, self.snapshots, self.operations, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps({"deployment": self.deployment.id, "kind": kind}, ensure_ascii=False))
        return self

    def key(self) -> bytes:
        """The secret of the keyed hashes: 32 bytes, made at first use, kept outside the data.

        ``MINXIN_KEY_FILE`` names the file; the default is ``<home>-secrets/hash.key`` beside the
        home, so that a copy of the home does not carry it.
        """
        named = os.environ.get("MINXIN_KEY_FILE")
        file = Path(named) if named else self.path.with_name(self.path.name + "-secrets") / "hash.key"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                pass
            else:
                with os.fdopen(handle, "w", encoding="ascii") as out:
                    out.write(secrets.token_hex(32))
        try:
            key = bytes.fromhex(file.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            raise Unusable(f"密钥文件 {file} 无法读取；请恢复备份，切勿新建，否则同一诉求人前后无法关联。") from error
        if len(key) < 32:
            raise Unusable(f"密钥文件 {file} 不完整；请恢复备份，切勿新建，否则同一诉求人前后无法关联。")
        return key


def home() -> Home:
    """The home that ``MINXIN_HOME`` names (default: ``data/warehouse``)."""
    path = Path(os.environ.get("MINXIN_HOME") or ROOT / "data" / "warehouse").resolve()
    return Home(path, deployment())


def replace_in_one_step(source: Path, target: Path) -> None:
    """``os.replace``, tried for some seconds where Windows keeps a file that somebody is just reading."""
    for attempt in range(40):
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if os.name != "nt" or attempt == 39:
                raise
            time.sleep(0.1)


@contextmanager
def in_one_step(*files: Path) -> Iterator[tuple[Path, ...]]:
    """Files to be written beside those named, which take their places when all are whole.

    Readers see the old or the new ones, never a part, also where the writer is killed; whatever goes wrong
    before leaves the old ones as they were and nothing beside them. Raises OSError where it cannot write.
    """
    mine = f"{os.getpid()}.{threading.get_ident()}.part"
    parts = tuple(file.with_name(f"{file.name}.{mine}") for file in files)
    try:
        for part in parts:
            part.unlink(missing_ok=True)  # a link that lies there would be written through
        yield parts
        for part in parts:
            with part.open("rb+") as written:
                os.fsync(written.fileno())
        for part, file in zip(parts, files, strict=True):
            replace_in_one_step(part, file)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def write_atomically(file: Path, text: str) -> None:
    """Replace a small text file in one step."""
    with in_one_step(file) as (part,):
        part.write_text(text, encoding="utf-8")
