"""No secret enters a history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from createos_nb import Client
from createos_nb.history import History
from createos_nb.uploads.secret_tokens import mask_tokens

VALUES = ("postgres://shop:w8Jq2mZx7Lp4@db.internal/shop", "sk_live_4f9a8b7c6d5e4f3a2b1c", "correct horse battery")


def everything(folder: Path) -> bytes:
    """All that the files hold, columns unpacked as well."""
    raw = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    tables = "".join(pd.read_parquet(path).to_csv() for path in folder.rglob("*.parquet"))
    return raw + tables.encode()


def test_values_of_variables_become_fingerprints(client: Client, history: History, tmp_path: Path) -> None:
    values = dict(zip(("DATABASE_URL", "STRIPE_KEY", "PASSPHRASE"), VALUES, strict=True))
    client.environments.update_variables("storefront", "staging", run_envs=values)
    history.sync(since="-1h", budget=None)
    content = everything(history.folder)
    for value in VALUES:
        assert value.encode() not in content
    then = history.at("now").environments().set_index("unique_name")
    first = then.loc["staging", "run_envs"]
    assert set(first) == set(values)
    assert all(value.startswith("fingerprint:") for value in first.values())
    client.world.advance("1h")
    client.environments.update_variables("storefront", "staging", run_envs={**values, "PASSPHRASE": "another one"})
    history.sync(since="-1h", budget=None)
    second = history.at("now").environments().set_index("unique_name").loc["staging", "run_envs"]
    # equal values have equal fingerprints: what has changed can be told, and not what it is
    assert [name for name in values if first[name] != second[name]] == ["PASSPHRASE"]
    key = next((tmp_path / "config" / "history-keys").glob("*.key"))
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_bytes() not in everything(history.folder)


def test_lines_of_logs_and_paths_are_masked(client: Client, history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    session = client.session
    real = session.runtime_log

    def with_secrets(*arguments: Any, **more: Any) -> pd.DataFrame:
        frame = real(*arguments, **more)
        frame.loc[frame.index[0], "text"] = f"connecting to {VALUES[0]} with password={'q7Wz!x2'} token {VALUES[1]}"
        return frame

    monkeypatch.setattr(session, "runtime_log", with_secrets)
    history.sync(since="-1d", datasets=["logs"], budget=None)
    lines = pd.read_parquet(history.files("logs"))
    assert len(lines) > 10
    content = everything(history.folder)
    for secret in (b"w8Jq2mZx7Lp4", VALUES[1].encode(), b"q7Wz!x2"):
        assert secret not in content
    assert (lines["message"].str.contains("connecting to postgres://shop:••••••@db.internal/shop")).any()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET /reset?token=Zx81kQw02m HTTP/1.1", "GET /reset?token=•••••• HTTP/1.1"),
        ("user=anna password: hunter22", "user=anna password: ••••••"),
        ("key skp_9f8e7d6c5b4a3f2e", "key ••••••"),
        ("listening on port 8080", "listening on port 8080"),
        ("token=${TOKEN}", "token=${TOKEN}"),
        ("postgres://user:localpass@localhost/db", "postgres://user:••••••@localhost/db"),
    ],
)
def test_masking_of_text(text: str, masked: str) -> None:
    assert mask_tokens(text) == masked
