"""A question is written down, once, and its turn is decided in the same transaction."""

from __future__ import annotations

import hashlib
import sqlite3

import msgspec

from penstock.core.events import VERSION, Waiting, encode_batch
from penstock.core.overlap import Backlog, Decision, Join, Limits, NewTurn, Overlap, decide
from penstock.core.ports import Received
from penstock.core.question import Question, may_read
from penstock.core.titles import title_of
from penstock.core.words import fold
from penstock.errors import Gone, NotFound, PenstockError, QuestionChanged, QuestionInvalid
from penstock.stores.sqlite.claiming import claim
from penstock.stores.sqlite.rows import TurnRow, encode_json, thread_by_key, turn_by_seq


class Asked(msgspec.Struct, frozen=True):
    """What a door hands in, encoded before it waits for the writer."""

    question: Question
    turn: str
    overlap: Overlap
    limits: Limits
    lease_s: float
    digest: str
    body: bytes
    folded: str
    title: str


def asked(question: Question, turn: str, overlap: Overlap, limits: Limits, lease_s: float) -> Asked:
    body = encode_json(question)
    try:
        msgspec.json.decode(body, type=Question)
    except msgspec.ValidationError as exc:
        # Types are checked when it is read, and by then it would stand in everybody's way.
        raise QuestionInvalid(f"The question is not of the right shape: {exc}.") from None
    if question.replaces and overlap == "burst":
        # Who joined a turn would be replaced with it, or replace with it what nobody asked to.
        overlap = "queue"
    text = question.text
    return Asked(question, turn, overlap, limits, lease_s, question.digest, body, fold(text), title_of(text))


def receive(connection: sqlite3.Connection, asked: Asked, now_s: float) -> Received:
    question = asked.question
    _refuse_forgotten(connection, question.id)
    _refuse_strangers(connection, question)
    known = connection.execute("SELECT turn, digest FROM questions WHERE id = ?", (question.id,)).fetchone()
    if known:
        return _repeated(connection, asked, *known, now_s=now_s)
    _refuse_if_nothing_to_replace(connection, question)
    backlog = _backlog(connection, question)
    match decide(asked.overlap, backlog, asked.limits):
        case PenstockError() as refusal:
            raise refusal
        case decision:
            return _placed(connection, asked, decision, now_s)


def tombstone(question: str) -> bytes:
    """What stays of a forgotten question's id, which may name a person."""
    return hashlib.blake2b(question.encode(), digest_size=16).digest()


def _refuse_forgotten(connection: sqlite3.Connection, question: str) -> None:
    sql = "SELECT 1 FROM tombstones WHERE question = ?"
    if connection.execute(sql, (tombstone(question),)).fetchone():
        raise Gone("This question has been forgotten, as was asked; it is not answered again.")


def _refuse_strangers(connection: sqlite3.Connection, question: Question) -> None:
    thread = thread_by_key(connection, question.thread)
    if thread and (thread.binned_s or not may_read(question.person, thread)):
        raise NotFound("There is no such conversation.")


def _refuse_if_nothing_to_replace(connection: sqlite3.Connection, question: Question) -> None:
    sql = "SELECT 1 FROM turns WHERE id = ? AND thread = ?"
    if question.replaces and not connection.execute(sql, (question.replaces, question.thread)).fetchone():
        raise QuestionInvalid("There is no such answer to replace.")


# --- A repeat -----------------------------------------------------------------


def _repeated(
    connection: sqlite3.Connection, asked: Asked, seq: int, digest: str, *, now_s: float
) -> Received:
    if digest != asked.digest:
        raise QuestionChanged(
            "Another question (text, thread or person) was asked with this id before: use a new id."
        )
    turn = turn_by_seq(connection, seq)
    got = claim(connection, turn.id, now_s, asked.lease_s) if asked.lease_s > 0 else None
    return Received(
        turn=got.turn if got else turn.info, repeat=True, ahead=_ahead_of(connection, turn), claim=got
    )


def _ahead_of(connection: sqlite3.Connection, turn: TurnRow) -> int:
    """How many answers come before this one; none before one that has ended."""
    sql = """
    SELECT count(*) FROM turns WHERE thread = ? AND seq < ? AND state IN ('queued', 'running')
    AND (SELECT state FROM turns WHERE seq = ?) IN ('queued', 'running')
    """
    (count,) = connection.execute(sql, (turn.thread, turn.seq, turn.seq)).fetchone()
    return int(count)


