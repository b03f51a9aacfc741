"""Reading a file of mentions, however it was made."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.cells import Unclear, read_date, read_rating
from monitor.imports import MOST_TEXT, NotATable, RefusedRow, find_encoding, read_rows
from storage.words import Post
from tests.monitor.shop import NOON


def read(path: Path, content: str | bytes, **also: str) -> list[Post | RefusedRow]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_rows(path, NOON, **also))


def posts(rows: list[Post | RefusedRow]) -> list[Post]:
    assert [row for row in rows if isinstance(row, RefusedRow)] == []
    return [row for row in rows if isinstance(row, Post)]


def refused(rows: list[Post | RefusedRow]) -> list[tuple[int, str]]:
    return [(row.row, row.why) for row in rows if isinstance(row, RefusedRow)]


def test_all_columns_are_read_in_any_order_and_case(tmp_path: Path) -> None:
    content = "Rating,ID,Text,Author,Date,Lang,Place,Label\n2/5,r1,Stale bread,@cora,22.11.2026 09:30,EN,TripAdvisor,complaint\n"
    [post] = posts(read(tmp_path / "a.csv", content))
    assert (post.native_id, post.text, post.rating, post.lang, post.place) == (
        "r1",
        "Stale bread",
        2,
        "en",
        "tripadvisor",
    )
    assert (post.author.handle, post.created_at) == ("cora", datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
    assert post.conversation_id == "r1"


def test_a_row_of_text_alone_is_enough(tmp_path: Path) -> None:
    [post] = posts(read(tmp_path / "a.csv", "text\nStale bread\n"))
    assert (post.place, post.created_at, post.lang, post.rating) == ("import", NOON, None, None)


def test_a_rating_alone_is_enough_too(tmp_path: Path) -> None:
    [post] = posts(read(tmp_path / "a.csv", "text,rating\n,★\n"))
    assert (post.text, post.rating) == ("", 1)


def test_identity_is_the_id_else_what_was_written(tmp_path: Path) -> None:
    content = "text,author,date\nStale,cora,\nStale,dan,\nStale,cora,2026-01-01\nStale,cora,\n"
    first = [post.native_id for post in posts(read(tmp_path / "a.csv", content))]
    path = tmp_path / "a.csv"
    later = [row.native_id for row in read_rows(path, NOON.replace(year=2027)) if isinstance(row, Post)]
    assert first == later, "undated rows keep their identity on another day"
    assert (len(set(first)), first[0]) == (3, first[3])


def test_ana_may_name_the_site_once_for_the_whole_file(tmp_path: Path) -> None:
    here, there = posts(read(tmp_path / "a.csv", "text,place\nStale,\nStale,yelp\n", place="google"))
    assert (here.place, there.place) == ("google", "yelp")
    assert here.native_id != there.native_id


@pytest.mark.parametrize("name", ["a.tsv", "a.txt", "a.csv"])
def test_tabs_are_found_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    [post] = posts(read(tmp_path / name, "id\ttext\n1\tStale, hard bread\n"))
    assert post.text == "Stale, hard bread"


def test_semicolons_are_found(tmp_path: Path) -> None:
    [post] = posts(read(tmp_path / "a.csv", "id;text\n1;Stale, hard bread\n"))
    assert post.text == "Stale, hard bread"


def test_a_lone_quote_in_a_tsv_swallows_nothing(tmp_path: Path) -> None:
    rows = posts(read(tmp_path / "a.tsv", 'text\n"Stale bread\nA 5" cake\n'))
    assert [post.text for post in rows] == ['"Stale bread', 'A 5" cake']


def test_quoted_cells_keep_commas_quotes_and_lines(tmp_path: Path) -> None:
    rows = read(tmp_path / "a.csv", 'text,id\n"Stale, ""fresh"" bread\nagain",1\n,2\n"x",3\n')
    assert [row.text for row in rows if isinstance(row, Post)] == ['Stale, "fresh" bread\nagain', "x"]
    assert refused(rows) == [(4, "it has no text")]


def test_json_lines_are_read(tmp_path: Path) -> None:
    lines = [
        {"text": "Stale", "id": 7, "rating": 2, "date": 1763805600, "extra": {"a": 1}},
        {"TEXT": "Hard", "lang": None},
        {"text": "half \ud800 pair"},
    ]
    rows = posts(read(tmp_path / "a.jsonl", "\n".join(json.dumps(line) for line in lines) + "\n\n"))
    assert (rows[0].native_id, rows[0].rating, rows[0].created_at) == (
        "7",
        2,
        datetime(2025, 11, 22, 10, 0, tzinfo=UTC),
    )
    assert [post.text for post in rows] == ["Stale", "Hard", "half  pair"]


def test_odd_json_lines_are_refused_one_by_one(tmp_path: Path) -> None:
    content = '{"text": "Stale"}\nnonsense\n[1]\n{"text": ["a"]}\n' + "[" * 100_000 + '\n{"text": "Hard"}\n'
    rows = read(tmp_path / "a.jsonl", content)
    assert [number for number, _ in refused(rows)] == [2, 3, 4, 5]
    assert len(rows) == 6


def test_one_json_list_is_explained(tmp_path: Path) -> None:
    with pytest.raises(NotATable, match="one object per line"):
        read(tmp_path / "a.json", '[{"text": "Stale"}]')


def test_ragged_rows_are_refused_with_their_line(tmp_path: Path) -> None:
    rows = read(tmp_path / "a.csv", "text,id\nStale, hard,1\nFresh,2\nShort\n,,\n")
    assert refused(rows) == [(2, "it has 3 cells where the first line names 2"), (5, "it has no text")]
    assert [row.text for row in rows if isinstance(row, Post)] == ["Fresh", "Short"]


def test_odd_cells_are_refused_with_their_reason(tmp_path: Path) -> None:
    content = f"text,date,rating,author\na,31.02.2026,,\nb,,9,\nc,,lots,\nd,tomorrow,,\ne,,,{'x' * 201}\n{'y' * (MOST_TEXT + 1)},,,\nf,,,\n"
    rows = read(tmp_path / "a.csv", content)
    assert [number for number, _ in refused(rows)] == [2, 3, 4, 5, 6, 7]
    assert all(why for _, why in refused(rows))
    assert "31.02.2026" in refused(rows)[0][1]


def test_nul_bytes_and_fifty_kilobytes_go_through(tmp_path: Path) -> None:
    rows = posts(read(tmp_path / "a.csv", b"text,id\nSt\0ale,1\n" + b"z" * 50_000 + b",2\n"))
    assert [len(post.text) for post in rows] == [5, 50_000]
    assert rows[0].text == "Stale"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Чёрствый хлеб, pâine veche, పాడైపోయింది"),
        ("utf-8-sig", "Чёрствый хлеб"),
        ("cp1251", "Чёрствый хлеб, никто не отвечает"),
        ("latin-1", "Le café était froid, service très lent à l'hôtel"),
    ],
)
def test_files_of_other_times_are_read(tmp_path: Path, encoding: str, text: str) -> None:
    [post] = posts(read(tmp_path / "a.csv", f'id,text\n1,"{text}"\n'.encode(encoding)))
    assert post.text == text
    assert find_encoding(tmp_path / "a.csv") == ("utf-8-sig" if encoding.startswith("utf") else encoding)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "text"),
        (b"words,things\na,b\n", "“words”"),
        ("text\nStale\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest of a spreadsheet", "spreadsheet"),
        (bytes(range(256)) * 40, "text"),
    ],
)
def test_what_is_no_table_of_texts_says_so(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(NotATable, match=says):
        read(tmp_path / "a.csv", content)


def test_a_huge_file_is_read_as_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\n" + "Stale bread again and again\n" * 50_000)
    rows = read_rows(path, NOON)
    assert isinstance(next(rows), Post)
    assert sum(1 for _ in rows) == 49_999


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22 16:45", datetime(2026, 11, 22, 16, 45, tzinfo=UTC)),
        ("2026-11-22T16:45:10Z", datetime(2026, 11, 22, 16, 45, 10, tzinfo=UTC)),
        ("2026-11-22T16:45:10+02:00", datetime(2026, 11, 22, 14, 45, 10, tzinfo=UTC)),
        ("22.11.2026", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2.1.2026 9:05", datetime(2026, 1, 2, 9, 5, tzinfo=UTC)),
        ("22/11/2026", datetime(2026, 11, 22, tzinfo=UTC)),
        ("1763805600", datetime(2025, 11, 22, 10, 0, tzinfo=UTC)),
        ("1763805600000", datetime(2025, 11, 22, 10, 0, tzinfo=UTC)),
        ("", NOON),
    ],
)
def test_dates_as_people_and_machines_write_them(cell: str, instant: datetime) -> None:
    assert read_date(cell, NOON) == instant


@pytest.mark.parametrize(
    "cell",
    ["yesterday", "11/22/2026", "2026", "99999999999999", "0001-01-01T00:00:00+14:00", "3000-01-01", "1.1.1", "²⁰²⁶"],
)
def test_dates_that_are_not_clear_are_refused(cell: str) -> None:
    with pytest.raises(Unclear, match="date"):
        read_date(cell, NOON)


@pytest.mark.parametrize(
    ("cell", "stars"),
    [
        *(("4", 4), ("4.0", 4), ("4,5", 4), ("2/5", 2), ("3 out of 5", 3), ("7/10", 4), ("1/10", 1)),
        *(("★★", 2), ("★★★☆☆", 3), ("⭐⭐⭐⭐", 4), ("", None), ("0", None), ("☆☆☆☆☆", None)),
    ],
)
def test_ratings_as_people_write_them(cell: str, stars: int | None) -> None:
    assert read_rating(cell) == stars


@pytest.mark.parametrize("cell", ["6", "lots", "-1", "5/0", "7/5", "★★★★★★", "nan", "1e3", "4 stars of gold"])
def test_ratings_that_are_not_clear_are_refused(cell: str) -> None:
    with pytest.raises(Unclear, match="rating"):
        read_rating(cell)