# --- A new question -----------------------------------------------------------


def _backlog(connection: sqlite3.Connection, question: Question) -> Backlog:
    """Joinable are the newest turns of the thread that neither began nor will be stopped;
    all before them count as running, since a question that joined those might stay unanswered."""
    unfinished = connection.execute(
        """
        SELECT id, state = 'queued' AND attempt = 0 AND stop_by = '' FROM turns
        WHERE thread = ? AND state IN ('queued', 'running') ORDER BY seq
        """,
        (question.thread,),
    ).fetchall()
    begun = len(unfinished)
    while begun and unfinished[begun - 1][1]:
        begun -= 1
    (queued,) = connection.execute(
        "SELECT count(*) FROM turns WHERE tenant = ? AND person = ? AND state = 'queued'",
        (question.person.tenant, question.person.id),
    ).fetchone()
    ids = tuple(id for id, _ in unfinished)
    return Backlog(running=ids[:begun], queued=ids[begun:], persons_queued=queued)


def _placed(connection: sqlite3.Connection, asked: Asked, decision: Decision, now_s: float) -> Received:
    _touch_thread(connection, asked, now_s)
    seq = _turn_for(connection, asked, decision, now_s)
    _write_question(connection, asked, seq)
    turn = turn_by_seq(connection, seq)
    got = claim(connection, turn.id, now_s, asked.lease_s) if asked.lease_s > 0 else None
    return Received(
        turn=got.turn if got else turn.info,
        ahead=decision.ahead,
        stop=decision.stop if isinstance(decision, NewTurn) else (),
        claim=got,
    )


def _touch_thread(connection: sqlite3.Connection, asked: Asked, now_s: float) -> None:
    thread, person = asked.question.thread, asked.question.person
    connection.execute(
        """
        INSERT INTO threads (key, tenant, owner, created_s, asked_s, title) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET asked_s = excluded.asked_s
        """,
        (thread, person.tenant, person.id, now_s, now_s, asked.title),
    )
    connection.execute(
        "INSERT OR IGNORE INTO findable (thread, place, folded) VALUES (?, 0, ?)", (thread, fold(asked.title))
    )


def _turn_for(connection: sqlite3.Connection, asked: Asked, decision: Decision, now_s: float) -> int:
    if isinstance(decision, Join):
        (seq,) = connection.execute("SELECT seq FROM turns WHERE id = ?", (decision.turn,)).fetchone()
        return int(seq)
    connection.executemany(
        "UPDATE turns SET stop_by = 'interrupted' WHERE id = ? AND stop_by = ''",
        [(id,) for id in decision.stop],
    )
    return _new_turn(connection, asked, decision.ahead, now_s)


def _new_turn(connection: sqlite3.Connection, asked: Asked, ahead: int, now_s: float) -> int:
    question = asked.question
    (seq,) = connection.execute(
        """
        INSERT INTO turns (id, thread, tenant, person, asked_s, replaces, last, begins)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq
        """,
        (
            asked.turn,
            question.thread,
            question.person.tenant,
            question.person.id,
            now_s,
            question.replaces,
            1 if ahead else 0,
            "[[0,1]]" if ahead else "[]",
        ),
    ).fetchone()
    if ahead:
        connection.execute(
            """
            INSERT INTO log (turn, first, last, attempt, version, at_s, payload)
            VALUES (?, 1, 1, 0, ?, ?, ?)
            """,
            (seq, VERSION, now_s, encode_batch([Waiting(ahead)])),
        )
    return int(seq)


def _write_question(connection: sqlite3.Connection, asked: Asked, seq: int) -> None:
    (place,) = connection.execute(
        "INSERT INTO questions (id, turn, digest, body) VALUES (?, ?, ?, ?) RETURNING place",
        (asked.question.id, seq, asked.digest, asked.body),
    ).fetchone()
    connection.execute(
        "INSERT INTO findable (thread, place, folded) VALUES (?, ?, ?)",
        (asked.question.thread, place, asked.folded),
    )
    hashes = [(file.sha256,) for file in asked.question.files]
    connection.executemany("DELETE FROM doomed WHERE sha256 = ?", hashes)
    connection.executemany(
        "INSERT INTO files (question, sha256) VALUES (?, ?)",
        [(asked.question.id, sha256) for (sha256,) in hashes],
    )
